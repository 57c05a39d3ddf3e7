/** Where on a frame objects are. */
import { printJson } from "../../../wire/print-json.ts";
import { isObject } from "../../json-object.ts";
import { demandFrameId, demandInteger, demandString, Fields } from "./fields.ts";
import type { JsonNumber } from "./json-number.ts";
import { wrong } from "./wrong.ts";

/** One thing that a camera sees. Further fields are relayed. */
export interface Box {
  /** An integer; which box of the frame it is. */
  readonly boxId: number;
  /** Left, top, right, bottom, each from 0 to 1 of the frame's width or height. */
  readonly rect: readonly [number, number, number, number];
  /** What it is, such as "person". */
  readonly objectType: string;
  /** From 0 to 1. */
  readonly certainty: number;
  /** An integer; there if it is a tracked object. */
  readonly objectId?: number;
}

/** What a frame's message is made of. */
export interface BoxesInit {
  /** A number goes out as JavaScript spells it (12); `JsonNumber.float(12)` is 12.0. */
  readonly frameId: number | JsonNumber;
  /** `[]` where there is nothing. */
  readonly boxes: readonly Box[];
  /** Only in what an interface gets: the server puts it there. */
  readonly cameraId?: string;
}

/** `boundingBoxes`: a processor sends one for each frame, and every interface gets it, with the camera's id. */
export class BoxesMessage {
  readonly frameId: JsonNumber;
  readonly boxes: readonly Box[];
  readonly cameraId: string | undefined;

  /** Throws `bad_message` for a box that is not as `Box` says. `numbers`: whether those that are not between 0 and 1 are taken, too. */
  constructor({ frameId, boxes, cameraId }: BoxesInit, numbers: "0 to 1" | "any" = "0 to 1") {
    if (!Array.isArray(boxes))
      throw wrong("boundingBoxes.boxes", boxes, "expected a list, [] where there is nothing");
    for (const [at, box] of boxes.entries()) demandBox(`boundingBoxes.boxes[${at}]`, box, numbers);
    this.frameId = demandFrameId("boundingBoxes.frameId", frameId);
    this.boxes = boxes;
    this.cameraId =
      cameraId === undefined ? undefined : demandString("boundingBoxes.cameraId", cameraId);
  }

  toMessage(): string {
    const { cameraId, frameId, boxes } = this;
    return printJson({ type: "boundingBoxes", cameraId, frameId, boxes });
  }

  /**
   * Throws `bad_json` or `bad_message`. Numbers that are not between 0 and 1 are taken as they came (a box may reach over the edge of its
   * frame), and null, which Switchboard puts where a processor printed NaN, is NaN again.
   */
  static fromMessage(message: string | Fields): BoxesMessage {
    const fields = Fields.of(message, "boundingBoxes");
    const boxes = fields.get("boxes");
    const cameraId = fields.has("cameraId") ? { cameraId: fields.string("cameraId") } : {};
    const read = (Array.isArray(boxes) ? boxes.map(withNaN) : boxes) as readonly Box[];
    return new BoxesMessage({ frameId: fields.number("frameId"), boxes: read, ...cameraId }, "any");
  }
}

function demandBox(what: string, box: unknown, numbers: "0 to 1" | "any"): void {
  if (!isObject(box))
    throw wrong(what, box, "expected {boxId, rect, objectType, certainty, objectId?}");
  const { boxId, rect, objectType, certainty, objectId } = box;
  const isFraction = (value: unknown) =>
    typeof value === "number" && (numbers === "any" || (value >= 0 && value <= 1));
  const remedy = numbers === "any" ? "" : " from 0 to 1: fractions of the frame, not pixels";
  demandInteger(`${what}.boxId`, boxId);
  if (!Array.isArray(rect) || rect.length !== 4 || !rect.every(isFraction)) {
    throw wrong(`${what}.rect`, rect, `expected [left, top, right, bottom], four numbers${remedy}`);
  }
  demandString(`${what}.objectType`, objectType);
  if (!isFraction(certainty))
    throw wrong(
      `${what}.certainty`,
      certainty,
      `expected a number${numbers === "any" ? "" : " from 0 to 1"}`,
    );
  if (objectId !== undefined) demandInteger(`${what}.objectId`, objectId);
}

/** What Switchboard has made null of; another form of box is left for the check. */
function withNaN(box: unknown): unknown {
  if (!isObject(box)) return box;
  const { rect, certainty } = box;
  const number = (value: unknown) => (value === null ? Number.NaN : value);
  if (certainty !== null && !(Array.isArray(rect) && rect.includes(null))) return box;
  return {
    ...box,
    rect: Array.isArray(rect) ? rect.map(number) : rect,
    certainty: number(certainty),
  };
}

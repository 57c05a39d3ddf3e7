/** The order to look for an object. */
import { printJson } from "../../../wire/print-json.ts";
import { demandFrameId, demandInteger, demandString, Fields } from "./fields.ts";
import type { JsonNumber } from "./json-number.ts";
import { wrong } from "./wrong.ts";

/** What is to be looked for: a box of a frame, or what an image shows. */
export interface Sought {
  /** With `boxId`. A number goes out as JavaScript spells it; one that came with boxes (a `JsonNumber`) as it came. */
  readonly frameId?: number | JsonNumber;
  readonly boxId?: number;
  /** Base64. */
  readonly image?: string;
}

/** `start`, as a processor gets it: extract this object's feature map, send it as an `UpdateMessage`, and look for it. */
export class StartMessage {
  readonly objectId: number;
  readonly frameId: JsonNumber | undefined;
  readonly boxId: number | undefined;
  readonly image: string | undefined;

  /** Throws `bad_message` unless there are `image`, or both `frameId` and `boxId`. */
  constructor({ objectId, ...sought }: Sought & { readonly objectId: number }) {
    const { frameId, boxId, image } = demandSought(sought);
    this.objectId = demandInteger("start.objectId", objectId);
    this.frameId = frameId;
    this.boxId = boxId;
    this.image = image;
  }

  toMessage(): string {
    const { objectId, frameId, boxId, image } = this;
    return printJson({ type: "start", objectId, frameId, boxId, image });
  }

  /** Throws `bad_json` or `bad_message`. */
  static fromMessage(message: string | Fields): StartMessage {
    const fields = Fields.of(message, "start");
    return new StartMessage({
      objectId: fields.integer("objectId"),
      ...(fields.has("frameId") ? { frameId: fields.number("frameId") } : {}),
      ...(fields.has("boxId") ? { boxId: fields.integer("boxId") } : {}),
      ...(fields.has("image") ? { image: fields.string("image") } : {}),
    });
  }
}

/** Throws `bad_message` unless there are `image`, or both `frameId` and `boxId`. */
export function demandSought({ frameId, boxId, image }: Sought): {
  frameId?: JsonNumber;
  boxId?: number;
  image?: string;
} {
  if (image === undefined && (frameId === undefined || boxId === undefined)) {
    throw wrong("start.image", undefined, "give image, or both frameId and boxId");
  }
  return {
    ...(frameId === undefined ? {} : { frameId: demandFrameId("start.frameId", frameId) }),
    ...(boxId === undefined ? {} : { boxId: demandInteger("start.boxId", boxId) }),
    ...(image === undefined ? {} : { image: demandString("start.image", image) }),
  };
}

/** An interface: shows the cameras' boxes, and is told of new objects and of those that are tracked no more. */
import { Changes } from "../changes.ts";
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { type Message, TextLink } from "../text-link.ts";
import { count } from "../words.ts";

/** A box as it comes. */
interface Box {
  readonly boxId: number;
  readonly objectId?: number;
}

/** The newest frame of a camera. */
export interface Frame {
  readonly cameraId: string;
  readonly frameId: number;
  readonly boxes: readonly Box[];
}

/** What an interface's owner wants to hear of. */
export interface InterfaceListener {
  frame?(frame: Frame): void;
  newObject?(objectId: number, image: unknown): void;
}

export class TrackingInterface implements Participant {
  readonly name: string;
  readonly #setting: Setting;
  readonly #cameraIds: readonly string[] | undefined;
  readonly #listener: InterfaceListener;
  readonly #expected: Expectation;
  readonly #changes: Changes;
  /** Of each camera the number of the frame that came last. */
  readonly #lastFrames = new Map<string, number>();
  #link: TextLink | undefined;
  #lastObjectId = 0;
  #frames = 0;

  /** `cameraIds`: it wants the boxes of these only; undefined: of all. */
  constructor(
    name: string,
    parts: {
      readonly setting: Setting;
      readonly cameraIds?: readonly string[];
      readonly listener?: InterfaceListener;
    },
  ) {
    this.name = name;
    this.#setting = parts.setting;
    this.#cameraIds = parts.cameraIds;
    this.#listener = parts.listener ?? {};
    this.#expected = new Expectation("new objects and stops", parts.setting.clock);
    this.#changes = new Changes(parts.setting.clock);
  }

  async connect(): Promise<void> {
    this.#link = await TextLink.open(`${this.#setting.wsUrl}/client`, {
      message: (message) => {
        if (message !== undefined) this.#take(message);
        this.#changes.notify();
      },
      lost: (code, reason) =>
        this.#expected.fault(`the connection was closed with ${code} ${reason}`),
    });
    if (this.#cameraIds !== undefined)
      this.#link.send({ type: "cameras", cameraIds: this.#cameraIds });
    this.#link.send({ type: "setUsesImages", usesImages: true });
  }

  send(message: object): void {
    this.#link?.send(message);
  }

  /** An object was created. */
  newObjectIsDue(objectId: number): void {
    this.#expected.due(`the new object ${objectId}`);
  }

  /** An object is about to be stopped. */
  stopIsDue(objectId: number): void {
    this.#expected.due(`the stop of object ${objectId}`);
  }

  /** Resolves when everything that was due has come, or is late beyond all patience. */
  async settled(): Promise<void> {
    await this.#expected.settled(answerDeadlineMs);
  }

  /** Waits for the last frame of a camera, if it shows that one. */
  async sees({ cameraId, frameId }: Pick<Frame, "cameraId" | "frameId">): Promise<void> {
    if (this.#cameraIds?.includes(cameraId) === false) return;
    const key = `the last frame of ${cameraId}`;
    this.#expected.due(key);
    if (
      await this.#changes.until(() => this.#lastFrames.get(cameraId) === frameId, answerDeadlineMs)
    )
      this.#expected.seen(key);
  }

  /** Something that must never be was seen. */
  fault(what: string): void {
    this.#expected.fault(what);
  }

  async leave(): Promise<void> {
    await this.#link?.leave();
  }

  saw(): string {
    return `${count(this.#frames, "frame")} in order; ${this.#expected.met} new objects, stops and last frames`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  #take(message: Message): void {
    const { type, cameraId, frameId, boxes, objectId, image } = message;
    if (
      type === "boundingBoxes" &&
      typeof cameraId === "string" &&
      typeof frameId === "number" &&
      Array.isArray(boxes)
    ) {
      this.#show({ cameraId, frameId, boxes });
    } else if (type === "newObject" && typeof objectId === "number") {
      if (objectId <= this.#lastObjectId)
        this.#expected.fault(`object ${objectId} came after object ${this.#lastObjectId}`);
      this.#lastObjectId = objectId;
      this.#expected.seen(`the new object ${objectId}`);
      this.#listener.newObject?.(objectId, image);
    } else if (type === "stop" && typeof objectId === "number")
      this.#expected.seen(`the stop of object ${objectId}`);
    else this.#expected.fault(JSON.stringify(message).slice(0, 100));
  }

  #show(frame: Frame): void {
    const { cameraId, frameId } = frame;
    const last = this.#lastFrames.get(cameraId) ?? 0;
    if (frameId <= last)
      this.#expected.fault(`frame ${frameId} of ${cameraId} came after frame ${last}`);
    // Once it was told of an object, the server has handled what it sent before.
    const hasChosen = this.#lastObjectId > 0;
    if (hasChosen && this.#cameraIds?.includes(cameraId) === false)
      this.#expected.fault(`a frame of ${cameraId} came unasked`);
    this.#lastFrames.set(cameraId, frameId);
    this.#frames++;
    this.#listener.frame?.(frame);
  }
}

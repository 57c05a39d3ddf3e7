/** A camera's processor: finds people in its view, recognises those that are tracked, and tells the others how a new one looks. */
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { type Message, TextLink } from "../text-link.ts";
import { count } from "../words.ts";
import { nearest, type Pedestrians } from "./pedestrians.ts";
import type { Sightings } from "./sightings.ts";

/** Five frames a second. */
const frameEveryMs = 200;

/** How many frames are kept: somebody may click on a box in one of them. */
const framesKept = 100;

export interface CameraParts {
  readonly setting: Setting;
  readonly pedestrians: Pedestrians;
  readonly sightings: Sightings;
}

export class Camera implements Participant {
  readonly name: string;
  readonly cameraId: string;
  readonly #view: number;
  readonly #parts: CameraParts;
  readonly #expected: Expectation;
  /** How the tracked objects look. */
  readonly #known = new Map<number, readonly number[]>();
  /** Of the last frames: how the person in each box looks. */
  readonly #frames = new Map<number, readonly (readonly number[])[]>();
  #link: TextLink | undefined;
  #frame = 0;
  #isOn = true;

  /** `view`: which part of the corridor it sees. */
  constructor(cameraId: string, view: number, parts: CameraParts) {
    this.name = `camera ${cameraId}`;
    this.cameraId = cameraId;
    this.#view = view;
    this.#parts = parts;
    this.#expected = new Expectation("starts, stops and feature maps", parts.setting.clock);
  }

  /** The last frame that it has sent. */
  get frame(): number {
    return this.#frame;
  }

  async connect(): Promise<void> {
    this.#link = await TextLink.open(`${this.#parts.setting.wsUrl}/processor`, {
      message: (message, text) => {
        if (message !== undefined) this.#take(message, text);
      },
      lost: (code, reason) =>
        this.#expected.fault(`the connection was closed with ${code} ${reason}`),
    });
    this.#link.send({ type: "identifier", id: this.cameraId });
  }

  /** Sends frame after frame until it is switched off. */
  async film(): Promise<void> {
    const { clock } = this.#parts.setting;
    while (this.#isOn) {
      this.#sendFrame();
      await new Promise<void>((resolve) => clock.after(frameEveryMs, resolve));
    }
  }

  switchOff(): void {
    this.#isOn = false;
  }

  /** An object was clicked on in its view. */
  startIsDue(objectId: number): void {
    this.#expected.due(`the start of object ${objectId}`);
  }

  /** The looks of an object are about to be known. */
  featureMapIsDue(objectId: number): void {
    this.#expected.due(`the feature map of object ${objectId}`);
  }

  /** An object is about to be stopped. */
  stopIsDue(objectId: number): void {
    this.#expected.due(`the stop of object ${objectId}`);
  }

  /** Resolves when everything that was due has come, or is late beyond all patience. */
  async settled(): Promise<void> {
    await this.#expected.settled(answerDeadlineMs);
  }

  async leave(): Promise<void> {
    await this.#link?.leave();
  }

  saw(): string {
    return `${this.#expected.met} starts, stops and feature maps; sent ${count(this.#frame, "frame")}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  /** Numbers are spelled as Python does it: the other processors insist on 12.0 where JavaScript prints 12. */
  #sendFrame(): void {
    const { pedestrians, sightings } = this.#parts;
    this.#frame++;
    const sights = pedestrians.seenFrom(this.#view);
    const boxes = sights.map(({ pedestrian, rect, features }, boxId) => {
      sightings.write({ cameraId: this.cameraId, frameId: this.#frame, boxId }, pedestrian);
      const objectId = nearest(features, this.#known);
      return {
        boxId,
        rect,
        objectType: "person",
        certainty: 0.9,
        ...(objectId === undefined ? {} : { objectId }),
      };
    });
    this.#frames.set(
      this.#frame,
      sights.map(({ features }) => features),
    );
    const [oldest] = this.#frames.keys();
    if (this.#frames.size > framesKept && oldest !== undefined) this.#frames.delete(oldest);
    this.#link?.send(
      `{"type":"boundingBoxes","frameId":${this.#frame}.0,"boxes":${JSON.stringify(boxes)}}`,
    );
  }

  #take(message: Message, text: string): void {
    const { type, objectId, frameId, boxId, featureMap } = message;
    if (typeof objectId !== "number") {
      this.#expected.fault(text.slice(0, 100));
    } else if (type === "start") {
      this.#expected.seen(`the start of object ${objectId}`);
      if (frameId !== undefined && !text.includes(`"frameId":${frameId}.0`))
        this.#expected.fault(`a frameId came in another spelling: ${text.slice(0, 100)}`);
      const features = this.#frames.get(Number(frameId))?.[Number(boxId)];
      if (features !== undefined)
        this.#link?.send(
          `{"type":"featureMap","objectId":${objectId},"featureMap":${printed(features)}}`,
        );
    } else if (type === "featureMap") {
      // An empty object: nobody knows yet how it looks.
      if (!Array.isArray(featureMap)) return;
      this.#known.set(objectId, featureMap);
      this.#expected.seen(`the feature map of object ${objectId}`);
    } else if (type === "stop") {
      this.#known.delete(objectId);
      this.#expected.seen(`the stop of object ${objectId}`);
    }
  }
}

/** A list of floats, each spelled as one. */
function printed(features: readonly number[]): string {
  return `[${features.map((value) => value.toFixed(4)).join(",")}]`;
}

/** Somebody at an interface: has people tracked by clicking on them, follows them from view to view, and stops when they have left. */
import { Changes } from "../changes.ts";
import { dataOf, demand } from "../http.ts";
import type { Participant } from "../participant.ts";
import type { Random } from "../random.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { count } from "../words.ts";
import { pictureOf } from "./picture.ts";
import type { Sightings } from "./sightings.ts";
import { type Frame, TrackingInterface } from "./tracking-interface.ts";

/** Between two clicks. */
const clickEveryMs = 1000;

/** How many people are followed at once. */
const mostObjects = 4;

/** Who was in no view for so long has left. */
const goneAfterMs = 2500;

/** Who has left right after the click, before any camera knew the looks: by then they are long known. */
const neverSeenAfterMs = 8000;

/** As the server writes times: `2026/11/20 | 23:05:00`. */
const timeStamp = /^\d{4}\/\d\d\/\d\d \| \d\d:\d\d:\d\d$/;

/** Somebody who is followed. */
interface Followed {
  readonly objectId: number;
  /** Who was clicked on. */
  readonly pedestrian: number | undefined;
  /** The cameras whose boxes have shown the object. */
  readonly cameras: Set<string>;
  seenAtMs: number;
}

/** Those who must hear of what the operator does. */
interface Audience {
  /** A click has become an object. */
  started(objectId: number, cameraId: string): void;
  /** An object is about to be stopped. */
  stopping(objectId: number): void;
}

export interface OperatorParts {
  readonly setting: Setting;
  readonly random: Random;
  readonly sightings: Sightings;
  readonly audience: Audience;
}

export class Operator implements Participant {
  readonly name = "operator";
  readonly #parts: OperatorParts;
  readonly #screen: TrackingInterface;
  readonly #changes: Changes;
  readonly #frames = new Map<string, Frame>();
  readonly #followed = new Map<number, Followed>();
  /** The click that waits for its object, known by its image. */
  #click:
    | { readonly image: string; readonly cameraId: string; readonly pedestrian: number | undefined }
    | undefined;
  #clicks = 0;
  #objects = 0;
  #reidentified = 0;
  #mistaken = 0;
  #timelines = 0;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    this.#changes = new Changes(parts.setting.clock);
    this.#screen = new TrackingInterface("operator", {
      setting: parts.setting,
      listener: {
        frame: (frame) => this.#look(frame),
        newObject: (objectId, image) => this.#take(objectId, image),
      },
    });
  }

  /** The interface that the operator sits at. */
  get screen(): TrackingInterface {
    return this.#screen;
  }

  /** How many are followed now, were so far, and were recognised in another view than before. */
  get figures(): {
    readonly followed: number;
    readonly objects: number;
    readonly reidentified: number;
  } {
    return {
      followed: this.#followed.size,
      objects: this.#objects,
      reidentified: this.#reidentified,
    };
  }

  /** Clicks and stops until the setting ends. */
  async follow(): Promise<void> {
    const { setting } = this.#parts;
    while (!setting.ending) {
      await setting.pause(clickEveryMs);
      const nowMs = setting.clock.monotonic();
      await this.#stopThose(
        ({ seenAtMs, cameras }) =>
          nowMs - seenAtMs > (cameras.size > 0 ? goneAfterMs : neverSeenAfterMs),
      );
      if (!setting.ending && this.#followed.size < mostObjects) await this.#clickOnSomebody();
    }
  }

  /** Stops all that are followed, and checks what the server has kept of them. */
  async stopAll(): Promise<void> {
    await this.#stopThose(() => true);
  }

  saw(): string {
    const mistaken = this.#mistaken === 0 ? "" : ` (${this.#mistaken} boxes were somebody else)`;
    return `${this.#screen.saw()}; ${count(this.#objects, "object")}, recognised in another view ${count(this.#reidentified, "time")}${mistaken}; ${count(this.#timelines, "timeline")}`;
  }

  missed(): readonly string[] {
    return this.#screen.missed();
  }

  /** Somebody whom no camera knows yet; nothing if there is nobody. Waits for the object. */
  async #clickOnSomebody(): Promise<void> {
    const { random, sightings } = this.#parts;
    const unknown = [...this.#frames.values()].flatMap(({ cameraId, frameId, boxes }) =>
      boxes
        .filter(({ objectId }) => objectId === undefined)
        .map(({ boxId }) => ({ cameraId, frameId, boxId })),
    );
    if (unknown.length === 0) return;
    const box = random.pick(unknown);
    this.#clicks++;
    const pedestrian = sightings.in(box);
    // Its mark also tells our objects from a visitor's.
    const image = pictureOf(
      pedestrian ?? 0,
      `picture ${this.#clicks} of ${this.#parts.setting.clock.now()}`,
    );
    this.#click = { image, cameraId: box.cameraId, pedestrian };
    this.#screen.send({ type: "start", ...box, image });
    if (await this.#changes.until(() => this.#click === undefined, answerDeadlineMs)) return;
    this.#screen.fault(`click ${this.#clicks} has not become an object`);
    this.#click = undefined;
  }

  #take(objectId: number, image: unknown): void {
    const click = this.#click;
    if (click === undefined || image !== click.image) return;
    this.#click = undefined;
    this.#objects++;
    const { clock } = this.#parts.setting;
    this.#followed.set(objectId, {
      objectId,
      pedestrian: click.pedestrian,
      cameras: new Set(),
      seenAtMs: clock.monotonic(),
    });
    this.#parts.audience.started(objectId, click.cameraId);
    this.#changes.notify();
  }

  #look(frame: Frame): void {
    const { cameraId, frameId, boxes } = frame;
    this.#frames.set(cameraId, frame);
    for (const { boxId, objectId } of boxes) {
      const followed = objectId === undefined ? undefined : this.#followed.get(objectId);
      if (followed === undefined) continue;
      followed.seenAtMs = this.#parts.setting.clock.monotonic();
      if (this.#parts.sightings.in({ cameraId, frameId, boxId }) !== followed.pedestrian)
        this.#mistaken++;
      else if (!followed.cameras.has(cameraId) && followed.cameras.size > 0) this.#reidentified++;
      followed.cameras.add(cameraId);
    }
  }

  async #stopThose(which: (followed: Followed) => boolean): Promise<void> {
    for (const followed of [...this.#followed.values()].filter(which)) {
      this.#followed.delete(followed.objectId);
      this.#parts.audience.stopping(followed.objectId);
      this.#screen.send({ type: "stop", objectId: followed.objectId });
      if (followed.cameras.size > 0) await this.#checkTimeline(followed);
    }
  }

  /** A spotting is readable before its boxes come: every camera whose boxes have shown the object must be there. */
  async #checkTimeline({ objectId, cameras }: Followed): Promise<void> {
    const entries = dataOf(
      await demand(`${this.#parts.setting.url}/timelines?objectId=${objectId}`),
    );
    const timeline: readonly { readonly timeStamp?: unknown; readonly processorId?: unknown }[] =
      Array.isArray(entries) ? entries : [];
    const spotted = new Set(timeline.map(({ processorId }) => processorId));
    const absent = [...cameras].filter((cameraId) => !spotted.has(cameraId));
    if (absent.length > 0)
      this.#screen.fault(`the timeline of object ${objectId} is without ${absent.join(", ")}`);
    if (!timeline.every((entry) => timeStamp.test(String(entry.timeStamp))))
      this.#screen.fault(`object ${objectId} has bad times in its timeline`);
    this.#timelines++;
  }
}

/** Tracking: three cameras see people walk from view to view; an operator has them followed, a wall shows one camera. */
import type { Participant, Scene } from "../participant.ts";
import type { Random } from "../random.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import { Camera } from "./camera.ts";
import { Operator } from "./operator.ts";
import { Pedestrians, views } from "./pedestrians.ts";
import { Sightings } from "./sightings.ts";
import { TrackingInterface } from "./tracking-interface.ts";

const cameraIds = ["west", "middle", "east"];

/** The world moves on in steps of this length. */
const stepMs = 100;

export class TrackingScene implements Scene {
  readonly service = "tracking";
  readonly about =
    "people walk through the views of three cameras; whom an operator clicks on is recognised in the next view";
  readonly command: string;
  readonly participants: readonly Participant[];
  readonly #setting: Setting;
  readonly #pedestrians: Pedestrians;
  readonly #cameras: readonly Camera[];
  readonly #operator: Operator;
  readonly #wall: TrackingInterface;

  constructor(setting: Setting, random: Random) {
    this.#setting = setting;
    this.#pedestrians = new Pedestrians(random.for("pedestrians"));
    const sightings = new Sightings();
    const parts = { setting, pedestrians: this.#pedestrians, sightings };
    this.#cameras = cameraIds
      .slice(0, views)
      .map((cameraId, view) => new Camera(cameraId, view, parts));
    this.#wall = new TrackingInterface("wall (east only)", { setting, cameraIds: ["east"] });
    this.#operator = new Operator({
      setting,
      random: random.for("operator"),
      sightings,
      audience: {
        started: (objectId, cameraId) => this.#started(objectId, cameraId),
        stopping: (objectId) => this.#stopping(objectId),
      },
    });
    this.participants = [...this.#cameras, this.#operator, this.#wall];
    this.command = `curl -s '${setting.url}/timelines?objectId=1'`;
  }

  async play(): Promise<void> {
    await Promise.all(this.#cameras.map((camera) => camera.connect()));
    await Promise.all([this.#operator.screen.connect(), this.#wall.connect()]);
    const walking = this.#walk();
    const filming = this.#cameras.map((camera) => camera.film());
    await this.#operator.follow();

    // Before an object is stopped, all must have heard how it looks: of what is stopped, nobody is told any more.
    await Promise.all(this.#cameras.map((camera) => camera.settled()));
    await this.#operator.stopAll();
    await Promise.all(
      [...this.#cameras, this.#operator.screen, this.#wall].map((client) => client.settled()),
    );

    for (const camera of this.#cameras) camera.switchOff();
    await Promise.all([walking, ...filming]);
    for (const screen of [this.#operator.screen, this.#wall]) {
      await Promise.all(
        this.#cameras.map(({ cameraId, frame }) => screen.sees({ cameraId, frameId: frame })),
      );
    }
    await Promise.all(
      [...this.#cameras, this.#operator.screen, this.#wall].map((client) => client.leave()),
    );
  }

  line(): string {
    const { followed, objects, reidentified } = this.#operator.figures;
    const people = this.#pedestrians.count === 1 ? "1 person" : `${this.#pedestrians.count} people`;
    return `${people} in view, ${followed} followed; ${count(objects, "object")} so far, recognised in another view ${count(reidentified, "time")}`;
  }

  /** Until the setting ends; then people stand still. */
  async #walk(): Promise<void> {
    while (!this.#setting.ending) {
      await this.#setting.pause(stepMs);
      this.#pedestrians.advance(stepMs / 1000);
    }
  }

  #started(objectId: number, cameraId: string): void {
    for (const camera of this.#cameras) {
      if (camera.cameraId === cameraId) camera.startIsDue(objectId);
      camera.featureMapIsDue(objectId);
    }
    // The operator's own screen has told of it.
    this.#wall.newObjectIsDue(objectId);
  }

  #stopping(objectId: number): void {
    for (const client of [...this.#cameras, this.#operator.screen, this.#wall])
      client.stopIsDue(objectId);
  }
}

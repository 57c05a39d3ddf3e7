/** Tells clients and processors of this node about objects: of changes as the log brings them, and what they missed when they come. */
import { type Connection, type Logger, RawJson, type ServiceContext } from "../../kit/index.ts";
import type { TrackingConfig } from "./config.ts";
import type { TrackingContract } from "./contract.ts";
import type { FrameIdsByCamera } from "./frame-ids.ts";
import type { Change, TrackedObject } from "./object-book.ts";
import type { Processors } from "./processors.ts";

export interface AnnouncerParts {
  readonly context: Pick<ServiceContext<TrackingContract, TrackingConfig>, "topic" | "send"> & {
    readonly logger: Logger;
  };
  readonly processors: Processors;
  readonly frameIds: FrameIdsByCamera;
  /** The tracked objects, and one of them. */
  readonly objects: { all(): Iterable<TrackedObject>; get(id: number): TrackedObject | undefined };
}

/** While so much waits for a connection, it is not given more of what it missed: it would be closed as too slow. */
const paceBytes = 1 << 20;

/**
 * Every node tells its own connections, from the log: so all are told, in the same order, and of nothing that is not stored. A newcomer
 * is in the topic before it is given what it missed, and that is read as it is given: it may hear of something twice, but never of less.
 */
export class Announcer {
  readonly #parts: AnnouncerParts;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  /** The follow of the log must go on whatever happens here. */
  changed(change: Change): void {
    if (!change.live) return;
    try {
      this.#tell(change);
    } catch (error) {
      this.#parts.context.logger.error(
        { service: "tracking", object: change.object.id, err: error },
        "a change could not be told",
      );
    }
  }

  /** The connection is a processor: it gets each object's feature map, then every change. Resolves when it has been given all. */
  async addProcessor(connection: Connection): Promise<void> {
    this.#processors.join(connection);
    await this.#eachObject(connection, (object) =>
      this.#parts.context.send(connection, "featureMap", featureMapOf(object)),
    );
  }

  /** The client uses images: it gets each object that has one, then every change. Resolves when it has been given all. */
  async addImageUser(connection: Connection): Promise<void> {
    this.#imageUsers.join(connection);
    await this.#eachObject(connection, (object) => {
      if (object.image !== undefined)
        this.#parts.context.send(connection, "newObject", newObjectOf(object));
    });
  }

  removeImageUser(connection: Connection): void {
    this.#imageUsers.leave(connection);
  }

  get #processors() {
    return this.#parts.context.topic("processors");
  }

  get #imageUsers() {
    return this.#parts.context.topic("image users");
  }

  async #eachObject(connection: Connection, give: (object: TrackedObject) => void): Promise<void> {
    const { objects } = this.#parts;
    for (const { id } of [...objects.all()]) {
      if (connection.unsentBytes > paceBytes) await connection.whenDrained();
      if (connection.isClosed) return;
      const object = objects.get(id);
      if (object !== undefined) give(object);
    }
  }

  #tell({ what, object }: Change): void {
    if (what === "created") {
      this.#imageUsers.publishHere("newObject", newObjectOf(object));
      this.#start(object);
    } else if (what === "stopped") {
      this.#processors.publishHere("stop", { objectId: object.id });
      this.#imageUsers.publishHere("stop", { objectId: object.id });
    } else {
      this.#processors.publishHere("featureMap", featureMapOf(object));
    }
  }

  /** If the camera's processor is on this node; its frame ids are known where it is. */
  #start({ id, cameraId, frameId, boxId, image }: TrackedObject): void {
    const { processors, frameIds, context } = this.#parts;
    const processor = processors.at(cameraId);
    if (processor === undefined) return;
    context.send(processor.connection, "start", {
      objectId: id,
      ...(frameId === undefined
        ? {}
        : { frameId: new RawJson(frameIds.of(cameraId).spelled(frameId)) }),
      ...(boxId === undefined ? {} : { boxId: new RawJson(boxId) }),
      ...(image === undefined ? {} : { image: new RawJson(image) }),
    });
  }
}

function newObjectOf({ id, image }: TrackedObject) {
  return { objectId: id, ...(image === undefined ? {} : { image: new RawJson(image) }) };
}

function featureMapOf({ id, featureMap = "{}" }: TrackedObject) {
  return { objectId: id, featureMap: new RawJson(featureMap) };
}

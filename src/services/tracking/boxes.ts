/** The way of boxes from a processor to the clients of all nodes. Fleeting: a newer frame makes up for a lost one. */
import {
  type Bus,
  type Connection,
  RawJson,
  type Subscription,
  subjectToken,
  type Topic,
} from "../../kit/index.ts";
import type { TrackingContract } from "./contract.ts";

/** A frame's boxes, in their JSON spelling. */
export interface FrameBoxes {
  readonly cameraId: string;
  readonly frameId: string;
  readonly boxes: string;
}

export interface BoxesParts {
  readonly bus: Bus;
  /** This node's. */
  readonly session: string;
  topic(name: string): Topic<TrackingContract>;
}

/** What goes to the other nodes begins so; this node's session follows. */
const busPrefix = "tracking.boxes.";

/** Most clients watch all cameras: one topic. Those that chose some are in a topic of each. */
export class Boxes {
  readonly #parts: BoxesParts;
  readonly #all: Topic<TrackingContract>;
  /** The cameras that a connection chose. */
  readonly #chosen = new Map<Connection, ReadonlySet<string>>();
  #subscription: Subscription | undefined;

  private constructor(parts: BoxesParts) {
    this.#parts = parts;
    this.#all = parts.topic("boxes");
  }

  static async open(parts: BoxesParts): Promise<Boxes> {
    const boxes = new Boxes(parts);
    const own = address(parts.session);
    boxes.#subscription = await parts.bus.subscribe(busPrefix, (data, subject) => {
      if (subject !== own) boxes.#tell(read(data));
    });
    return boxes;
  }

  /** The connection gets the boxes of all cameras. */
  watchAll(connection: Connection): void {
    this.#all.join(connection);
  }

  /** The connection gets the boxes of these cameras only. */
  watch(connection: Connection, cameraIds: readonly string[]): void {
    this.#all.leave(connection);
    for (const cameraId of this.#chosen.get(connection) ?? []) this.#of(cameraId).leave(connection);
    for (const cameraId of cameraIds) this.#of(cameraId).join(connection);
    this.#chosen.set(connection, new Set(cameraIds));
  }

  forget(connection: Connection): void {
    this.#chosen.delete(connection);
  }

  /** To the clients of this node at once, to those of others over the bus. Throws `too_large` if that does not take so much. */
  publish(frame: FrameBoxes): void {
    this.#tell(frame);
    this.#parts.bus.publish(address(this.#parts.session), print(frame));
  }

  stop(): void {
    this.#subscription?.stop();
  }

  #of(cameraId: string): Topic<TrackingContract> {
    return this.#parts.topic(`boxes of ${cameraId}`);
  }

  #tell({ cameraId, frameId, boxes }: FrameBoxes): void {
    const message = { cameraId, frameId: new RawJson(frameId), boxes: new RawJson(boxes) };
    this.#all.publishHere("boundingBoxes", message);
    this.#of(cameraId).publishHere("boundingBoxes", message);
  }
}

function address(session: string): string {
  return `${busPrefix}${subjectToken(session)}`;
}

/** The boxes are neither escaped nor parsed. */
function print({ cameraId, frameId, boxes }: FrameBoxes): string {
  return `${JSON.stringify([cameraId, frameId])}\n${boxes}`;
}

function read(data: string): FrameBoxes {
  const lineFeed = data.indexOf("\n");
  const [cameraId, frameId] = JSON.parse(data.slice(0, lineFeed)) as [string, string];
  return { cameraId, frameId, boxes: data.slice(lineFeed + 1) };
}

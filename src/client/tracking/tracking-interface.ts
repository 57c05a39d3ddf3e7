/** An interface: watches cameras and has objects tracked. */
import { platform } from "#platform";
import { printJson } from "../../wire/print-json.ts";
import type { Connection } from "../connection.ts";
import type { SendOptions } from "../delivery.ts";
import { Emitter } from "../emitter.ts";
import type { Sending } from "../outcome.ts";
import { CameraBoard, type CameraView, type Frame } from "./camera-board.ts";
import { type EndpointOptions, openEndpoint } from "./endpoint.ts";
import { History, type TimelineEntry } from "./history.ts";
import { BoxesMessage } from "./messages/boxes-message.ts";
import { demandInteger, demandString, Fields } from "./messages/fields.ts";
import type { JsonNumber } from "./messages/json-number.ts";
import { NewObjectMessage } from "./messages/new-object-message.ts";
import { demandSought } from "./messages/start-message.ts";
import { StopMessage } from "./messages/stop-message.ts";
import { wrong } from "./messages/wrong.ts";
import { ObjectBoard, type TrackedObject } from "./object-board.ts";

/** All have defaults. */
export interface TrackingInterfaceOptions extends EndpointOptions {
  /** Whether to be told of new and stopped objects, with their images; default false. */
  readonly usesImages?: boolean;
  /** Only the boxes of these cameras (a server that does not know this sends all; they are sorted out here). Default: of all. */
  readonly cameraIds?: readonly string[];
}

/** What an interface tells. */
export interface TrackingInterfaceEvents {
  /** A frame's boxes. A slow interface misses frames, never the newest of a camera for long. */
  boxes: Frame;
  /** An object is tracked. With `usesImages` only. After a reconnect those with an image come again. */
  newObject: TrackedObject;
  /** An object is tracked no more. With `usesImages` only; one that is stopped while the connection is down is not told. */
  stopped: { readonly objectId: number };
}

/** What is to be tracked: a box in a frame, or what an image (base64) shows. */
export type TrackingWish =
  /** `frameId`: best as the `boxes` event had it, so that its camera knows the spelling again. */
  | { readonly cameraId: string; readonly frameId: number | JsonNumber; readonly boxId: number }
  | { readonly cameraId: string; readonly image: string };

/**
 * ```ts
 * const tracking = new TrackingInterface("ws://127.0.0.1:7400", { usesImages: true });
 * tracking.on("boxes", ({ cameraId, frameId, boxes }) => {
 *   const [box] = boxes;
 *   if (box !== undefined) tracking.startTracking({ cameraId, frameId, boxId: box.boxId });
 * });
 * ```
 *
 * On every connection it sends `authenticate` (with a token), then what it uses and watches, then (when the token was not refused) what
 * waited to be sent. The protocol
 * acknowledges nothing, and refuses nothing: an outcome is `sent`, or `unknown` where the connection died with it; that a camera is unknown
 * shows by nothing happening.
 */
export class TrackingInterface {
  /** States, `whenOpen`, `whenClosed`, `whenRoom`, outcomes. */
  readonly connection: Connection;
  readonly #events = new Emitter<TrackingInterfaceEvents>();
  readonly #cameras = new CameraBoard(platform);
  readonly #objects = new ObjectBoard();
  readonly #history: History;
  #usesImages: boolean;
  #cameraIds: ReadonlySet<string> | undefined;
  #ignored = 0;
  /** Writes to the present socket, past the outbox; nowhere once it is lost. */
  #say: (text: string) => void = () => {};

  /**
   * `url`: the server's (ws, wss, http, https), to which `/client` is added, or the endpoint's with its path. Throws `bad_url` and
   * `bad_message`.
   */
  constructor(
    url: string | URL,
    { usesImages = false, cameraIds, ...options }: TrackingInterfaceOptions = {},
  ) {
    this.#usesImages = usesImages;
    this.#cameraIds = cameraIds === undefined ? undefined : demandCameraIds(cameraIds);
    this.#history = new History({
      url,
      token: options.token,
      timeoutMs: options.attemptTimeoutMs ?? 10_000,
    });
    this.connection = openEndpoint(url, "/client", options, (send) => this.#hello(send));
    this.connection.on("message", (text) => this.#take(text));
  }

  /**
   * The cameras that boxes came from, those last heard of at the end. One that has gone silent stays, with its last frame and 0 frames per
   * second; one that never sent boxes is not here. At most 1,000: then the one that has been silent for longest gives way. They stay over
   * losses.
   */
  get cameras(): ReadonlyMap<string, CameraView> {
    return this.#cameras.snapshot();
  }

  /**
   * With `usesImages`, the tracked objects. After a reconnect the server tells only of those with an image, so those without stay, though
   * they may have been stopped meanwhile. At most 10,000, and 256 Mi characters of images: then the oldest give way.
   */
  get objects(): ReadonlyMap<number, TrackedObject> {
    return this.#objects.snapshot();
  }

  /** Messages of the server, so far, that break the protocol. Those of a type that is not known here are not among them. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof TrackingInterfaceEvents>(
    name: Name,
    listener: (value: TrackingInterfaceEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Has an object tracked. It gets a new id, which is told as `newObject` and in later boxes. It waits while there is no connection:
   * `expiresInMs` says for how long that makes sense. Not with `resend`: a second one is a second object. Throws `bad_message`,
   * `outbox_full`, `connection_closed`.
   */
  startTracking(wish: TrackingWish, options?: Omit<SendOptions, "resend">): Sending {
    const cameraId = demandString("start.cameraId", wish.cameraId);
    return this.connection.send(
      printJson({ type: "start", cameraId, ...demandSought(wish) }),
      options,
    );
  }

  /** Has an object forgotten. Of one that is not tracked, nothing happens. Throws `bad_message`, `outbox_full`, `connection_closed`. */
  stopTracking(objectId: number, options?: SendOptions): Sending {
    return this.connection.send(new StopMessage({ objectId }).toMessage(), options);
  }

  /** From now on, over losses. On true the server tells at once of each tracked object with an image; on false `objects` is empty. */
  setUsesImages(usesImages: boolean): void {
    this.#usesImages = usesImages;
    if (!usesImages) this.#objects.clear();
    this.#say(printJson({ type: "setUsesImages", usesImages }));
  }

  /** The boxes of these cameras only, from now on, over losses. Throws `bad_message`. */
  watchCameras(cameraIds: readonly string[]): void {
    this.#cameraIds = demandCameraIds(cameraIds);
    this.#cameras.keep(this.#cameraIds);
    this.#say(camerasMessage(this.#cameraIds));
  }

  /**
   * Every object there ever was, over HTTP. Rejects with `timeout` where there is no answer, or `unauthenticated`, `forbidden` and the like;
   * ask again as you like.
   */
  objectIds(): Promise<readonly number[]> {
    return this.#history.objectIds();
  }

  /**
   * When and by which cameras an object was seen, the oldest first, over HTTP; empty if it never was. Rejects as `objectIds`, and with
   * `bad_message`.
   */
  async timeline(objectId: number): Promise<readonly TimelineEntry[]> {
    return await this.#history.timeline(demandInteger("objectId", objectId));
  }

  /** Ends it; `flushMs` as `Connection.close`. */
  close(options?: { readonly flushMs?: number }): Promise<void> {
    return this.connection.close(options);
  }

  #hello(send: (text: string) => void): void {
    this.#say = send;
    // The server tells of those again.
    this.#objects.removePictured();
    // A false one too: see `openEndpoint`.
    send(printJson({ type: "setUsesImages", usesImages: this.#usesImages }));
    if (this.#cameraIds !== undefined) send(camerasMessage(this.#cameraIds));
  }

  #take(text: string): void {
    try {
      this.#read(new Fields(text));
    } catch {
      this.#ignored++;
    }
  }

  #read(fields: Fields): void {
    if (fields.type === "boundingBoxes") this.#boxes(BoxesMessage.fromMessage(fields));
    else if (fields.type === "newObject") {
      const { objectId, image } = NewObjectMessage.fromMessage(fields);
      if (!this.#usesImages) return;
      this.#objects.add({ objectId, image });
      this.#events.emit("newObject", { objectId, image });
    } else if (fields.type === "stop") {
      const { objectId } = StopMessage.fromMessage(fields);
      if (!this.#usesImages) return;
      this.#objects.remove(objectId);
      this.#events.emit("stopped", { objectId });
    }
  }

  #boxes({ cameraId, frameId, boxes }: BoxesMessage): void {
    if (cameraId === undefined)
      throw wrong("boundingBoxes.cameraId", cameraId, "expected a string");
    if (this.#cameraIds !== undefined && !this.#cameraIds.has(cameraId)) return;
    const frame = { cameraId, frameId, boxes };
    this.#cameras.saw(frame);
    this.#events.emit("boxes", frame);
  }
}

function demandCameraIds(cameraIds: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(cameraIds))
    throw wrong("cameras.cameraIds", cameraIds, "expected a list of camera ids");
  return new Set(
    cameraIds.map((cameraId, at) => demandString(`cameras.cameraIds[${at}]`, cameraId)),
  );
}

function camerasMessage(cameraIds: ReadonlySet<string>): string {
  return printJson({ type: "cameras", cameraIds: [...cameraIds] });
}

/** All that the tracking page knows, around the SDK's interface. */
import type { Connection } from "switchboard/client";
import {
  type Box,
  TrackingInterface,
  type TrackingInterfaceOptions,
} from "switchboard/client/tracking";
import { CameraBook, type CameraRow, type ConnectedCamera } from "./camera-book.ts";
import { FrameFeed, type ShownFrame } from "./frame-feed.ts";
import { ObjectBook, type ObjectRow } from "./object-book.ts";
import { SkipCount } from "./skip-count.ts";
import { TrackRequests, type TrackResult } from "./track-requests.ts";

/** A box that has moved on is worth no waiting; an object comes at once. */
const trackWithinMs = 5000;

export class TrackingStore {
  readonly client: TrackingInterface;
  readonly #cameras = new CameraBook();
  readonly #objects = new ObjectBook();
  #knowsCameras = false;
  readonly #skips = new SkipCount();
  readonly #requests = new TrackRequests(trackWithinMs);
  readonly #feeds = new Map<string, FrameFeed>();
  readonly #listeners = new Set<() => void>();
  /** Since when cameras can be heard; undefined while there is no connection. */
  #heardSinceMs: number | undefined;
  #hasBeenOpen = false;
  #version = 0;

  /** `baseUrl`: of the server, http or https. */
  constructor(baseUrl: string, options: Pick<TrackingInterfaceOptions, "token">) {
    const url = new URL("/client?skipped=1", baseUrl.replace(/^http/, "ws"));
    this.client = new TrackingInterface(url, { ...options, usesImages: true });
    const { connection } = this.client;
    connection.on("state", ({ status }) => {
      this.#heardSinceMs = status === "open" ? Date.now() : undefined;
      if (status === "open") this.#opened();
      this.#changed();
    });
    connection.on("message", (text) => {
      if (this.#skips.take(text)) this.#changed();
    });
    this.client.on("boxes", (frame) => this.#saw({ ...frame, atMs: Date.now() }));
    this.client.on("newObject", ({ objectId, image }) => {
      if (image === undefined) this.#requests.tracked(objectId);
      this.#changed();
    });
    this.client.on("stopped", ({ objectId }) => {
      this.#objects.stopped(objectId);
      this.#changed();
    });
  }

  get connection(): Connection {
    return this.client.connection;
  }

  /** Tells of everything but frames; those tell their cameras' feeds. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number after each change. */
  readonly version = (): number => this.#version;

  /** The camera's frames from now on. */
  feed(cameraId: string): FrameFeed {
    const before = this.#feeds.get(cameraId);
    if (before !== undefined) return before;
    const feed = new FrameFeed();
    this.#feeds.set(cameraId, feed);
    return feed;
  }

  /** Whether cameras can be heard now. */
  get isLive(): boolean {
    return this.#heardSinceMs !== undefined;
  }

  /** Frames that the server has left out for this page. */
  get skipped(): number {
    return this.#skips.total;
  }

  /** Whether the server has said who is connected. */
  get knowsCameras(): boolean {
    return this.#knowsCameras;
  }

  /** Who is connected, as the server has just said. */
  connected(cameras: readonly ConnectedCamera[]): void {
    this.#knowsCameras = true;
    this.#cameras.connected(cameras, Date.now());
    this.#changed();
  }

  cameras(nowMs: number): readonly CameraRow[] {
    return this.#cameras.rows(this.client.cameras, this.#heardSinceMs, nowMs);
  }

  objects(nowMs: number): readonly ObjectRow[] {
    return this.#objects.rows(this.client.objects, nowMs);
  }

  /** It was chosen here, and no camera has seen it since. */
  isUnseen(objectId: number): boolean {
    return this.#objects.isUnseen(objectId);
  }

  hasStopped(objectId: number): boolean {
    return this.#objects.hasStopped(objectId);
  }

  /** Has what is in a box tracked. Never rejects. */
  async track({ cameraId, frameId }: ShownFrame, { boxId }: Box): Promise<TrackResult> {
    try {
      const { outcome } = this.client.startTracking(
        { cameraId, frameId, boxId },
        { expiresInMs: trackWithinMs },
      );
      const result = await this.#requests.wait(
        outcome.then((what) => what !== "expired" && what !== "evicted"),
      );
      if (result.is === "tracked") this.#objects.began(result.objectId);
      return result;
    } catch {
      // The connection is over for good, or its outbox is full: both say that nothing leaves.
      return { is: "unsent" };
    }
  }

  /** False: it could not be sent. */
  stop(objectId: number): boolean {
    try {
      this.client.stopTracking(objectId, { expiresInMs: trackWithinMs });
    } catch {
      return false;
    }
    this.#objects.stopping(objectId, Date.now());
    this.#changed();
    return true;
  }

  close(): void {
    this.#requests.close();
    this.#listeners.clear();
    void this.client.close();
  }

  #opened(): void {
    if (this.#hasBeenOpen) this.#skips.reconnected();
    this.#hasBeenOpen = true;
  }

  #saw(frame: ShownFrame): void {
    const isNewCamera = !this.#feeds.has(frame.cameraId);
    this.feed(frame.cameraId).show(frame);
    if (this.#objects.saw(frame, frame.atMs) || isNewCamera) this.#changed();
    this.#trimFeeds();
  }

  /** As the SDK: the thousand that were heard last. */
  #trimFeeds(): void {
    if (this.#feeds.size <= 2000) return;
    const views = this.client.cameras;
    for (const cameraId of this.#feeds.keys())
      if (!views.has(cameraId)) this.#feeds.delete(cameraId);
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

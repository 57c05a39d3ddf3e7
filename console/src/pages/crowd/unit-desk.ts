/** A worker at its desk: the SDK's client, the unit, its draft, and what became of them. */
import type { Connection, ConnectionState } from "switchboard/client";
import type { CrowdUnit, CrowdWorker, Work } from "switchboard/client/crowd";
import { messageOf } from "../../parts/message-of.ts";

/** What is going on. */
type Phase =
  | { readonly is: "idle" }
  | { readonly is: "asking" }
  /** There was nothing to do; `reason` is the server's. */
  | { readonly is: "none"; readonly reason: string }
  | { readonly is: "working" }
  | { readonly is: "sending" }
  | { readonly is: "done"; readonly what: "written" | "ranked" | "skipped" }
  /** There is no unit, as the request failed. The server may have given one nevertheless: with the same registration that one is found. */
  | { readonly is: "failed"; readonly error: unknown; readonly registrationId: string };

/** Of the draft. `waiting`: for the connection. `lost`: it will not be saved, and why. */
type Saved =
  | { readonly is: "nothing" }
  | { readonly is: "waiting" }
  | { readonly is: "saved"; readonly atMs: number }
  | { readonly is: "lost"; readonly why: string };

/** What is seen of it. */
export interface DeskView {
  readonly phase: Phase;
  readonly unit: CrowdUnit | undefined;
  /** Of the unit's connection. */
  readonly state: ConnectionState | undefined;
  readonly saved: Saved;
  /** What the server did not do. */
  readonly problem: string | undefined;
}

/** Whom it tells. */
export interface DeskParts {
  readonly worker: CrowdWorker;
  /** Keeps the unit's registration, undefined when the unit is done. */
  keep(registrationId: string | undefined): void;
  /** A unit has a new connection; returns what is called when it is no longer the unit's. */
  follow(connection: Connection): () => void;
}

/** A draft is sent when nothing was typed for so long. */
const pauseMs = 400;
/** How long closing waits for the last draft. */
const flushMs = 1000;

export class UnitDesk {
  readonly #parts: DeskParts;
  readonly #listeners = new Set<() => void>();
  #view: DeskView = {
    phase: { is: "idle" },
    unit: undefined,
    state: undefined,
    saved: { is: "nothing" },
    problem: undefined,
  };
  #followed: { readonly connection: Connection; readonly leave: () => void } | undefined;
  #draft: Work | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The id of the last draft that was sent. */
  #lastDraft: string | undefined;
  #isClosed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { worker } = parts;
    worker.on("state", (state) => this.#set({ state }));
    worker.on("error", ({ message }) => this.#set({ problem: message }));
    worker.on("status", (status) => {
      if (status === "expired")
        this.#set({
          problem:
            "Nobody was here for a long time, so the unit was given to somebody else. Get another one.",
        });
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): DeskView => this.#view;

  /** Gets the unit of this registration; without one, a new unit. What fails is in the view. */
  async getUnit(registrationId: string = newRegistration()): Promise<void> {
    const { worker, keep } = this.#parts;
    this.#set({ phase: { is: "asking" }, problem: undefined });
    // Before the request: a reload in the middle of it finds the same unit.
    keep(registrationId);
    try {
      const unit = await worker.requestUnit({ registrationId });
      if (this.#isClosed) return;
      if (unit.stage === "none") {
        keep(undefined);
        this.#set({
          phase: { is: "none", reason: unit.reason },
          unit: undefined,
          saved: { is: "nothing" },
        });
      } else {
        this.#follow(worker.connection);
        this.#set({
          phase: { is: "working" },
          unit,
          state: worker.connection?.state,
          saved: { is: "nothing" },
        });
      }
    } catch (error) {
      this.#set({ phase: { is: "failed", error, registrationId } });
    }
  }

  /** Saves the draft as soon as nothing has been typed for a moment. */
  draft(work: Work): void {
    this.#draft = work;
    this.#set({ saved: { is: "waiting" } });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.saveNow(), pauseMs);
  }

  /** Sends the draft that waits, if one does. */
  saveNow(): void {
    const work = this.#draft;
    this.#dropDraft();
    if (work === undefined) return;
    const { worker } = this.#parts;
    try {
      const { id, outcome } =
        "cad" in work ? worker.saveCad(work.cad) : worker.savePermutation(work.permutation);
      this.#lastDraft = id;
      void outcome.then((told) => {
        if (
          this.#lastDraft !== id ||
          this.#draft !== undefined ||
          this.#view.phase.is !== "working"
        )
          return;
        if (told === "sent" || told === "acked")
          this.#set({ saved: { is: "saved", atMs: Date.now() } });
        else this.#set({ saved: { is: "lost", why: "the connection has ended" } });
      });
    } catch (error) {
      this.#set({ saved: { is: "lost", why: messageOf(error) } });
    }
  }

  submit(work: Work): Promise<void> {
    return this.#complete("cad" in work ? "written" : "ranked", () =>
      this.#parts.worker.submit(work),
    );
  }

  skip(explanation: string): Promise<void> {
    return this.#complete("skipped", () => this.#parts.worker.skip(explanation));
  }

  /** Resolves when the server has read it; rejects with what to tell the worker. */
  async sendFeedback(feedback: string): Promise<void> {
    const outcome = await this.#parts.worker.sendFeedback(feedback).outcome;
    if (outcome !== "sent" && outcome !== "acked")
      throw new Error("The feedback was not sent: the connection has ended. Send it again.");
  }

  /** Sends the draft that waits, then ends. */
  close(): void {
    this.saveNow();
    this.#isClosed = true;
    this.#followed?.leave();
    void this.#parts.worker.close({ flushMs });
  }

  async #complete(
    what: "written" | "ranked" | "skipped",
    complete: () => Promise<void>,
  ): Promise<void> {
    this.#dropDraft();
    this.#set({ phase: { is: "sending" }, problem: undefined });
    try {
      await complete();
      this.#parts.keep(undefined);
      this.#set({ phase: { is: "done", what }, saved: { is: "nothing" } });
    } catch (error) {
      this.#set({ phase: { is: "working" }, problem: messageOf(error) });
    }
  }

  #follow(connection: Connection | undefined): void {
    if (connection === this.#followed?.connection) return;
    this.#followed?.leave();
    this.#followed =
      connection === undefined ? undefined : { connection, leave: this.#parts.follow(connection) };
  }

  #dropDraft(): void {
    clearTimeout(this.#timer);
    this.#draft = undefined;
  }

  #set(changed: Partial<DeskView>): void {
    if (this.#isClosed) return;
    this.#view = { ...this.#view, ...changed };
    for (const listener of [...this.#listeners]) listener();
  }
}

function newRegistration(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

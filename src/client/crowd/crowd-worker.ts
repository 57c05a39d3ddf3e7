/** A crowd worker: gets units, saves drafts, submits, and sees its numbers live. */
import { platform } from "#platform";
import { SwitchboardError } from "../../wire/error.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import type { OutboxLimits } from "../outbox.ts";
import type { Sending } from "../outcome.ts";
import type { ServerError } from "../server-error.ts";
import { serviceUrl } from "../service-url.ts";
import type { ConnectionState } from "../state.ts";
import { AgentSocket } from "./agent-socket.ts";
import {
  type CrowdUnit,
  finalDataOf,
  type NoUnit,
  readAgentDetails,
  skipDataOf,
  type Work,
} from "./crowd-unit.ts";
import type { CrowdMessage } from "./packets.ts";
import { postRetried } from "./post-retried.ts";
import type { WorkerStats } from "./worker-stats.ts";

/** Who works, and all that the connections of its units may be told. */
export interface CrowdWorkerOptions
  extends Omit<ConnectOptions, "identify" | "transport" | "outbox"> {
  /** 1 to 200 characters. */
  readonly workerName: string;
  /** Only units of this study (Switchboard only). Default: of any. */
  readonly study?: string;
  /** How long a request for a unit, or a submit, is tried. Default 60 s. */
  readonly requestDeadlineMs?: number;
  /** There is no durable one: a unit's drafts are with the server, and `registrationId` is the way back to them. */
  readonly outbox?: Partial<OutboxLimits>;
}

/** Which unit. */
export interface UnitRequest {
  /** With the one of an earlier unit that unit is given again. Default: a new one, so a new unit. */
  readonly registrationId?: string;
  /** What a crowd provider's page is told beside that. Default: the registration's id, and `mock`. */
  readonly assignmentId?: string;
  readonly providerType?: string;
}

/** What a worker hears. */
export interface CrowdWorkerEvents {
  /** The worker's numbers: asked for, on every (re)connect, and from Switchboard whenever they change. */
  stats: WorkerStats;
  /** The unit's status has changed: `in task`, or `expired` when it was given to somebody else. */
  status: string;
  /** The state of the unit's connection. */
  state: ConnectionState;
  /** The server did not do what a message asked for, for example save a draft. Switchboard only. */
  error: ServerError;
}

/**
 * Speaks as Mephisto's browser client does, so that original servers understand it. It has one unit at a time, with a connection of its own from
 * `requestUnit` to the next `requestUnit` or `close`; that stays open after the submit, for the numbers.
 *
 * Messages have no acknowledgements in this protocol: a draft's outcome is `sent` when the server has read it. One that may have been lost with its
 * connection is sent again with the same update_id, and takes effect once. Requests over HTTP are tried again until their deadline, and are safe to.
 *
 * ```ts
 * const worker = new CrowdWorker("http://127.0.0.1:7400", { workerName: "ann" });
 * worker.on("stats", ({ cads, firstPlaces }) => show(cads, firstPlaces));
 * const unit = await worker.requestUnit();
 * if (unit.stage === "CAD") await worker.submit({ cad: rewrite(unit.original) });
 * ```
 */
export class CrowdWorker {
  readonly #base: string;
  readonly #options: CrowdWorkerOptions;
  readonly #events = new Emitter<CrowdWorkerEvents>();
  readonly #closed = new AbortController();
  #socket: AgentSocket | undefined;
  #unit: CrowdUnit | undefined;
  #stats: WorkerStats | undefined;
  #status: string | undefined;
  #requesting = false;
  #ignored = 0;

  /** `url`: http, https, ws or wss; its path, if any, is where `request_agent` and `submit_task` are. Connects to nothing before `requestUnit`. */
  constructor(url: string | URL, options: CrowdWorkerOptions) {
    this.#base = serviceUrl(url, "/", { errors: "1" });
    this.#options = options;
  }

  /** The unit's connection; undefined before the first unit. */
  get connection(): Connection | undefined {
    return this.#socket?.connection;
  }

  /** The unit that was given last, submitted or not. */
  get unit(): CrowdUnit | undefined {
    return this.#unit;
  }

  /** The worker's numbers as last heard; while the connection is lost they are what was. */
  get stats(): WorkerStats | undefined {
    return this.#stats;
  }

  /** The unit's status as last heard. */
  get status(): string | undefined {
    return this.#status;
  }

  /** Messages that broke the protocol, and were ignored. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof CrowdWorkerEvents>(
    name: Name,
    listener: (value: CrowdWorkerEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Asks for a unit and connects for it; the connection of the one before ends, after a second for what it has to say. Rejects with `timeout`,
   * `bad_message` (the answer is not understood), `wrong_state` (one request at a time), `connection_closed` (the worker was closed), or the server's error.
   */
  async requestUnit({
    registrationId = platform.newId(),
    assignmentId = registrationId,
    providerType = "mock",
  }: UnitRequest = {}): Promise<CrowdUnit | NoUnit> {
    if (this.#requesting)
      throw new SwitchboardError("wrong_state", "a unit is being asked for already: wait for it");
    const { workerName, study } = this.#options;
    const provider_data = {
      worker_name: workerName,
      agent_registration_id: registrationId,
      assignment_id: assignmentId,
      provider_type: providerType,
    };
    this.#requesting = true;
    try {
      const answer = await this.#post(
        "request_agent",
        { provider_data },
        study === undefined ? {} : { study },
      );
      // Between the answer and here.
      if (this.#closed.signal.aborted)
        throw new SwitchboardError("connection_closed", "the worker was closed: make a new one");
      const unit = readAgentDetails(answer, registrationId);
      if (unit.stage !== "none") this.#take(unit);
      return unit;
    } finally {
      this.#requesting = false;
    }
  }

  /** Saves the unit's draft. Throws `wrong_state` (no unit, or a RANKING), `outbox_full` or `connection_closed`. */
  saveCad(cad: string): Sending {
    const { unit, socket } = this.#demandUnit();
    finalDataOf(unit, { cad });
    return socket.send({ message: "set_cad", cad });
  }

  /** Saves the unit's draft. Throws as `saveCad`, and `bad_message` if it is no permutation of the sentences. */
  savePermutation(permutation: readonly number[]): Sending {
    const { unit, socket } = this.#demandUnit();
    finalDataOf(unit, { permutation });
    return socket.send({ message: "set_permutation", permutation });
  }

  /** Tells the requester something. Throws `wrong_state` (no unit), `outbox_full` or `connection_closed`. */
  sendFeedback(feedback: string): Sending {
    return this.#demandUnit().socket.send({ message: "set_feedback", feedback });
  }

  /**
   * Asks for the worker's numbers: they come as `stats`. Outcome `acked`: numbers came (asked for, or because they had changed in that moment). Throws as
   * `sendFeedback`.
   */
  requestStats(): Sending {
    return this.#demandUnit().socket.requestStats();
  }

  /**
   * Completes the unit. Resolves when the server has stored it. The same unit submitted again changes nothing, so this is tried again until
   * `requestDeadlineMs`, and may be called again after a `timeout`. Rejects with `wrong_state` (no unit, or one of the other stage), `bad_message`,
   * `conflict` (abandoned for too long, and given to somebody else), `connection_closed` (the worker was closed), or the server's error.
   */
  async submit(work: Work): Promise<void> {
    const { unit } = this.#demandUnit();
    await this.#submit(unit, finalDataOf(unit, work));
  }

  /** Completes a CAD without a text, and says why; somebody else is asked. As `submit`; there is no skip of a RANKING. */
  async skip(explanation: string): Promise<void> {
    const { unit } = this.#demandUnit();
    await this.#submit(unit, skipDataOf(unit, explanation));
  }

  /** Ends it: requests under way are given up, then the connection is closed as `Connection.close` does. */
  async close(options?: { readonly flushMs?: number }): Promise<void> {
    this.#closed.abort();
    await this.#socket?.connection.close(options);
  }

  #take(unit: CrowdUnit): void {
    const before = this.#socket;
    this.#unit = unit;
    if (before?.agentId === unit.agentId && before.connection.state.status !== "closed") return;
    this.#status = undefined;
    const { outbox, ...others } = this.#options;
    const socket = new AgentSocket({
      platform,
      url: this.#base,
      agentId: unit.agentId,
      options: { ...others, ...(outbox === undefined ? {} : { outbox }) },
      heard: (message) => {
        if (this.#socket === socket) this.#heard(message);
      },
    });
    this.#socket = socket;
    socket.connection.on("state", (state) => {
      if (this.#socket === socket) this.#events.emit("state", state);
    });
    void before?.connection.close({ flushMs: 1000 });
  }

  #heard(message: CrowdMessage | undefined): void {
    if (message === undefined) this.#ignored++;
    else if (message.kind === "stats") {
      this.#stats = message.stats;
      this.#events.emit("stats", message.stats);
    } else if (message.kind === "status" && message.status !== this.#status) {
      this.#status = message.status;
      this.#events.emit("status", message.status);
    } else if (message.kind === "error") this.#events.emit("error", message.error);
  }

  #demandUnit(): { readonly unit: CrowdUnit; readonly socket: AgentSocket } {
    if (this.#unit === undefined || this.#socket === undefined)
      throw new SwitchboardError("wrong_state", "there is no unit: requestUnit() first");
    return { unit: this.#unit, socket: this.#socket };
  }

  async #submit({ agentId }: CrowdUnit, final_data: object): Promise<void> {
    await this.#post("submit_task", { USED_AGENT_ID: agentId, final_data });
  }

  #post(
    name: string,
    body: object,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const {
      token,
      requestDeadlineMs = 60_000,
      attemptTimeoutMs = 10_000,
      maxDelayMs = 30_000,
    } = this.#options;
    return postRetried(platform, {
      url: requestUrl(this.#base, name, query),
      body: { ...body, client_timestamp: platform.now() / 1000 },
      token,
      deadlineMs: requestDeadlineMs,
      attemptTimeoutMs,
      maxDelayMs,
      signal: this.#closed.signal,
    });
  }
}

/** Beside where the socket is. Throws `bad_url`. */
function requestUrl(base: string, name: string, query: Readonly<Record<string, string>>): string {
  let address: URL;
  try {
    address = new URL(base);
  } catch (cause) {
    throw new SwitchboardError(
      "bad_url",
      `${JSON.stringify(base)} is no address: expected something like http://127.0.0.1:7400`,
      {},
      { cause },
    );
  }
  address.protocol = address.protocol.replace("ws", "http");
  address.pathname = `${address.pathname.replace(/\/$/, "")}/${name}`;
  address.search = new URLSearchParams(query).toString();
  address.hash = "";
  return address.href;
}

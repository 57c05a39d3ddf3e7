/** A monitor: the device's end, which does what users command. */
import { platform } from "#platform";
import { isSwitchboardError, messageOf } from "../../wire/error.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import type { Outcome } from "../outcome.ts";
import { serviceUrl } from "../service-url.ts";
import { AnsweredCommands } from "./answered-commands.ts";
import { eventText, parseAcknowledgement, parseEvent, textField } from "./event-text.ts";
import { introduce } from "./introduce.ts";
import { socketIoTransport } from "./socketio-transport.ts";

/** What a handler is told beside the command. */
export interface RunContext {
  /** Switchboard's id of the command; undefined from an original server. */
  readonly commandId: string | undefined;
  /** Aborted when the monitor is closed, or its connection is over for good: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Which monitor it is, what it does, and all that a connection may be told. */
export interface MonitorOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  /** 32 characters, unless the server is configured otherwise. One that the server finds invalid ends the connection (`failed`). */
  readonly monitorId: string;
  /** Does a command. When it resolves the command is done; what it throws is the reason why not, and goes to the user. Never called twice at a time. */
  readonly run: (command: string, context: RunContext) => void | Promise<void>;
}

/** A command and where it comes from. */
export interface MonitorCommand {
  readonly command: string;
  readonly commandId: string | undefined;
}

/** What became of a command. */
export interface MonitorAnswer extends MonitorCommand {
  /** Why it was not done; undefined: it was. */
  readonly failure: string | undefined;
  /**
   * What became of the answer. `acked`: the server has it. An answer without a command_id is `sent`, or `unknown` if the connection was lost with it: it
   * is not sent again, since the server would take it for the next command's.
   */
  readonly outcome: Promise<Outcome>;
}

/** What a monitor tells. */
export interface MonitorEvents {
  /** A command begins. */
  start: MonitorCommand;
  /** It has ended, and the answer is in the outbox. */
  answer: MonitorAnswer;
}

/** So many commands may wait behind the one that runs; more are answered with an error. */
const maxWaiting = 1000;
/** A longer reason is cut off. */
const maxReasonLength = 10_000;
/** A server may wait some 15 s for the node that had the monitor before. */
const attemptTimeoutMs = 30_000;

/**
 * Is a monitor from its construction to its `close`, over as many connections as that takes. Commands are done one after another, in the order in
 * which they came.
 *
 * When the connection is lost, the command that runs goes on, and its answer waits in the outbox. Those that waited behind it are given up: a
 * server tells their users that the monitor has gone, or hands them over again; only one that was restarted itself waits for them until their
 * `answer_ms` is over. A command that comes again (same command_id; the
 * last 1,000 of this run are known) is not done again but answered again. An original server gives no ids, so nothing can be known again there.
 *
 * While the server says `monitor_id already registered` it is tried again, with growing delays: it may be the last connection of this very device.
 *
 * ```ts
 * const monitor = new Monitor("http://127.0.0.1:7400", { monitorId, run: async (command) => valve.set(command) });
 * await monitor.connection.whenOpen();
 * ```
 */
export class Monitor {
  /** States, outcomes; `open` when the server has said `con ok`. Its `attemptTimeoutMs` is 30 s unless given. */
  readonly connection: Connection;
  readonly #run: MonitorOptions["run"];
  readonly #events = new Emitter<MonitorEvents>();
  readonly #answered = new AnsweredCommands();
  readonly #ending = new AbortController();
  #waiting: MonitorCommand[] = [];
  #running: MonitorCommand | undefined;
  #done: Promise<void> = Promise.resolve();
  /** Commands without an id that came when too many waited: they are answered in their turn. */
  #overflow = 0;
  #closing: Promise<void> | undefined;
  #ignored = 0;

  constructor(url: string | URL, options: MonitorOptions) {
    const { monitorId, run, ...connectOptions } = options;
    this.#run = run;
    this.connection = connect(serviceUrl(url, "/socket.io/"), {
      attemptTimeoutMs,
      ...connectOptions,
      transport: socketIoTransport(),
      identify: (handshake) => introduce(handshake, "con", { monitor_id: monitorId }),
    });
    this.connection.on("message", (text) => this.#read(text));
    this.connection.on("state", ({ status }) => {
      if (status === "open") return;
      this.#giveUpWaiting();
      if (status === "closed") this.#ending.abort();
    });
  }

  /** The command that runs. */
  get running(): MonitorCommand | undefined {
    return this.#running;
  }

  /** Commands that wait behind it, in order. */
  get waiting(): readonly MonitorCommand[] {
    return [...this.#waiting];
  }

  /** Messages that broke the protocol, and were ignored. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof MonitorEvents>(
    name: Name,
    listener: (value: MonitorEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Leaves. Begins nothing more; waits up to `flushMs` (default 0) for the command that runs and for its answer to arrive, then aborts its signal.
   */
  close({ flushMs = 0 }: { readonly flushMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#leave(flushMs);
    return this.#closing;
  }

  async #leave(flushMs: number): Promise<void> {
    this.#giveUpWaiting();
    const untilMs = platform.monotonic() + flushMs;
    if (this.#running !== undefined && flushMs > 0) {
      let timer = { cancel: () => {} };
      const late = new Promise<void>((resolve) => {
        timer = platform.after(flushMs, resolve);
      });
      await Promise.race([this.#done, late, this.connection.whenClosed()]);
      timer.cancel();
    }
    this.#ending.abort();
    await this.connection.close({ flushMs: Math.max(0, untilMs - platform.monotonic()) });
  }

  #giveUpWaiting(): void {
    this.#waiting = [];
    this.#overflow = 0;
  }

  #read(text: string): void {
    const acknowledged = parseAcknowledgement(text);
    if (acknowledged !== undefined) {
      this.connection.acknowledge(acknowledged);
      return;
    }
    const event = parseEvent(text);
    if (event?.name !== "command do") return;
    const command = textField(event.payload, "command");
    if (command === undefined) this.#ignored++;
    else this.#take({ command, commandId: textField(event.payload, "command_id") });
  }

  #take(command: MonitorCommand): void {
    const { commandId } = command;
    if (this.#closing !== undefined || (commandId !== undefined && this.#knows(command, commandId)))
      return;
    if (this.#overflow === 0 && this.#waiting.length < maxWaiting) {
      this.#waiting.push(command);
      if (this.#running === undefined) this.#done = this.#work();
    } else if (commandId === undefined) {
      this.#overflow++;
    } else {
      this.#answer(command, `${maxWaiting} commands wait already: the monitor takes no more`);
    }
  }

  /** Whether a command has come before; if it has been answered, it is answered again. */
  #knows(command: MonitorCommand, commandId: string): boolean {
    const answer = this.#answered.get(commandId);
    if (answer !== undefined) this.#answer(command, answer.failure);
    const isKnown = (other: MonitorCommand) => other.commandId === commandId;
    return (
      answer !== undefined ||
      (this.#running !== undefined && isKnown(this.#running)) ||
      this.#waiting.some(isKnown)
    );
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#running = next;
      this.#events.emit("start", next);
      const failure = await this.#failureOf(next);
      this.#running = undefined;
      if (next.commandId !== undefined) this.#answered.add(next.commandId, { failure });
      this.#answer(next, failure);
    }
    for (; this.#overflow > 0; this.#overflow--) {
      this.#answer(
        { command: "", commandId: undefined },
        `${maxWaiting} commands were waiting: the monitor took no more`,
      );
    }
  }

  async #failureOf({ command, commandId }: MonitorCommand): Promise<string | undefined> {
    try {
      await this.#run(command, { commandId, signal: this.#ending.signal });
      return undefined;
    } catch (error) {
      return messageOf(error).slice(0, maxReasonLength) || "no reason given";
    }
  }

  #answer(command: MonitorCommand, failure: string | undefined): void {
    const { commandId } = command;
    const name = failure === undefined ? "command done" : "command error";
    const payload = {
      ...(failure === undefined ? {} : { reason: failure }),
      ...(commandId === undefined ? {} : { command_id: commandId }),
    };
    // An answer with an id may arrive twice: the server knows which command it is about, and that it has had it.
    const id = commandId === undefined ? undefined : platform.newId();
    const text = eventText(name, Object.keys(payload).length === 0 ? undefined : payload, id);
    let outcome: Promise<Outcome>;
    try {
      ({ outcome } = this.connection.send(
        text,
        id === undefined ? {} : { id, awaitsAck: true, resend: true },
      ));
    } catch (error) {
      if (!isSwitchboardError(error)) throw error;
      // No room, or no connection any more: the answer is lost, as `evicted` says.
      outcome = Promise.resolve("evicted");
    }
    this.#events.emit("answer", { ...command, failure, outcome });
  }
}

/** Brings commands to monitors and answers to users: puts the book, the writer, the deadlines and the people together. */
import {
  type Connection,
  isSwitchboardError,
  type Log,
  Projection,
  type ServiceContext,
  SwitchboardError,
} from "../../kit/index.ts";
import { refusal } from "./capacity.ts";
import { type Change, CommandBook, outcomeOf } from "./command-book.ts";
import type { Queued, Sent } from "./command-event.ts";
import { CommandWriter } from "./command-writer.ts";
import type { DevicesConfig } from "./config.ts";
import type { DevicesContract } from "./contract.ts";
import { Deadlines } from "./deadlines.ts";
import type { KeyEntry } from "./idempotency-keys.ts";
import { leaseKey } from "./monitor-id.ts";
import type { Monitors } from "./monitors.ts";
import type { Roster } from "./roster.ts";
import {
  type Answer,
  answered,
  type Commands,
  cancelled,
  deadlineMs,
  drop,
  due,
  isOver,
  type Situation,
} from "./rules.ts";
import type { Users } from "./users.ts";

type Context = ServiceContext<DevicesContract, DevicesConfig>;

/** A command as it was sent, with the sender's wishes where it had any. */
export interface Wish {
  readonly command: string;
  readonly wait_ms?: number | null | undefined;
  readonly answer_ms?: number | null | undefined;
  readonly retry?: boolean | null | undefined;
  readonly idempotency_key?: string | null | undefined;
}

export interface DispatchParts {
  readonly context: Context;
  readonly log: Log;
  readonly roster: Roster;
  readonly monitors: Monitors;
  readonly users: Users;
}

/** After something could not be stored, it is tried again so much later. */
const storeAgainMs = 1000;

/**
 * Everybody is told of a command from the log, in its order: the sender that it is queued, the monitor that it is sent, the users
 * of its end. So `command ok` comes first, nothing is told that is not stored, and it does not matter who is on which node.
 */
export class Dispatch {
  readonly #parts: DispatchParts;
  readonly #book: CommandBook;
  readonly #writer: CommandWriter;
  readonly #deadlines: Deadlines;
  /** Since when (ms since 1970) no node has a monitor that has commands in its hands. */
  readonly #absentSinceMs = new Map<string, number>();
  #projection: Projection | undefined;
  /** The log takes nothing at the moment: said once. */
  #isStuck = false;

  private constructor(parts: DispatchParts) {
    const { context, log } = parts;
    this.#parts = parts;
    this.#book = new CommandBook(context.config, (change) => this.#take(change));
    this.#deadlines = new Deadlines(context.clock, (subject) => this.#writer.advance(subject));
    this.#writer = new CommandWriter({
      log,
      background: context.background,
      monitor: (subject) => this.#book.monitor(subject),
      due: (subject, commands) => due(commands, this.#situation(subject), context.config),
      refusal: (subject, event, alsoQueued) =>
        refusal(this.#book, context.config, subject, event, alsoQueued),
      settled: (subject) => {
        this.#isStuck = false;
        this.#setDeadline(subject);
      },
      failed: (subject, error) => this.#notStored(subject, error),
    });
  }

  /** Resolves when the state is that of the log; what is overdue is being looked after. */
  static async open(parts: DispatchParts): Promise<Dispatch> {
    const dispatch = new Dispatch(parts);
    dispatch.#projection = await Projection.open(parts.log, dispatch.#book);
    for (const subject of dispatch.#book.subjects()) dispatch.rosterChanged(subject);
    return dispatch;
  }

  /**
   * Stores a command; resolves to its id when its sender, if it is a connection, has been told `command ok`. Rejects with `too_large`,
   * `over_capacity` or what the log says.
   */
  async send(subject: string, wish: Wish, sender: Connection | undefined): Promise<string> {
    const { config, newId } = this.#parts.context;
    const { command, idempotency_key: key } = wish;
    if (command.length > config.maxCommandLength) {
      throw new SwitchboardError(
        "too_large",
        `too_large: the command has ${command.length} characters, at most ${config.maxCommandLength} are taken (services.devices.maxCommandLength)`,
      );
    }
    const known = this.#known(subject, key);
    if (known !== undefined) return this.#sentAgain(subject, known.commandId, known, sender);
    const event: Queued = {
      type: "queued",
      command_id: newId(),
      command,
      sender: sender?.id ?? null,
      wait_ms: await this.#waitMs(subject, wish.wait_ms ?? config.waitMs),
      answer_ms: wish.answer_ms ?? config.answerMs,
      retries: wish.retry === true ? config.retries : 0,
      ...(key === undefined || key === null ? {} : { idempotency_key: key }),
    };
    const id = await this.#writer.queue(subject, event);
    return id === event.command_id
      ? id
      : this.#sentAgain(subject, id, this.#known(subject, key), sender);
  }

  /**
   * A monitor's answer; resolves when it is stored. Resolves to false if it is about no command in its hands. The device will not say
   * it again, so while the log is unavailable it is tried again until `isWanted` is false: then it rejects.
   */
  async answer(subject: string, answer: Answer, isWanted: () => boolean): Promise<boolean> {
    let { commandId } = answer;
    for (;;) {
      try {
        return await this.#writer.take(subject, (commands) => {
          const event = answered(commands, { ...answer, commandId });
          // It is about that command from now on, whatever is decided again: it may have been stored after all.
          commandId = event?.command_id ?? commandId;
          return event === undefined ? [] : [event];
        });
      } catch (error) {
        if (!isSwitchboardError(error, "log_unavailable") || !isWanted()) throw error;
        await new Promise<void>((resolve) =>
          this.#parts.context.clock.after(storeAgainMs, resolve),
        );
      }
    }
  }

  /** Takes back a command that was not yet sent; resolves to whether there was one. */
  async cancel(subject: string, commandId: string): Promise<boolean> {
    await this.caughtUp(subject);
    return this.#writer.take(subject, (commands) => {
      const event = cancelled(commands, commandId);
      return event === undefined ? [] : [event];
    });
  }

  /**
   * Resolves when this node knows all that was stored about a monitor before the call. Who gets a monitor's id waits for it: what the
   * node before has handed over is in the monitor's hands.
   */
  async caughtUp(subject: string): Promise<void> {
    const { log } = this.#parts;
    await log.caughtUp(await log.last(subject));
  }

  /** The monitor has gone: settles what was in its hands. If that cannot be stored now, `restartGraceMs` will settle it. */
  async dropped(subject: string, connection?: string): Promise<void> {
    try {
      await this.#writer.take(subject, (commands) => drop(commands, connection));
    } catch (error) {
      if (!isSwitchboardError(error)) throw error;
      this.#parts.context.logger.warn(
        { service: "devices", subject, code: error.code },
        "a monitor's drop could not be stored",
      );
    }
  }

  /** A monitor has come to, or gone from, a node. If it is here, what waits for it is handed over. */
  rosterChanged(subject: string): void {
    this.#setDeadline(subject);
    if (this.#parts.monitors.at(subject) !== undefined) this.#writer.advance(subject);
  }

  async stop(): Promise<void> {
    await this.#projection?.close();
  }

  /** The follow of the log must go on whatever happens here. */
  #take(change: Change): void {
    try {
      this.#changed(change);
    } catch (error) {
      this.#parts.context.logger.error(
        { service: "devices", subject: change.subject, err: error },
        "a change could not be told",
      );
    }
  }

  #changed(change: Change): void {
    const { subject, event, now, live } = change;
    if (live) this.#tell(change);
    if (isOver(now.life)) this.#parts.users.over(now.id);
    if (!live) return;
    if (this.#book.monitor(subject) === undefined) {
      this.#deadlines.delete(subject);
      this.#absentSinceMs.delete(subject);
      return;
    }
    const atMs = deadlineMs(now);
    if (atMs !== undefined) this.#deadlines.atMost(subject, atMs);
    if (event.type === "sent") {
      // Absent or not, it was not so before.
      this.#absentSinceMs.delete(subject);
      if (!this.#isPresent(subject)) this.#setDeadline(subject);
    }
    if (this.#parts.monitors.at(subject) !== undefined) this.#writer.advance(subject);
  }

  #tell({ subject, event, before, now }: Change): void {
    const { users } = this.#parts;
    if (event.type === "queued") {
      users.accepted(event.command_id, event.sender);
    } else if (event.type === "sent") {
      this.#handOver(subject, event, before?.text ?? "");
    } else {
      const outcome = outcomeOf(event, now.life);
      if (outcome !== undefined) users.tell(subject, event.command_id, outcome);
    }
  }

  #handOver(subject: string, { command_id, connection, session }: Sent, command: string): void {
    const { context, monitors } = this.#parts;
    const seat = monitors.byConnection(connection);
    if (seat !== undefined && !seat.connection.isClosed)
      context.send(seat.connection, "command do", { command, command_id });
    // It went while this was being stored: the monitor never gets it.
    else if (session === context.session.id)
      context.background(() => this.dropped(subject, connection));
  }

  #situation(subject: string): Situation {
    const { context, monitors } = this.#parts;
    const seat = monitors.at(subject);
    const isHere = seat !== undefined && !seat.connection.isClosed;
    return {
      nowMs: context.clock.now(),
      holder: isHere ? { connection: seat.connection.id, session: context.session.id } : undefined,
      absentSinceMs: this.#absentSinceMs.get(subject),
    };
  }

  /** The monitors that have commands without an end. */
  openSubjects(): Iterable<string> {
    return this.#book.subjects();
  }

  /** A monitor's commands without an end, in the order of sending. */
  openCommands(subject: string): Commands {
    return this.#book.monitor(subject)?.commands ?? new Map();
  }

  #isPresent(subject: string): boolean {
    return this.#parts.monitors.at(subject) !== undefined || this.#parts.roster.has(subject);
  }

  #noteAbsence(subject: string): void {
    const commands = this.#book.monitor(subject)?.commands;
    const matters = commands !== undefined && !this.#isPresent(subject) && someInHands(commands);
    if (!matters) this.#absentSinceMs.delete(subject);
    else if (!this.#absentSinceMs.has(subject))
      this.#absentSinceMs.set(subject, this.#parts.context.clock.now());
  }

  /** The next time at which something is due by itself, if that is earlier than was thought. */
  #setDeadline(subject: string): void {
    const commands = this.#book.monitor(subject)?.commands;
    if (commands === undefined) return;
    this.#noteAbsence(subject);
    const absentSinceMs = this.#absentSinceMs.get(subject) ?? Number.POSITIVE_INFINITY;
    let atMs = absentSinceMs + this.#parts.context.config.restartGraceMs;
    for (const command of commands.values()) atMs = Math.min(atMs, deadlineMs(command) ?? atMs);
    if (atMs < Number.POSITIVE_INFINITY) this.#deadlines.atMost(subject, atMs);
  }

  #notStored(subject: string, error: unknown): void {
    if (isSwitchboardError(error, "log_closed")) return;
    const { clock, logger } = this.#parts.context;
    if (!this.#isStuck)
      logger.warn(
        { service: "devices", subject, err: error },
        "what is due cannot be stored: trying again every second",
      );
    this.#isStuck = true;
    this.#deadlines.atMost(subject, clock.now() + storeAgainMs);
  }

  /** For a monitor that is there, the wait is long enough to hand it over. */
  async #waitMs(subject: string, waitMs: number): Promise<number> {
    const { config, leases } = this.#parts.context;
    const longerMs = Math.max(waitMs, config.handOverMs);
    if (this.#isPresent(subject)) return longerMs;
    if (waitMs > 0) return waitMs;
    // What fails at once is worth a look past the roster, which may be behind.
    const holders = await leases.list(leaseKey(subject));
    return holders.some(({ key }) => key === leaseKey(subject)) ? longerMs : waitMs;
  }

  #known(subject: string, key: string | null | undefined): KeyEntry | undefined {
    return key === undefined || key === null
      ? undefined
      : this.#book.keys.get(subject, key, this.#parts.context.clock.now());
  }

  #sentAgain(
    subject: string,
    commandId: string,
    entry: KeyEntry | undefined,
    sender: Connection | undefined,
  ): string {
    const isOpen = this.#book.monitor(subject)?.commands.has(commandId) === true;
    if (sender !== undefined)
      this.#parts.users.acceptedAgain(commandId, sender, entry?.outcome, isOpen);
    return commandId;
  }
}

function someInHands(commands: Commands): boolean {
  for (const { life } of commands.values()) if (life.inHands) return true;
  return false;
}

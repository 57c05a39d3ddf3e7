/** Stores what happens to commands: one append at a time for each monitor, so that a node does not conflict with itself. */
import {
  isSwitchboardError,
  type Log,
  type NewEvent,
  SwitchboardError,
  subjectToken,
} from "../../kit/index.ts";
import type { Monitor } from "./command-book.ts";
import { type CommandEvent, parseEvent, printEvent, type Queued } from "./command-event.ts";
import type { Commands } from "./rules.ts";

/** What the writer needs. */
export interface CommandWriterParts {
  readonly log: Log;
  /** The monitor's open commands, as far as this node knows. */
  monitor(subject: string): Monitor | undefined;
  /** What is due now for a monitor. */
  due(subject: string, commands: Commands): readonly CommandEvent[];
  /** Why no more of these can be taken for a monitor that so many wait for; undefined if they can. */
  refusal(subject: string, event: Queued, alsoQueued: number): SwitchboardError | undefined;
  /** What was due has been stored. */
  settled(subject: string): void;
  /** What is due could not be stored. */
  failed(subject: string, error: unknown): void;
  /** Runs work that nobody waits for. */
  background(work: () => Promise<void>): void;
}

type Decide = (commands: Commands) => readonly CommandEvent[];

interface Waiting<T> {
  readonly resolve: (value: T | Promise<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** What is to be done for one monitor; exists only while there is something. */
interface Lane {
  sends: ({ readonly event: Queued } & Waiting<string>)[];
  steps: ({ readonly decide: Decide } & Waiting<boolean>)[];
  due: boolean;
}

/**
 * Commands are stored unconditionally: that somebody has sent one depends on nothing. All that came while the append before
 * was under way go into one append. Every other step is decided from the book and stored on condition that the book knew
 * the monitor's last event; after a conflict it is decided again. So two nodes never take the same step twice.
 */
export class CommandWriter {
  readonly #parts: CommandWriterParts;
  readonly #lanes = new Map<string, Lane>();

  constructor(parts: CommandWriterParts) {
    this.#parts = parts;
  }

  /**
   * Stores a command. Resolves, when it can be read and everything else has been told of it, to the command_id that counts: an
   * earlier one's if that had the same key. Rejects with `over_capacity`, or with what the log says.
   */
  queue(subject: string, event: Queued): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#lane(subject).sends.push({ event, resolve, reject });
    });
  }

  /**
   * Takes a step that depends on the present state. Resolves, when it can be read, to whether there was one to take. It must be decided
   * as one event, or so that what is decided again after it was stored in part is the rest.
   */
  take(subject: string, decide: Decide): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#lane(subject).steps.push({ decide, resolve, reject });
    });
  }

  /** Has what is due looked at, now or after what is under way. */
  advance(subject: string): void {
    this.#lane(subject).due = true;
  }

  #lane(subject: string): Lane {
    const present = this.#lanes.get(subject);
    if (present !== undefined) return present;
    const lane: Lane = { sends: [], steps: [], due: false };
    this.#lanes.set(subject, lane);
    this.#parts.background(() => this.#run(subject, lane));
    return lane;
  }

  async #run(subject: string, lane: Lane): Promise<void> {
    // The caller puts in first what it has.
    await Promise.resolve();
    while (lane.sends.length > 0 || lane.steps.length > 0 || lane.due) {
      const { sends, steps } = lane;
      lane.sends = [];
      lane.steps = [];
      if (sends.length > 0) await this.#store(subject, sends);
      for (const { decide, resolve, reject } of steps)
        await this.#decide(subject, decide).then(resolve, reject);
      if (lane.due && lane.steps.length === 0) await this.#catchUp(subject, lane);
    }
    this.#lanes.delete(subject);
  }

  async #catchUp(subject: string, lane: Lane): Promise<void> {
    lane.due = false;
    try {
      await this.#decide(subject, (commands) => this.#parts.due(subject, commands));
      this.#parts.settled(subject);
    } catch (error) {
      lane.due = false;
      this.#parts.failed(subject, error);
    }
  }

  async #store(subject: string, sends: Lane["sends"]): Promise<void> {
    const taken: Lane["sends"] = [];
    for (const send of sends) {
      const refusal = this.#parts.refusal(subject, send.event, taken.length);
      if (refusal === undefined) taken.push(send);
      else send.reject(refusal);
    }
    if (taken.length === 0) return;
    const { log } = this.#parts;
    try {
      const stored = await log.append(
        subject,
        taken.map(({ event }) => newEvent(subject, event)),
      );
      await log.caughtUp(Math.max(...stored.map(({ offset }) => offset)));
      for (const [nth, { event, resolve }] of taken.entries()) {
        const at = stored[nth];
        resolve(at?.duplicate === true ? this.#idAt(subject, at.offset) : event.command_id);
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  }

  /** The command that was queued at an offset. */
  async #idAt(subject: string, offset: number): Promise<string> {
    const { events } = await this.#parts.log.read(subject, offset - 1, { limit: 1 });
    const event = events[0] === undefined ? undefined : parseEvent(events[0].data);
    if (event === undefined)
      throw new SwitchboardError(
        "conflict",
        "the first command with this idempotency_key is no more: use another key",
      );
    return event.command_id;
  }

  async #decide(subject: string, decide: Decide): Promise<boolean> {
    const { log, monitor } = this.#parts;
    for (;;) {
      const known = monitor(subject);
      const events = known === undefined ? [] : decide(known.commands);
      if (known === undefined || events.length === 0) return false;
      try {
        const stored = await log.append(
          subject,
          events.map((event) => ({ data: printEvent(event) })),
          { expect: known.last },
        );
        await log.caughtUp(stored.at(-1)?.offset ?? 0);
        return true;
      } catch (error) {
        if (!isSwitchboardError(error, "log_conflict")) throw error;
        await log.caughtUp(Number(error.details.last));
      }
    }
  }
}

/** With a key the engine itself sees to it that two nodes do not store it twice; later the memory of keys does. */
function newEvent(subject: string, event: Queued): NewEvent {
  const data = printEvent(event);
  return event.idempotency_key === undefined
    ? { data }
    : { data, id: `${subject}.${subjectToken(event.idempotency_key)}` };
}

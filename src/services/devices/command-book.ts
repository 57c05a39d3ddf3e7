/** All commands that have no end yet, by monitor: folded from the log, the same on every node. */
import type { Fold, LogEvent } from "../../kit/index.ts";
import { type CommandEvent, parseEvent } from "./command-event.ts";
import { IdempotencyKeys, type KeyBounds, type Outcome } from "./idempotency-keys.ts";
import {
  after,
  type Command,
  type Commands,
  isOver,
  type Life,
  newCommand,
  step,
} from "./rules.ts";

/** What has just happened to a command. */
export interface Change {
  readonly subject: string;
  readonly event: CommandEvent;
  /** As it was before; undefined for `queued`. */
  readonly before: Command | undefined;
  readonly now: Command;
  /** False while the history is folded at the start. */
  readonly live: boolean;
}

/** A monitor's commands, and the offset up to which its subject is known. */
export interface Monitor {
  readonly commands: Commands;
  readonly last: number;
}

interface Entry {
  readonly commands: Map<string, Command>;
  last: number;
}

/** A monitor without open commands takes no memory. */
export class CommandBook implements Fold {
  readonly keys: IdempotencyKeys;
  readonly #monitors = new Map<string, Entry>();
  readonly #changed: (change: Change) => void;
  #size = 0;
  #heldLength = 0;

  /** `changed` is called after each step that the rules allow; it must not throw. */
  constructor(bounds: KeyBounds, changed: (change: Change) => void) {
    this.keys = new IdempotencyKeys(bounds);
    this.#changed = changed;
  }

  /** Commands without an end, of all monitors. */
  get size(): number {
    return this.#size;
  }

  /** UTF-16 units of all commands that may have to be handed over yet. */
  get heldLength(): number {
    return this.#heldLength;
  }

  /** The monitors that have open commands. */
  subjects(): IterableIterator<string> {
    return this.#monitors.keys();
  }

  /** Undefined if the monitor has no open commands. */
  monitor(subject: string): Monitor | undefined {
    return this.#monitors.get(subject);
  }

  event({ subject, data, offset, timeMs }: LogEvent, live: boolean): void {
    const entry = this.#monitors.get(subject) ?? { commands: new Map(), last: 0 };
    entry.last = offset;
    const event = parseEvent(data);
    if (event === undefined) return;
    const before = entry.commands.get(event.command_id);
    const life = step(before?.life, event);
    if (life === undefined) return;
    const now = this.#next(before, event, life, { offset, timeMs });
    if (now === undefined) return;
    this.#keep(subject, entry, before, now);
    this.#remember(subject, event, now, timeMs);
    this.#changed({ subject, event, before, now, live });
  }

  #next(
    before: Command | undefined,
    event: CommandEvent,
    life: Life,
    at: { offset: number; timeMs: number },
  ): Command | undefined {
    if (before !== undefined) return after(before, event, life, at);
    return event.type === "queued" ? newCommand(event, life, at.timeMs) : undefined;
  }

  #keep(subject: string, entry: Entry, before: Command | undefined, now: Command): void {
    this.#heldLength += now.text.length - (before?.text.length ?? 0);
    if (before === undefined) this.#size++;
    if (isOver(now.life)) {
      this.#size--;
      entry.commands.delete(now.id);
    } else {
      entry.commands.set(now.id, now);
    }
    if (entry.commands.size === 0) this.#monitors.delete(subject);
    else this.#monitors.set(subject, entry);
  }

  #remember(subject: string, event: CommandEvent, now: Command, timeMs: number): void {
    if (now.key === undefined) return;
    const outcome = outcomeOf(event, now.life);
    if (event.type === "queued") this.keys.add(subject, now.key, now.id, timeMs);
    else if (outcome !== undefined) this.keys.end(subject, now.key, now.id, outcome);
  }
}

/** What users are told after an event; undefined if nothing. */
export function outcomeOf(event: CommandEvent, { late }: Life): Outcome | undefined {
  if (event.type === "done") return { done: true, reason: "", late };
  if (event.type === "failed") return { done: false, reason: event.reason, late };
  return event.type === "expired" || event.type === "cancelled"
    ? { done: false, reason: event.type, late }
    : undefined;
}

/** A monitor's commands, read on and on: the newest of each status. */
import { isOver, type ListedCommand, type Status, statuses } from "./listed-command.ts";

/** Of one status. */
const mostKept = 500;

/** What the server gives at once. */
export const pageLength = 1000;

/**
 * The server lists commands in the order of sending, from an offset on. What has ended changes no more, so that when the end of the list is
 * reached it is read again from the oldest that has none. (An expired one may still be answered late: see `reopen`.)
 */
export class CommandHistory {
  readonly #byStatus = new Map<Status, Map<string, ListedCommand>>(
    statuses.map((status) => [status, new Map()]),
  );
  #after = 0;
  /** The highest offset that was read. */
  #last = 0;

  /** Where to read on. */
  get after(): number {
    return this.#after;
  }

  /** An answer to a question with `after`. */
  take(page: readonly ListedCommand[]): void {
    for (const command of page) {
      for (const commands of this.#byStatus.values()) commands.delete(command.command_id);
      const alike = this.#byStatus.get(command.status);
      if (alike === undefined) continue;
      alike.set(command.command_id, command);
      const [oldest] = alike.keys();
      // What is open is bounded by the server, and has to be known.
      if (isOver(command) && alike.size > mostKept && oldest !== undefined) alike.delete(oldest);
    }
    const last = page.at(-1)?.offset ?? this.#last;
    this.#last = Math.max(this.#last, last);
    const open = [...this.list("queued"), ...this.list("sent")].map(({ offset }) => offset - 1);
    this.#after = page.length >= pageLength ? last : Math.min(this.#last, ...open);
  }

  /** What the list says of this command is old, though it has ended: it is read again. */
  reopen(commandId: string): void {
    const command = this.find(commandId);
    if (command !== undefined) this.#after = Math.min(this.#after, command.offset - 1);
  }

  /** The newest first; `status` undefined: all. */
  list(status: Status | undefined): readonly ListedCommand[] {
    const chosen =
      status === undefined
        ? [...this.#byStatus.values()]
        : [this.#byStatus.get(status) ?? new Map<string, ListedCommand>()];
    return chosen.flatMap((commands) => [...commands.values()]).sort((a, b) => b.offset - a.offset);
  }

  find(commandId: string): ListedCommand | undefined {
    for (const commands of this.#byStatus.values()) {
      const found = commands.get(commandId);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

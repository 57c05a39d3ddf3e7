/** Which monitors are connected, on all nodes: folded from their leases. */
import type { Holder, LeaseChange } from "../../kit/index.ts";
import { leasePrefix } from "./monitor-id.ts";

/** What a monitor's lease says. */
export interface Place {
  readonly monitor_id: string;
  /** Id of its connection. */
  readonly connection: string;
  /** ms since 1970 of its `con`. */
  readonly since: number;
}

/** A connected monitor, and the session of its node. */
export interface Present extends Place {
  readonly session: string;
}

export function printPlace(place: Place): string {
  return JSON.stringify(place);
}

/** What a lease's holder said of itself; the value is ours. */
export function placeOf({ value, session }: Holder): Present {
  return { ...(JSON.parse(value) as Place), session };
}

/** By subject. May be behind by what is under way to this node. */
export class Roster {
  readonly #present = new Map<string, Present>();

  /** Returns the subject that it is about. */
  apply({ key, holder }: LeaseChange): string {
    const subject = key.slice(leasePrefix.length);
    if (holder === null) this.#present.delete(subject);
    else this.#present.set(subject, placeOf(holder));
    return subject;
  }

  has(subject: string): boolean {
    return this.#present.has(subject);
  }

  get(subject: string): Present | undefined {
    return this.#present.get(subject);
  }

  /** With their subjects. */
  entries(): IterableIterator<[subject: string, present: Present]> {
    return this.#present.entries();
  }
}

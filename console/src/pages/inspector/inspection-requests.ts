/** What was asked of the inspector and has not been answered: whose an answer is. */
import type { Inspecting } from "./inspector-messages.ts";

/** What is to be inspected. */
export type Target = { readonly connection: string } | { readonly nextOf: string };

/**
 * The server answers in order, but an answer does not say which request it is to: a refusal is to the oldest one. The waiting for a next
 * connection has no answer until one comes, so it is taken out when it is ended.
 */
export class InspectionRequests {
  /** Oldest first; each is answered, so as long as what was asked within a round trip. */
  #open: readonly Target[] = [];

  asked(target: Target): void {
    this.#open = [...this.#open, target];
  }

  /** All inspections were ended: those of connections are answered nevertheless. */
  ended(): void {
    this.#open = this.#open.filter((target) => "connection" in target);
  }

  /** The socket is a new one: nothing that was asked before is answered any more. */
  reset(): void {
    this.#open = [];
  }

  /** Takes out the request that an `inspecting` answers. Whether it is the one asked last, which alone is still wanted. */
  began({ connection, service }: Inspecting): boolean {
    const named = this.#open.findIndex(
      (target) => "connection" in target && target.connection === connection,
    );
    const at =
      named >= 0
        ? named
        : this.#open.findIndex((target) => "nextOf" in target && target.nextOf === service);
    return at >= 0 && this.#answered(at);
  }

  /** Takes out the request that was refused: the oldest. Whether it is the one asked last. */
  refused(): boolean {
    return this.#open.length > 0 && this.#answered(0);
  }

  #answered(at: number): boolean {
    const isLast = at === this.#open.length - 1;
    this.#open = this.#open.toSpliced(at, 1);
    return isLast;
  }
}

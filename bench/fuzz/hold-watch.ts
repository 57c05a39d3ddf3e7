/** Asks the server's probe again and again for how long the event loop was held, and by what. */
import { setTimeout as wait } from "node:timers/promises";
import type { WatchedServer } from "../watch/watched-server.ts";
import type { Load } from "./load.ts";
import { bounds } from "./rules.ts";

const everyMs = 250;

/** How many holds are kept with their conversations. */
const maxKept = 3;

/** One time that the loop was held for too long. */
export interface Hold {
  readonly ms: number;
  /** The conversations that were under way, or had just ended. */
  readonly conversations: readonly number[];
}

export class HoldWatch {
  readonly holds: Hold[] = [];
  maxMs = 0;
  #ending = false;
  readonly #whenDone: Promise<void>;

  constructor(server: WatchedServer, load: Load) {
    this.#whenDone = this.#run(server, load);
  }

  async stop(): Promise<void> {
    this.#ending = true;
    await this.#whenDone;
  }

  async #run(server: WatchedServer, load: Load): Promise<void> {
    while (!this.#ending && server.ended === undefined) {
      // Those that are there when the question is asked: the answer comes after the hold.
      const asked = new Set([...load.recent, ...load.running]);
      try {
        const { maxHoldMs } = await server.ask("holds");
        this.maxMs = Math.max(this.maxMs, maxHoldMs);
        if (maxHoldMs > bounds.holdMs && this.holds.length < maxKept) {
          const conversations = [...new Set([...asked, ...load.recent, ...load.running])];
          this.holds.push({ ms: maxHoldMs, conversations });
        }
      } catch {
        return;
      }
      await wait(everyMs);
    }
  }
}

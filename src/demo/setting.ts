/** What every participant is handed: where the server is, what time it is, and when to come to an end. */
import type { Clock } from "../kit/index.ts";
import { Changes } from "./changes.ts";

/** How long a participant waits for an answer before it counts as missed. Far above what is ever needed on a busy machine. */
export const answerDeadlineMs = 10_000;

/** One for all participants of a run. */
export class Setting {
  /** `http://127.0.0.1:7400` */
  readonly url: string;
  readonly clock: Clock;
  readonly #changes: Changes;
  #ending = false;

  constructor(url: string, clock: Clock) {
    this.url = url;
    this.clock = clock;
    this.#changes = new Changes(clock);
  }

  /** The same address for WebSockets. */
  get wsUrl(): string {
    return this.url.replace(/^http/, "ws");
  }

  /** True from `end` on: begin nothing new, wait for the answers to what you have begun, leave. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Lets everybody come to an end. A second call does nothing. */
  end(): void {
    this.#ending = true;
    this.#changes.notify();
  }

  /** Resolves after `ms`, or at the end if that comes first. */
  async pause(ms: number): Promise<void> {
    await this.#changes.until(() => this.#ending, ms);
  }
}

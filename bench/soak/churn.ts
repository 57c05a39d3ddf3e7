/** Clients of every service that join, do what they are for, leave, and come back, all the time. */
import { setTimeout as wait } from "node:timers/promises";
import { devicesBystander } from "../watch/bystander/devices-bystander.ts";
import {
  crowdBystander,
  experimentsBystander,
  lobbyBystander,
  nameAt,
  type Place,
  trackingBystander,
} from "../watch/bystander/text-bystanders.ts";
import type { Bystander } from "../watch/round-trips.ts";

const makers = [
  lobbyBystander,
  devicesBystander,
  experimentsBystander,
  trackingBystander,
  crowdBystander,
] as const;

/** How long a client may take for its whole stay. */
const stayMs = 30_000;

export class Churn {
  readonly #place: Place;
  readonly #clientsPerService: number;
  #stopping = false;
  #whenDone: Promise<unknown> = Promise.resolve();
  /** How many stays have been completed. */
  stays = 0;
  /** What went wrong for clients that did nothing wrong. */
  readonly faults: string[] = [];

  constructor(place: Place, clientsPerService: number) {
    this.#place = place;
    this.#clientsPerService = clientsPerService;
  }

  start(): void {
    this.#stopping = false;
    this.#whenDone = Promise.all(
      makers.flatMap((make) =>
        Array.from({ length: this.#clientsPerService }, (_, n) =>
          this.#again(make, { ...this.#place, name: `churn-${n}` }),
        ),
      ),
    );
  }

  /** Resolves when all have left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#whenDone;
  }

  async #again(make: (place: Place) => Bystander, place: Place): Promise<void> {
    while (!this.#stopping) {
      const client = make(place);
      const tooLong = new AbortController();
      try {
        await Promise.race([
          this.#stay(client),
          wait(stayMs, undefined, { signal: tooLong.signal }).then(() => {
            throw new Error(`its stay took more than ${stayMs} ms`);
          }),
        ]);
        this.stays++;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (this.faults.length < 20) this.faults.push(`${client.name}: ${text}`);
        await wait(500);
      } finally {
        tooLong.abort();
      }
      // Its samples begin anew with its next stay, so the ones of this stay must go.
      if (make === experimentsBystander) await this.#remove(nameAt(place));
    }
  }

  async #stay(client: Bystander): Promise<void> {
    let lost: string | undefined;
    await client.open((why) => {
      lost ??= why;
    });
    try {
      for (let n = 0; n < 3; n++) await client.once();
    } finally {
      await client.close();
    }
    if (lost !== undefined) throw new Error(lost);
  }

  async #remove(experiment: string): Promise<void> {
    const { url, token } = this.#place;
    const answer = await fetch(`${url}/experiments/${experiment}`, {
      method: "DELETE",
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    }).catch(() => undefined);
    await answer?.arrayBuffer();
  }
}

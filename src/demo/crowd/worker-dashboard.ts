/** A worker's page without a unit, which shows the worker's numbers live: how often others have put what the worker wrote first. */
import { Changes } from "../changes.ts";
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { TextLink } from "../text-link.ts";
import { count } from "../words.ts";

/** A worker's numbers. */
export interface WorkerStats {
  readonly num_cads: number;
  readonly num_rankings: number;
  readonly num_first_place: number;
}

export class WorkerDashboard implements Participant {
  readonly name: string;
  readonly worker: string;
  readonly #setting: Setting;
  readonly #expected: Expectation;
  readonly #changes: Changes;
  #link: TextLink | undefined;
  #shown: WorkerStats | undefined;
  #updates = 0;

  constructor(worker: string, setting: Setting) {
    this.name = `dashboard of ${worker}`;
    this.worker = worker;
    this.#setting = setting;
    this.#expected = new Expectation("numbers", setting.clock);
    this.#changes = new Changes(setting.clock);
  }

  async open(): Promise<void> {
    this.#link = await TextLink.open(
      `${this.#setting.wsUrl}/crowd?worker=${encodeURIComponent(this.worker)}`,
      {
        message: (message) => {
          if (message?.message === "set_worker_stats") {
            this.#updates++;
            this.#shown = message.stats as WorkerStats;
          } else
            this.#expected.fault(
              JSON.stringify(message)?.slice(0, 100) ?? "a message that is no JSON",
            );
          this.#changes.notify();
        },
        lost: (code, reason) =>
          this.#expected.fault(`the connection was closed with ${code} ${reason}`),
      },
    );
    this.#link.send({ message: "get_worker_stats" });
  }

  /** Waits until it shows these, without asking; then closes the page. */
  async close(last: WorkerStats): Promise<void> {
    const key = `the last numbers, ${shown(last)}`;
    this.#expected.due(key);
    if (await this.#changes.until(() => shown(this.#shown) === shown(last), answerDeadlineMs))
      this.#expected.seen(key);
    else this.#expected.fault(`it shows ${shown(this.#shown)} instead`);
    await this.#link?.leave();
  }

  saw(): string {
    return `${count(this.#updates, "update")}, in the end ${shown(this.#shown)}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }
}

function shown(stats: WorkerStats | undefined): string {
  return stats === undefined
    ? "nothing"
    : `${stats.num_cads} CADs, ${stats.num_rankings} rankings, ${stats.num_first_place} first places`;
}

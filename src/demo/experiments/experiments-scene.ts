/** Experiments: a sampler streams draws of the eight-schools model, three pages watch it, one of which loses its connection. */
import type { Participant, Scene } from "../participant.ts";
import type { Random } from "../random.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import { drawsPerChain, ExperimentPublisher } from "./experiment-publisher.ts";
import { ExperimentRun } from "./experiment-run.ts";
import { ExperimentViewer, type Figures } from "./experiment-viewer.ts";
import { SummaryReader } from "./summary-reader.ts";

/** How many experiments stay on the server; older ones are removed. */
const kept = 3;

/** The latecomer comes when so many draws of each chain are there. */
const lateDraws = 80;

const betweenRunsMs = 4000;

export class ExperimentsScene implements Scene {
  readonly service = "experiments";
  readonly about =
    "four chains stream draws of the eight-schools model; pages watch, one loses its connection, one comes late";
  readonly command: string;
  readonly participants: readonly Participant[];
  readonly #setting: Setting;
  readonly #prefix: string;
  readonly #publisher: ExperimentPublisher;
  readonly #dashboard: ExperimentViewer;
  readonly #phone: ExperimentViewer;
  readonly #latecomer: ExperimentViewer;
  readonly #summaryReader: SummaryReader;
  #run: ExperimentRun | undefined;
  #runs = 0;

  /** The experiments are called `PREFIX-1`, `PREFIX-2` and so on. */
  constructor(setting: Setting, random: Random, prefix: string) {
    this.#setting = setting;
    this.#prefix = prefix;
    this.#publisher = new ExperimentPublisher(setting, random);
    this.#dashboard = new ExperimentViewer({ name: "dashboard", summary: true }, setting);
    this.#phone = new ExperimentViewer(
      { name: "phone", variables: ["mu", "tau"], dropsEveryMs: 4000 },
      setting,
    );
    this.#latecomer = new ExperimentViewer({ name: "latecomer" }, setting);
    this.#summaryReader = new SummaryReader(setting);
    this.participants = [
      this.#publisher,
      this.#dashboard,
      this.#phone,
      this.#latecomer,
      this.#summaryReader,
    ];
    this.command = `curl -s ${setting.url}/experiments/${prefix}-1/summary`;
  }

  async play(): Promise<void> {
    while (!this.#setting.ending) {
      this.#runs++;
      await this.#play(new ExperimentRun(`${this.#prefix}-${this.#runs}`, this.#setting.clock));
      if (this.#runs > kept) await this.#publisher.remove(`${this.#prefix}-${this.#runs - kept}`);
      await this.#setting.pause(betweenRunsMs);
    }
  }

  line(): string {
    const drawn = this.#run?.valuesOf({ chain: "chain_1", variable: "mu" }).length ?? 0;
    const { mu, tau } = this.#dashboard.summary ?? {};
    const known =
      mu === undefined || tau === undefined
        ? ""
        : `: mu ${shown(mu)}, tau ${shown(tau)}, R-hat ${mu.r_hat?.toFixed(3) ?? "not known yet"}`;
    return `${this.#run?.xid}: ${drawn} of ${count(drawsPerChain, "draw")} of each chain${known}`;
  }

  async #play(run: ExperimentRun): Promise<void> {
    this.#run = run;
    const late = async () => {
      await run.until(
        () => run.valuesOf({ chain: "chain_1", variable: "mu" }).length >= lateDraws,
        Number.MAX_SAFE_INTEGER,
      );
      await this.#latecomer.watch(run);
    };
    await Promise.all([
      this.#publisher.publish(run),
      this.#dashboard.watch(run),
      this.#phone.watch(run),
      late(),
    ]);
    await this.#summaryReader.read(run);
  }
}

function shown({ mean, sd }: Figures): string {
  return `${mean.toFixed(1)} ± ${sd.toFixed(1)}`;
}

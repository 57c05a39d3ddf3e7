/** A running experiment: four chains of the sampler, published as the SDK of today's users does it. */
import { Expectation } from "../expectation.ts";
import { type Answer, demand } from "../http.ts";
import type { Participant } from "../participant.ts";
import type { Random } from "../random.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { TextLink } from "../text-link.ts";
import { count } from "../words.ts";
import { variables } from "./eight-schools.ts";
import type { ExperimentRun } from "./experiment-run.ts";
import { Sampler } from "./sampler.ts";

/** How many draws a chain has in the end. */
export const drawsPerChain = 400;

const chains = ["chain_1", "chain_2", "chain_3", "chain_4"];
const warmUpDraws = 500;
const drawsPerPost = 8;
const postEveryMs = 400;
const logEveryDraws = 80;

export class ExperimentPublisher implements Participant {
  readonly name = "sampler, 4 chains";
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #expected: Expectation;
  #posts = 0;
  #runs = 0;

  constructor(setting: Setting, random: Random) {
    this.#setting = setting;
    this.#random = random;
    this.#expected = new Expectation("acknowledgements", setting.clock);
  }

  /** Publishes a run to its end, which comes early if the setting ends. Rejects if the server does not take it. */
  async publish(run: ExperimentRun): Promise<void> {
    this.#runs++;
    try {
      await this.#greet(run);
      const samplers = chains.map((chain) => new Sampler(this.#random.for(`${run.xid} ${chain}`)));
      for (const sampler of samplers) sampler.warmUp(warmUpDraws);
      await this.#log(
        run,
        `eight schools: ${chains.length} chains, ${warmUpDraws} draws of warm-up each\n`,
      );
      for (let drawn = 0; drawn < drawsPerChain && !this.#setting.ending; drawn += drawsPerPost) {
        for (const [nth, sampler] of samplers.entries())
          draw(run, chains[nth] ?? "", sampler, drawsPerPost);
        await this.#postDraws(run, drawn + drawsPerPost);
        if ((drawn + drawsPerPost) % logEveryDraws === 0)
          await this.#log(run, `${drawn + drawsPerPost} draws of each chain\n`);
        await this.#setting.pause(postEveryMs);
      }
      await this.#log(run, "done\n");
      await this.#finish(run);
    } finally {
      run.end();
    }
  }

  /** Has the server forget an experiment. */
  async remove(xid: string): Promise<void> {
    await demand(`${this.#setting.url}/experiments/${xid}`, { method: "DELETE" });
  }

  saw(): string {
    return `${count(this.#posts, "post")} stored and acknowledged, in ${count(this.#runs, "experiment")}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  /** What the SDK asks and says before it samples. */
  async #greet(run: ExperimentRun): Promise<void> {
    await demand(this.#objectUrl(run), { headers: { authorization: "bearer demo" } });
    await this.#post(run, { object_type: "experiment" });
  }

  /** This publisher never clears what it has sent: each post holds all draws so far. The server drops what it has. */
  async #postDraws(run: ExperimentRun, drawn: number): Promise<void> {
    const vars = Object.fromEntries(
      chains.map((chain) => [
        chain,
        Object.fromEntries(
          variables.map((variable) => [variable, run.valuesOf({ chain, variable })]),
        ),
      ]),
    );
    // The third number has twenty digits and no meaning.
    const iteration = Object.fromEntries(
      chains.map((chain) => [chain, [1, drawn, 10_000_000_000_000_000_000]]),
    );
    const logs = { vars, iteration };
    await this.#post(run, {
      object_type: "experiment.protobuf_message",
      logs,
      batch_id: "batch-1",
      run_id: "run-1",
    });
  }

  async #log(run: ExperimentRun, text: string): Promise<void> {
    run.write(text);
    const message = { action: "experiment:output", data: text };
    const datas = [{ group: `object_${run.xid}`, type: "object_broadcast", message }];
    await this.#post(run, { object_type: "experiment.text_message", datas });
  }

  async #post(run: ExperimentRun, payload: object): Promise<void> {
    const key = `post ${this.#posts + 1}`;
    this.#expected.due(key);
    const answer = await demand(this.#objectUrl(run), {
      body: { payload },
      headers: { authorization: "bearer demo" },
    });
    if (!isOk(answer)) throw new Error(`a post was answered with ${answer.text.slice(0, 300)}`);
    this.#posts++;
    this.#expected.seen(key);
  }

  /** Says so on a WebSocket, where the server's echo tells that everything is stored. */
  async #finish(run: ExperimentRun): Promise<void> {
    const key = `the echo of the finish of ${run.xid}`;
    this.#expected.due(key);
    const link = await TextLink.open(`${this.#setting.wsUrl}/mcmc/ws/pub/object/${run.xid}`, {
      message: (message) => {
        if (message?.action === "experiment:control" && message.data === "finish")
          this.#expected.seen(key);
      },
    });
    link.send({ action: "experiment:control", data: "finish" });
    await this.#expected.settled(answerDeadlineMs);
    await link.leave();
  }

  #objectUrl(run: ExperimentRun): string {
    return `${this.#setting.url}/api/object/${run.xid}`;
  }
}

/** Draws, and writes it down. */
function draw(run: ExperimentRun, chain: string, sampler: Sampler, draws: number): void {
  for (let left = draws; left > 0; left--) {
    const values = sampler.draw();
    for (const [nth, variable] of variables.entries())
      run.add({ chain, variable }, values[nth] ?? Number.NaN);
  }
}

function isOk({ json }: Answer): boolean {
  return typeof json === "object" && json !== null && "status" in json && json.status === "ok";
}

/** `switchboard tail experiments`: an experiment's log and samples, as they come. */
import type { Command } from "commander";
import type { Diagnostics } from "../../client/experiments/index.ts";
import { addLiveOptions, type LiveOptions, LiveView } from "../live-view.ts";
import { serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";

interface TailExperimentsOptions extends LiveOptions {
  readonly variable?: readonly string[];
  readonly chain?: string;
  readonly summary?: true;
}

export function addTailExperiments(command: Command, surroundings: Surroundings): void {
  addLiveOptions(
    command
      .command("experiments")
      .description(
        "an experiment's log and names, and the samples of chosen variables from the first on; without variables it ends with the experiment",
      )
      .argument("<experiment>", "its id")
      .option(
        "--variable <name>",
        "samples of this variable; may be given again (* is all)",
        (name: string, before: readonly string[] = []) => [...before, name],
      )
      .option("--chain <name>", "of this chain only (default: of every one)")
      .option("--summary", "mean, quantiles, R-hat and ESS of each variable, as they change"),
  ).action((experiment: string, options: TailExperimentsOptions) =>
    tail(experiment, options, surroundings),
  );
}

async function tail(
  experiment: string,
  options: TailExperimentsOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { ExperimentViewer } = await import("../../client/experiments/index.ts");
  const server = serverOf(options, surroundings);
  const view = new LiveView(options, surroundings);
  const viewer = new ExperimentViewer(server.url, { experiment, ...tokenOption(server) });
  const wanted = new Set(options.variable);
  viewer.on("log", ({ text }) => {
    for (const line of text.split("\n"))
      if (line !== "") view.show(`log  ${line}`, { event: "log", text: line });
  });
  viewer.on("names", (chains) => {
    for (const { chain, names } of chains) {
      view.show(`names  ${chain}: ${names.join(", ")}`, { event: "names", chain, names });
      if (options.chain !== undefined && options.chain !== chain) continue;
      const chosen = names.filter((name) => wanted.has("*") || wanted.has(name));
      if (chosen.length > 0) viewer.subscribe(chain, chosen);
    }
  });
  viewer.on("samples", ({ chain, variable, from, values }) => {
    for (const [nth, value] of values.entries()) {
      const json = { event: "sample", chain, variable, index: from + nth, value };
      view.show(`${chain}  ${variable}[${from + nth}] = ${JSON.stringify(value)}`, json);
    }
  });
  viewer.on("gap", (gap) =>
    view.show(`gap  ${gap.chain}  ${gap.variable}: ${gap.from} up to before ${gap.to} are gone`, {
      event: "gap",
      ...gap,
    }),
  );
  viewer.on("reset", (reset) => view.show(`reset  ${reset.reason}`, { event: "reset", ...reset }));
  viewer.on("summary", (summary) => {
    for (const [variable, figures] of Object.entries(summary)) {
      view.show(`summary  ${variable}: ${lineOf(figures)}`, {
        event: "summary",
        variable,
        ...figures,
      });
    }
  });
  viewer.on("error", (error) =>
    view.show(`error  ${typeof error === "string" ? error : JSON.stringify(error)}`, {
      event: "error",
      error,
    }),
  );
  viewer.on("refused", ({ code, message }) => surroundings.remark(`refused: ${message} (${code})`));
  viewer.on("finish", () => {
    view.show("finished", { event: "finish" });
    // Of one that has finished before, the samples come only now.
    if (wanted.size === 0 && !options.summary) view.end();
  });
  if (options.summary) viewer.subscribeSummary();
  await view.run(viewer.connection);
}

function lineOf({ mean, sd, q5, q50, q95, r_hat, ess_bulk, draws, chains }: Diagnostics): string {
  const number = (value: number | null) => (value === null ? "–" : value.toPrecision(4));
  return `mean ${number(mean)}, sd ${number(sd)}, 5% ${number(q5)}, 50% ${number(q50)}, 95% ${number(q95)}, R-hat ${number(r_hat)}, ESS ${number(ess_bulk)}, ${chains} × ${draws} draws`;
}

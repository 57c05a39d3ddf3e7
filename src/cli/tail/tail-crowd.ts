/** `switchboard tail crowd`: a worker's numbers, as they change. */
import type { Command } from "commander";
import { addLiveOptions, type LiveOptions, LiveView } from "../live-view.ts";
import { serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";

export function addTailCrowd(command: Command, surroundings: Surroundings): void {
  addLiveOptions(
    command
      .command("crowd")
      .description("a worker's numbers, now and as they change")
      .argument("<worker>", "the worker's name"),
  ).action((worker: string, options: LiveOptions) => tail(worker, options, surroundings));
}

async function tail(
  workerName: string,
  options: LiveOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { CrowdDashboard } = await import("../../client/crowd/index.ts");
  const server = serverOf(options, surroundings);
  const view = new LiveView(options, surroundings);
  const dashboard = new CrowdDashboard(server.url, { workerName, ...tokenOption(server) });
  dashboard.on("stats", (stats) => {
    view.show(`${stats.cads} CADs, ${stats.rankings} rankings, ${stats.firstPlaces} first places`, {
      event: "stats",
      ...stats,
    });
  });
  dashboard.on("error", ({ code, message }) =>
    surroundings.remark(`refused: ${message} (${code})`),
  );
  await view.run(dashboard.connection);
}

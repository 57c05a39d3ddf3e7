/** `switchboard tail devices`: what becomes of a monitor's commands, whoever sent them. */
import type { Command } from "commander";
import type { CommandNews } from "../../client/devices/index.ts";
import { addLiveOptions, type LiveOptions, LiveView } from "../live-view.ts";
import { serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";

export function addTailDevices(command: Command, surroundings: Surroundings): void {
  addLiveOptions(
    command
      .command("devices")
      .description("the ends of a monitor's commands, whoever sent them")
      .argument("<monitor>", "its id"),
  ).action((monitor: string, options: LiveOptions) => tail(monitor, options, surroundings));
}

async function tail(
  monitorId: string,
  options: LiveOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { DeviceUser } = await import("../../client/devices/index.ts");
  const server = serverOf(options, surroundings);
  const view = new LiveView(options, surroundings);
  const user = new DeviceUser(server.url, { monitorId, watch: true, ...tokenOption(server) });
  const name = ({ commandId, late }: CommandNews) =>
    `command${commandId === undefined ? "" : ` ${commandId}`}${late ? " (late)" : ""}`;
  user.on("finish", (news) => view.show(`${name(news)} done`, { event: "finish", ...news }));
  user.on("failed", (news) =>
    view.show(`${name(news)} failed: ${news.reason}`, { event: "failed", ...news }),
  );
  await view.run(user.connection);
}

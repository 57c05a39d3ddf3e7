/** `switchboard send devices`: a command to a monitor, and what becomes of it. */
import type { Command } from "commander";
import { durationFlag } from "../duration.ts";
import { CommandFailed } from "../exit.ts";
import { addServerOptions, type ServerOptions, serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { opened } from "../waiting.ts";

interface SendDevicesOptions extends ServerOptions {
  readonly wait?: number;
  readonly answer?: number;
  readonly retry?: true;
  readonly json?: true;
}

export function addSendDevices(command: Command, surroundings: Surroundings): void {
  addServerOptions(
    command
      .command("devices")
      .description(
        "a command to a monitor: waits for its end; exits with 0 if it was done, else with 1",
      )
      .argument("<monitor>", "its id")
      .argument("<command...>", "what it shall do"),
  )
    .option(
      "--wait <duration>",
      "how long it may wait for a monitor that is away (default: the server's, 1m)",
      durationFlag,
    )
    .option(
      "--answer <duration>",
      "how long the monitor may take (default: the server's, 10m)",
      durationFlag,
    )
    .option(
      "--retry",
      "hand it over again if the monitor drops with it: only for what may be done twice",
    )
    .option("--json", "print JSON")
    .action((monitor: string, words: readonly string[], options: SendDevicesOptions) =>
      send(monitor, words.join(" "), options, surroundings),
    );
}

async function send(
  monitorId: string,
  text: string,
  options: SendDevicesOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { DeviceUser } = await import("../../client/devices/index.ts");
  const server = serverOf(options, surroundings);
  const user = new DeviceUser(server.url, { monitorId, ...tokenOption(server) });
  try {
    await opened(user.connection);
    const { wait: waitMs, answer: answerMs, retry } = options;
    const { result } = user.command(text, {
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(answerMs === undefined ? {} : { answerMs }),
      ...(retry === undefined ? {} : { retry }),
    });
    user.on("ok", () => surroundings.remark("the server has it"));
    const interrupted = new Promise<undefined>((resolve) =>
      surroundings.interrupted().addEventListener("abort", () => resolve(undefined)),
    );
    const end = await Promise.race([result, interrupted]);
    if (end === undefined) {
      surroundings.remark(
        "not waited for its end: switchboard export devices shows what became of it",
      );
      throw new CommandFailed(1);
    }
    surroundings.print(
      options.json
        ? JSON.stringify(end)
        : `${end.status}${end.reason === undefined ? "" : `: ${end.reason}`}`,
    );
    if (end.status !== "done") throw new CommandFailed(1);
  } finally {
    await user.close();
  }
}

/** `switchboard start`: runs the server until it is told to stop. */
import type { Command } from "commander";
import { type Logger, pino } from "pino";
import { loadConfig } from "../gateway/config/load-config.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { LogOutput } from "../gateway/log-output.ts";
import { installedServices } from "../gateway/services.ts";
import { messageOf } from "../wire/error.ts";
import { addAllOptions, type ConfigOptions, sourcesOf } from "./config-options.ts";
import type { Surroundings } from "./surroundings.ts";

/** `npm start` passes on a signal that the terminal has sent to all: what comes again so soon is the same one. */
const sameSignalMs = 200;

/** How long a reader of the log or of standard output that has stopped may hold the exit. */
const lastLinesMs = 500;

/** From the first signal on; a drain takes less. */
const longestLeavingMs = 9800;

const examples = `
Examples:
  $ switchboard start                                          on 127.0.0.1:7400, storing in ./data
  $ switchboard start --port 0 --data /var/lib/switchboard
  $ switchboard start --host 0.0.0.0 --set auth.enabled=true   for other machines (see switchboard token create)`;

/** Adds the command, the one that is meant when none is named. */
export function addStartCommand(program: Command, surroundings: Surroundings): Command {
  const start = program
    .command("start", { isDefault: true })
    .description("start the server; the command that is meant if none is named");
  start.addHelpText("after", examples);
  return addAllOptions(start).action((options: ConfigOptions) => run(options, surroundings));
}

async function run(options: ConfigOptions, surroundings: Surroundings): Promise<void> {
  const { config } = await loadConfig(installedServices, sourcesOf(options, surroundings));
  surroundings.leaveWithin(lastLinesMs);
  const logOutput = new LogOutput(config.log);
  const logger = pino(
    { level: config.log.level, timestamp: pino.stdTimeFunctions.isoTime },
    logOutput,
  );
  const exitNow = () => {
    logOutput.flushWithin(lastLinesMs);
    process.exit(1);
  };
  leaveOnFault(logger, surroundings, exitNow);
  const told = toldToStop(surroundings, exitNow);
  try {
    // Here, because the other commands are quicker without it.
    const { startGateway } = await import("../gateway/gateway.ts");
    const gateway = await startGateway(config, { services: installedServices, logger, logOutput });
    surroundings.print(readyLine(gateway.listeners));
    await told;
    await gateway.drain();
  } finally {
    await logOutput.drained(lastLinesMs);
  }
}

/** `Switchboard is ready at URL`, and behind it the service and URL of each further listener. */
function readyLine(listeners: Gateway["listeners"]): string {
  const [main, ...others] = listeners;
  const rest = others.map(({ url, service = "everything" }) => ` · ${service} ${url}`);
  return `Switchboard is ready at ${main?.url}${rest.join("")}`;
}

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once, and so does the end of the time to leave. */
function toldToStop(surroundings: Surroundings, exitNow: () => void): Promise<void> {
  return new Promise((resolve) => {
    let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
    const stop = (signal: NodeJS.Signals) => {
      if (first !== undefined) {
        if (first.signal !== signal || performance.now() - first.atMs > sameSignalMs) exitNow();
        return;
      }
      first = { signal, atMs: performance.now() };
      setTimeout(() => {
        surroundings.remark("error: could not leave in time: ended as it was");
        exitNow();
      }, longestLeavingMs).unref();
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}

/** What nobody has caught leaves the process in a state that nobody knows. */
function leaveOnFault(logger: Logger, surroundings: Surroundings, exitNow: () => void): void {
  process.on("uncaughtException", (error: unknown) => {
    logger.fatal({ err: error }, "uncaught error: the process ends");
    surroundings.remark(`error: unexpected: ${messageOf(error)}`);
    exitNow();
  });
}

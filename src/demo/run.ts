/** The demo: a server and simulated clients of all its services. */
import { isSwitchboardError, systemClock } from "../kit/index.ts";
import { messageOf } from "../wire/error.ts";
import { CrowdScene } from "./crowd/crowd-scene.ts";
import { DevicesScene } from "./devices/devices-scene.ts";
import { ExperimentsScene } from "./experiments/experiments-scene.ts";
import { type Flags, flagsIn, usage } from "./flags.ts";
import { LobbyScene } from "./lobby/lobby-scene.ts";
import type { Scene } from "./participant.ts";
import { Random } from "./random.ts";
import { type DemoServer, startServer } from "./server.ts";
import { Setting } from "./setting.ts";
import { play } from "./stage.ts";
import { summaryOf } from "./summary.ts";
import { TrackingScene } from "./tracking/tracking-scene.ts";

/** Output that may wait for its reader. */
const maxUnreadBytes = 1 << 20;

/** npm passes on a signal that the terminal has sent to all: what comes again so soon is the same one. */
const sameSignalMs = 500;

/**
 * Never rejects. 0: every client saw what it should have seen. 1: one did not, or the server could not start. 2: called wrongly. When `unread`
 * is aborted, which is when nobody reads its output any more, it comes to its end as at Ctrl-C.
 */
export async function runDemo(args: readonly string[], unread: AbortSignal): Promise<0 | 1 | 2> {
  let flags: Flags;
  try {
    flags = flagsIn(args);
  } catch (error) {
    remark(`error: ${messageOf(error)} (--help shows what there is)`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    return await show(flags, unread);
  } catch (error) {
    remark(`error: ${isSwitchboardError(error) ? "" : "unexpected: "}${messageOf(error)}`);
    return 1;
  }
}

async function show(flags: Flags, unread: AbortSignal): Promise<0 | 1> {
  const server = await startServer(flags.port, flags.data);
  try {
    const setting = new Setting(server.url, systemClock);
    const scenes = scenesOf(
      setting,
      new Random(flags.seed),
      flags.data === undefined ? "" : `-${systemClock.now().toString(36)}`,
    );
    print(introduction(server, scenes, flags));
    endWhenTold(setting, flags.seconds, unread);
    const results = await play({ setting, scenes, print });
    const { text, ok } = summaryOf(results);
    print(`What each client saw:\n\n${text}`);
    return ok ? 0 : 1;
  } finally {
    await server.stop();
  }
}

/** `mark`: makes what is stored under a name new, where others may have stored before. */
function scenesOf(setting: Setting, random: Random, mark: string): readonly Scene[] {
  return [
    new LobbyScene(setting, random.for("lobby")),
    new DevicesScene(setting, random.for("devices"), mark),
    new ExperimentsScene(setting, random.for("experiments"), `eight-schools${mark}`),
    new TrackingScene(setting, random.for("tracking")),
    new CrowdScene(setting, random.for("crowd"), mark),
  ];
}

function introduction(server: DemoServer, scenes: readonly Scene[], flags: Flags): string {
  const width = Math.max(...scenes.map(({ service }) => service.length));
  const until =
    flags.seconds === undefined
      ? "until you press Ctrl-C"
      : `for ${flags.seconds} s (Ctrl-C ends it earlier)`;
  return [
    `Switchboard is running at ${server.url} with simulated clients, ${until}.`,
    ...(flags.data === undefined ? [] : [`What it stores is kept in ${server.data}.`]),
    `Open ${server.url}/console/ in a browser to see it.`,
    "What goes on, and a command for another terminal to look at it, or to join in:",
    "",
    ...scenes.flatMap(({ service, about, command }) => [
      `  ${service.padEnd(width)}  ${about}`,
      `  ${" ".repeat(width)}  $ ${command}`,
    ]),
    "",
  ].join("\n");
}

/** Ends the setting after that many seconds, when nobody reads on, or at the first SIGINT or SIGTERM; a second one ends the process as it is. */
function endWhenTold(setting: Setting, seconds: number | undefined, unread: AbortSignal): void {
  if (unread.aborted) setting.end();
  unread.addEventListener("abort", () => setting.end());
  if (seconds !== undefined) setting.clock.after(seconds * 1000, () => setting.end());
  let toldAtMs: number | undefined;
  const stop = () => {
    const nowMs = setting.clock.monotonic();
    if (toldAtMs !== undefined && nowMs - toldAtMs > sameSignalMs) process.exit(1);
    if (toldAtMs !== undefined) return;
    toldAtMs = nowMs;
    setting.end();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** Drops the text while too much waits: a reader that has stopped must not fill the memory. */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.writableLength < maxUnreadBytes) stream.write(`${text}\n`);
}

function print(text: string): void {
  write(process.stdout, text);
}

function remark(text: string): void {
  write(process.stderr, text);
}

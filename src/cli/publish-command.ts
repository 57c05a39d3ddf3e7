/** `switchboard publish`: draws from a file or a pipe into an experiment. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Command, Option } from "commander";
import type { Publication, ExperimentPublisher as Publisher } from "../client/experiments/index.ts";
import { SwitchboardError } from "../wire/error.ts";
import { CommandFailed } from "./exit.ts";
import { Interruption } from "./interruption.ts";
import { ProgressLine } from "./progress-line.ts";
import type { SampleFormat, SampleRow } from "./sample-rows.ts";
import { addServerOptions, type ServerOptions, serverOf, tokenOption } from "./server-options.ts";
import type { Surroundings } from "./surroundings.ts";
import { over } from "./waiting.ts";

/** What was read before a failure is stored, if the server takes it in this time. */
const closeWithinMs = 10_000;

interface PublishOptions extends ServerOptions {
  readonly format?: SampleFormat;
  readonly chain: string;
  readonly run?: string;
  readonly outbox?: string;
  readonly log?: string;
  readonly finish: boolean;
}

const about = `
CSV: the first line names the variables; a column "chain" says which chain a row is of. JSON lines: {"mu":1.5,"tau":2} or {"chain":"1","mu":1.5}.
Every row is one draw of its chain. Only what the server has stored counts as published: the command waits while the server is away, and ends
with 0 when all of it is stored.

Examples:
  $ switchboard publish my-run draws.csv
  $ python sample.py | switchboard publish my-run --no-finish
  $ printf 'mu,tau\\n1.5,2\\n1.7,2.2\\n' | switchboard publish my-run`;

/** Adds the command. */
export function addPublishCommand(program: Command, surroundings: Surroundings): void {
  addServerOptions(program.command("publish").description("publish draws into an experiment, from a file or standard input"))
    .argument("<experiment>", "its id; one that does not exist is begun")
    .argument("[file]", "CSV or JSON lines (default: standard input)")
    .addOption(new Option("--format <format>", "csv or jsonl (default: by the first character)").choices(["csv", "jsonl"]))
    .option("--chain <name>", "the chain of rows that name none", "chain_default")
    .option(
      "--run <id>",
      "names this run: the same input can then be published again from its start, and nothing is stored twice (default: a new one)",
    )
    .option("--outbox <file>", "keep there what the server does not have yet: after a crash the next publish with it delivers that first")
    .option("--log <text>", "a line for the experiment's log, before the draws")
    .option("--no-finish", "do not say at the end that the experiment has ended")
    .addHelpText("after", about)
    .action((experiment: string, file: string | undefined, options: PublishOptions) => publish(experiment, file, options, surroundings));
}

async function publish(experiment: string, file: string | undefined, options: PublishOptions, surroundings: Surroundings): Promise<void> {
  // Here, because the other commands are quicker without it.
  const [{ ExperimentPublisher }, { FileOutboxStore }, { sampleRows }] = await Promise.all([
    import("../client/experiments/index.ts"),
    import("../client/file-store/index.ts"),
    import("./sample-rows.ts"),
  ]);
  const server = serverOf(options, surroundings);
  const input = file === undefined ? surroundings.input() : createReadStream(file);
  const size = file === undefined ? undefined : await sizeOf(file);
  const interruption = new Interruption(surroundings.interrupted());
  const store = options.outbox === undefined ? undefined : new FileOutboxStore(options.outbox);
  const publisher = new ExperimentPublisher(server.url, {
    experiment,
    ...(options.run === undefined ? {} : { runId: options.run }),
    ...(store === undefined ? {} : { outbox: { store } }),
    ...tokenOption(server),
  });
  const progress = new ProgressLine(surroundings.progress, "draws");
  let away = "";
  publisher.connection.on("state", (state) => {
    const before = away;
    if (state.status === "open") away = "";
    else if (state.status === "waiting") away = `the server is away (${state.loss.reason || state.loss.code}): waiting`;
    if (before === "" && away !== "" && surroundings.progress === undefined) surroundings.remark(away);
  });
  let failure: unknown;
  let kept = 0;
  publisher.connection.on("outcome", ({ outcome }) => {
    if (outcome === "kept") kept++;
  });
  let refused: string | undefined;
  publisher.on("error", ({ message }) => {
    refused ??= message;
  });
  let read = 0;
  let rows = 0;
  let last: Publication | undefined;
  const counted = (async function* () {
    for await (const piece of untilInterrupted(input as AsyncIterable<Uint8Array>, interruption)) {
      read += piece.byteLength;
      yield piece;
    }
  })();
  const show = (remark: string) =>
    progress.show({ done: rows, part: size === undefined ? undefined : read / Math.max(size, 1), remark: away || remark });
  const ticking = setInterval(() => show(""), 250);
  try {
    if (options.log !== undefined) publisher.log(`${options.log}\n`);
    for await (const row of sampleRows(counted, options.format)) {
      await interruption.or(publisher.whenRoom());
      if (interruption.happened) break;
      last = add(publisher, row, options.chain);
      rows++;
      show("");
    }
    if (interruption.happened) surroundings.remark(`interrupted: storing what was read, for ${closeWithinMs / 1000} s at most`);
    const stored = options.finish && !interruption.happened ? publisher.finish() : last?.outcome;
    // The end below waits for what was interrupted, too.
    await interruption.or(Promise.race([stored, over(publisher.connection)]));
  } catch (error) {
    failure = error;
  } finally {
    clearInterval(ticking);
    progress.clear();
    await publisher.close({ flushMs: closeWithinMs });
  }
  if (publisher.notStored > 0 && failure === undefined) {
    failure = new SwitchboardError("internal", `${publisher.notStored} posts are not stored${refused === undefined ? "" : `: ${refused}`}`);
  }
  if (failure !== undefined || interruption.happened) {
    surroundings.remark(
      `Publish the whole input again with --run ${publisher.runId}: what is stored already (${rows} draws were read) is not stored twice.`,
    );
  }
  if (failure !== undefined) throw failure;
  if (kept > 0) {
    surroundings.remark(`${kept} posts wait in ${options.outbox}: the next publish with this --outbox stores them first`);
    throw new CommandFailed(1);
  }
  surroundings.print(`${rows.toLocaleString("en")} draws are stored in ${experiment}`);
  if (interruption.happened) throw new CommandFailed(1);
}

function add(publisher: Publisher, { chain, values }: SampleRow, defaultChain: string): Publication {
  const lists = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
  return publisher.samples(chain ?? defaultChain, lists);
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new SwitchboardError("not_found", `${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Ends when it is interrupted, also while nothing comes. */
async function* untilInterrupted<T>(items: AsyncIterable<T>, interruption: Interruption): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await interruption.or(iterator.next());
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

/** `switchboard publish`: draws from a file or a pipe into an experiment. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Publication, ExperimentPublisher as Publisher } from "../client/experiments/index.ts";
import type { Ending } from "../client/index.ts";
import { isSwitchboardError, SwitchboardError } from "../wire/error.ts";
import { RawJson } from "../wire/raw-json.ts";
import { CommandFailed } from "./exit.ts";
import { Interruption } from "./interruption.ts";
import { ProgressLine } from "./progress-line.ts";
import { openInput } from "./publish/draws-input.ts";
import { endingFailure, isTokenRefused } from "./publish/ending-failure.ts";
import type { SampleFormat, SampleRow } from "./publish/sample-rows.ts";
import { addServerOptions, type ServerOptions, serverOf, tokenOption } from "./server-options.ts";
import type { Surroundings } from "./surroundings.ts";

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
Every row is one draw of its chain; numbers are stored as they are spelled. Only what the server has stored counts as published: the command waits while the server is away, and ends
with 0 when all of it is stored.

Examples:
  $ switchboard publish my-run draws.csv
  $ python sample.py | switchboard publish my-run --no-finish
  $ printf 'mu,tau\\n1.5,2\\n1.7,2.2\\n' | switchboard publish my-run`;

/** Adds the command. */
export function addPublishCommand(program: Command, surroundings: Surroundings): void {
  addServerOptions(
    program
      .command("publish")
      .description("publish draws into an experiment, from a file or standard input"),
  )
    .argument("<experiment>", "its id; one that does not exist is begun", experimentId)
    .argument("[file]", "CSV or JSON lines (default: standard input)")
    .addOption(
      new Option("--format <format>", "csv or jsonl (default: by the first character)").choices([
        "csv",
        "jsonl",
      ]),
    )
    .option("--chain <name>", "the chain of rows that name none", "chain_default")
    .option(
      "--run <id>",
      "names this run: the same input can then be published again from its start, and no draw is stored twice (default: a new one)",
    )
    .option(
      "--outbox <file>",
      "keep there what the server does not have yet: after a crash the next publish into this experiment with it delivers that first; " +
        "what waits there for another experiment or server is refused",
    )
    .option(
      "--log <text>",
      "a line for the experiment's log, before the draws; published again it is there again, also with --run",
    )
    .option("--no-finish", "do not say at the end that the experiment has ended")
    .addHelpText("after", about)
    .action((experiment: string, file: string | undefined, options: PublishOptions) =>
      publish(experiment, file, options, surroundings),
    );
}

async function publish(
  experiment: string,
  file: string | undefined,
  options: PublishOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const [{ ExperimentPublisher }, { FileOutboxStore }, { sampleRows }] = await Promise.all([
    import("../client/experiments/index.ts"),
    import("../client/file-store/index.ts"),
    import("./publish/sample-rows.ts"),
  ]);
  const server = serverOf(options, surroundings);
  const { bytes, size } = await openInput(file, surroundings);
  const interrupted = surroundings.interrupted();
  const store = options.outbox === undefined ? undefined : new FileOutboxStore(options.outbox);
  const publisher = new ExperimentPublisher(server.url, {
    experiment,
    ...(options.run === undefined ? {} : { runId: options.run }),
    ...(store === undefined ? {} : { outbox: { store } }),
    ...tokenOption(server),
  });
  const progress = new ProgressLine(surroundings.progress, "draws");
  let away = "";
  /** Why the connection is over for good, where it was not us who closed it. */
  let ending: Ending | undefined;
  const ended = new AbortController();
  publisher.connection.on("state", (state) => {
    const before = away;
    if (state.status === "open") away = "";
    else if (state.status === "waiting")
      away = `the server is away (${state.loss.reason || state.loss.code}): waiting`;
    else if (state.status === "closed" && state.ending.kind !== "closed") {
      ending = state.ending;
      ended.abort();
    }
    if (before === "" && away !== "" && surroundings.progress === undefined)
      surroundings.remark(away);
  });
  // Nothing is waited for any longer, the input least of all.
  const stop = new Interruption(AbortSignal.any([interrupted, ended.signal]));
  let failure: unknown;
  let kept = 0;
  /** Posts that the server has, or may have. */
  let arrived = 0;
  publisher.connection.on("outcome", ({ outcome }) => {
    if (outcome === "kept") kept++;
    if (outcome === "acked" || outcome === "unknown") arrived++;
  });
  let refused: string | undefined;
  publisher.on("error", ({ message }) => {
    refused ??= message;
  });
  let read = 0;
  let rows = 0;
  let last: Publication | undefined;
  const counted = (async function* () {
    for await (const piece of untilInterrupted(bytes, stop)) {
      read += piece.byteLength;
      yield piece;
    }
  })();
  const show = (remark: string) =>
    progress.show({
      done: rows,
      part: size === undefined ? undefined : Math.min(1, read / Math.max(size, 1)),
      remark: away || remark,
    });
  const ticking = setInterval(() => show(""), 250);
  try {
    if (options.log !== undefined) publisher.log(`${options.log}\n`);
    for await (const row of sampleRows(counted, options.format)) {
      await stop.or(publisher.whenRoom());
      if (stop.happened) break;
      last = add(publisher, row, options.chain);
      rows++;
      show("");
    }
    if (interrupted.aborted)
      surroundings.remark(
        `interrupted: storing what was read, for ${closeWithinMs / 1000} s at most`,
      );
    // The end below waits for what was interrupted, too.
    else if (!stop.happened)
      await stop.or<unknown>(
        options.finish ? publisher.finish() : (last?.outcome ?? Promise.resolve()),
      );
  } catch (error) {
    failure = error;
  } finally {
    clearInterval(ticking);
    progress.clear();
    await publisher.close({ flushMs: closeWithinMs });
  }
  // It comes first: what else has failed has failed by it, or waits until it is mended.
  if (ending !== undefined) failure = endingFailure(ending, options.outbox);
  else if (
    publisher.notStored > 0 &&
    (failure === undefined || isSwitchboardError(failure, "connection_closed"))
  ) {
    failure = new SwitchboardError(
      "internal",
      `${posts(publisher.notStored)} not stored${refused === undefined ? "" : `: ${refused}`}`,
    );
  }
  const isMendable = ending === undefined || isTokenRefused(ending);
  // What was refused would be refused again; and where the server has nothing of it there is nothing to be passed over.
  const mayBeThere = ending === undefined || arrived > 0 || kept > 0;
  if (
    rows > 0 &&
    refused === undefined &&
    isMendable &&
    mayBeThere &&
    (failure !== undefined || interrupted.aborted)
  ) {
    surroundings.remark(
      `Publish the whole input again with --run ${publisher.runId}: what is stored already (${rows} draws were read) is not stored twice.` +
        (options.log === undefined ? "" : " Leave --log out if its line is in the log."),
    );
  }
  if (kept > 0) {
    const remedy = isMendable
      ? `the next publish into ${experiment} with this --outbox stores them first`
      : "it can be removed";
    surroundings.remark(
      `${kept === 1 ? "1 post waits" : `${kept} posts wait`} in ${options.outbox}: ${remedy}`,
    );
  }
  if (failure !== undefined) throw failure;
  if (kept > 0) throw new CommandFailed(1);
  surroundings.print(`${rows.toLocaleString("en")} draws are stored in ${experiment}`);
  if (interrupted.aborted) throw new CommandFailed(1);
}

function posts(count: number): string {
  return count === 1 ? "1 post is" : `${count} posts are`;
}

/** What it refuses of a row is said with the row's line. */
function add(
  publisher: Publisher,
  { line, chain, values }: SampleRow,
  defaultChain: string,
): Publication {
  try {
    return publisher.samples(
      chain ?? defaultChain,
      Object.fromEntries(Array.from(values, ([name, json]) => [name, [new RawJson(json)]])),
    );
  } catch (error) {
    if (!isSwitchboardError(error, "too_large")) throw error;
    throw new SwitchboardError(error.code, `line ${line}: ${error.message}`, {}, { cause: error });
  }
}

function experimentId(text: string): string {
  if (text === "") throw new InvalidArgumentError("Give the experiment a name.");
  return text;
}

/** Ends when it is interrupted, also while nothing comes. */
async function* untilInterrupted<T>(
  items: AsyncIterable<T>,
  interruption: Interruption,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await interruption.or(iterator.next());
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

/** Everything that one subscriber is sent, in order, and never more at once than its connection takes. */
import {
  type Connection,
  isSwitchboardError,
  RawJson,
  type ServiceContext,
} from "../../kit/index.ts";
import type { ExperimentsConfig } from "./config.ts";
import type { ExperimentsContract } from "./contract.ts";
import type { Experiment, Watcher } from "./experiment.ts";
import type { Library } from "./library.ts";
import { OutputFeed } from "./output-feed.ts";
import { type Initial, SampleFeed, type Wish } from "./sample-feed.ts";
import { maxFrameBytes } from "./sample-frame.ts";
import { SubjectReader } from "./subject-reader.ts";
import { thin } from "./thinning.ts";

export interface FeedParts {
  readonly context: ServiceContext<ExperimentsContract, ExperimentsConfig>;
  readonly library: Library;
  readonly experiment: Experiment;
  readonly connection: Connection;
}

/** One subscribe message whose initial data is not sent yet. */
interface Job {
  readonly subscriptions: Initial;
  /** Called when its first event has been sent, or there is none. */
  begun(): void;
}

/** Work for a message beside its text, in units of a turn queue. */
const stepUnits = 1000;

/** Around names, and around each of them. */
const namesBytes = 256;
const nameBytes = 32;

/**
 * One loop sends, one thing after the other: log text, names, initial data in the order of asking, new samples, the end. Before each
 * message it waits until the connection has taken the one before; meanwhile little is held, the rest is read from the log. So
 * whoever is slow gets everything late, and is never closed for that.
 */
export class Feed implements Watcher {
  readonly #parts: FeedParts;
  readonly #outputReader: SubjectReader;
  readonly #output: OutputFeed;
  readonly #samples: SampleFeed;
  readonly #jobs: Job[] = [];
  #toldNames = 0;
  #toldFinish = false;
  #toldError: string | undefined;
  #greeted = false;
  #running = false;
  #again = false;
  #ended = false;

  constructor(parts: FeedParts) {
    const { context, library, experiment } = parts;
    this.#parts = parts;
    this.#outputReader = this.#open(experiment.output, () => this.#wake());
    this.#output = new OutputFeed(this.#outputReader);
    this.#samples = new SampleFeed({
      clock: context.clock,
      config: context.config,
      open: (chain, name, held) => this.#open(experiment.subjectOf(chain, name), held),
      close: (reader) => library.unlisten(reader.subject, reader),
      thin: (subscription, maxPoints) =>
        thin(library.log, subscription, maxPoints, context.config.maxThinnedSamples, context.turns),
      refused: (error) => context.reportError(parts.connection, error),
      due: () => this.#wake(),
      turns: context.turns,
    });
    experiment.watchers.add(this);
  }

  get experiment(): Experiment {
    return this.#parts.experiment;
  }

  /** Sends the log's first piece, with the experiment's epoch if that is wanted, and the names; the rest follows. */
  async greet(withEpoch: boolean): Promise<void> {
    const { library, experiment } = this.#parts;
    const epoch = `${library.log.epoch}.${experiment.generation}`;
    this.#send("experiment:output", {
      data: await this.#output.next(),
      ...(withEpoch ? { epoch } : {}),
    });
    this.#sendNames();
    this.#greeted = true;
    this.#wake();
  }

  /** Resolves when the first event with initial data is on its way, or there is none. Rejects with what `SampleFeed.subscribe` throws. */
  async subscribe(wishes: readonly Wish[]): Promise<void> {
    if (this.#isOver) return;
    const subscriptions = this.#samples.subscribe(wishes);
    if (subscriptions.length === 0) return;
    await new Promise<void>((begun) => {
      this.#jobs.push({ subscriptions, begun });
      this.#wake();
    });
  }

  unsubscribe(
    farewells: readonly { readonly chain: string; readonly variables: readonly string[] }[],
  ): void {
    this.#samples.unsubscribe(farewells);
  }

  changed(): void {
    this.#wake();
  }

  removed(): void {
    this.#parts.context.close(this.#parts.connection, "done", "this experiment was removed");
    this.end();
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true;
    this.experiment.watchers.delete(this);
    this.#parts.library.unlisten(this.#outputReader.subject, this.#outputReader);
    this.#samples.end();
    for (const { begun } of this.#jobs.splice(0)) begun();
  }

  get #isOver(): boolean {
    return this.#ended || this.#parts.connection.isClosed;
  }

  #open(subject: string, held: (reader: SubjectReader, bytes: number) => void): SubjectReader {
    const { library, context } = this.#parts;
    const reader = new SubjectReader({
      log: library.log,
      subject,
      held: (of, bytes) => {
        held(of, bytes);
        if (this.#samples.heldBytes + this.#outputReader.heldBytes > context.config.maxHeldBytes) {
          this.#samples.letGo();
          this.#outputReader.letGo();
        }
      },
    });
    library.listen(subject, reader);
    return reader;
  }

  /** Has the loop look for something to send. */
  #wake(): void {
    if (!this.#greeted || this.#isOver) return;
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    this.#parts.context.background(() => this.#run());
  }

  async #run(): Promise<void> {
    const { context, connection } = this.#parts;
    try {
      while (this.#again) {
        this.#again = false;
        do {
          await connection.whenDrained();
          await context.turns.take(stepUnits);
        } while (!this.#isOver && (await this.#step()));
      }
    } catch (error) {
      if (isSwitchboardError(error))
        context.close(connection, "overCapacity", "cannot read now: come back later");
      else context.close(connection, "internal", "our fault: come back");
      throw error;
    } finally {
      this.#running = false;
      if (this.#isOver) for (const { begun } of this.#jobs.splice(0)) begun();
    }
  }

  /** Sends one thing; false if there is nothing to send. */
  async #step(): Promise<boolean> {
    const { experiment, context } = this.#parts;
    if (this.#output.isReady) {
      const data = await this.#output.next();
      context.turns.spent(data.text.length);
      if (data.text !== '""') this.#send("experiment:output", { data });
      return true;
    }
    if (this.#toldNames < experiment.variables.length) {
      this.#sendNames();
      return true;
    }
    const [job] = this.#jobs;
    if (job !== undefined) {
      await this.#sendInitial(job);
      return true;
    }
    const message = await this.#samples.fresh(
      experiment.finished || experiment.error !== this.#toldError,
    );
    if (message !== undefined) {
      this.#send("experiment:event", message);
      return true;
    }
    return this.#sendEnd();
  }

  /** The names that this subscriber was not told of, as many as fit into a message. */
  #sendNames(): void {
    const { experiment } = this.#parts;
    const from = this.#toldNames;
    let bytes = namesBytes;
    for (; this.#toldNames < experiment.variables.length; this.#toldNames++) {
      const { chain = "", name = "" } = experiment.variables[this.#toldNames] ?? {};
      bytes += Buffer.byteLength(JSON.stringify([chain, name])) + nameBytes;
      if (bytes > maxFrameBytes) break;
    }
    this.#parts.context.turns.spent(bytes);
    this.#send("names", { data: experiment.namesFrom(from, this.#toldNames) });
  }

  /** One event of a job's initial data. */
  async #sendInitial(job: Job): Promise<void> {
    const { message, done } = await this.#samples.initial(job.subscriptions);
    if (message !== undefined) this.#send("experiment:event", message);
    if (done && this.#jobs[0] === job) this.#jobs.shift();
    if (done || message !== undefined) job.begun();
  }

  /** The error or the end, behind everything that was before it. */
  #sendEnd(): boolean {
    const { experiment } = this.#parts;
    if (this.#samples.isReady) return false;
    const { error } = experiment;
    if (error !== undefined && error !== this.#toldError) {
      this.#toldError = error;
      this.#send("experiment:error", { data: new RawJson(error) });
      return true;
    }
    if (!experiment.finished || this.#toldFinish) return false;
    this.#toldFinish = true;
    this.#send("experiment:finish", {});
    return true;
  }

  #send<
    N extends
      | "experiment:output"
      | "names"
      | "experiment:event"
      | "experiment:error"
      | "experiment:finish",
  >(name: N, payload: Parameters<FeedParts["context"]["send"]>[2] & object): void {
    const { context, connection } = this.#parts;
    if (!this.#isOver) context.send(connection, name, payload as never);
  }
}

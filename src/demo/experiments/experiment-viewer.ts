/** A page that watches chosen variables of a running experiment. */
import { Changes } from "../changes.ts";
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { type Message, TextLink } from "../text-link.ts";
import { count } from "../words.ts";
import type { ExperimentRun } from "./experiment-run.ts";
import { SeriesCheck } from "./series-check.ts";

/** What kind of page it is. */
export interface ViewerKind {
  readonly name: string;
  /** The variables that it watches, of every chain; undefined: all. */
  readonly variables?: readonly string[];
  /** It also shows the server's diagnostics. */
  readonly summary?: boolean;
  /** It loses its connection about this often, and goes on where it was. */
  readonly dropsEveryMs?: number;
}

/** The server's diagnostics of one variable, as far as they are looked at. */
export interface Figures {
  readonly mean: number;
  readonly sd: number;
  readonly r_hat: number | null;
  readonly ess_bulk: number | null;
}

export class ExperimentViewer implements Participant {
  readonly name: string;
  readonly #kind: ViewerKind;
  readonly #setting: Setting;
  readonly #expected: Expectation;
  readonly #changes: Changes;
  #link: TextLink | undefined;
  #check: SeriesCheck | undefined;
  /** How many messages of this connection have come. */
  #messages = 0;
  #log = "";
  #finished = false;
  #summary: Readonly<Record<string, Figures>> | undefined;
  #values = 0;
  #runs = 0;
  #resumed = 0;

  constructor(kind: ViewerKind, setting: Setting) {
    this.name = kind.name;
    this.#kind = kind;
    this.#setting = setting;
    this.#expected = new Expectation("messages", setting.clock);
    this.#changes = new Changes(setting.clock);
  }

  /** The diagnostics that came last. */
  get summary(): Readonly<Record<string, Figures>> | undefined {
    return this.#summary;
  }

  /** Watches a run until it is over and everything of it was seen. Rejects if the server cannot be reached. */
  async watch(run: ExperimentRun): Promise<void> {
    const check = new SeriesCheck(run);
    this.#check = check;
    this.#runs++;
    this.#finished = false;
    this.#summary = undefined;
    this.#expected.due(finishOf(run));
    await this.#open(run, check);
    await this.#loseConnections(run, check);
    await run.until(() => false, Number.MAX_SAFE_INTEGER);
    // Also what it was never told of.
    for (const name of run.names) if (this.#wants(name.variable)) check.subscribe(name);
    await this.#changes.until(() => this.#finished && check.isComplete, answerDeadlineMs);
    await this.#link?.leave();
    this.#compare(run, check);
  }

  saw(): string {
    const resumed =
      this.#resumed === 0 ? "" : `; went on after ${count(this.#resumed, "lost connection")}`;
    return `${count(this.#values + (this.#check?.count ?? 0), "value")} of ${count(this.#runs, "experiment")}, once and in order${resumed}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  async #loseConnections(run: ExperimentRun, check: SeriesCheck): Promise<void> {
    const { dropsEveryMs } = this.#kind;
    if (dropsEveryMs === undefined) return;
    for (;;) {
      await run.until(() => false, dropsEveryMs);
      if (run.isOver) return;
      await this.#link?.drop();
      await run.until(() => false, dropsEveryMs / 4);
      this.#resumed++;
      await this.#open(run, check);
    }
  }

  async #open(run: ExperimentRun, check: SeriesCheck): Promise<void> {
    this.#messages = 0;
    this.#log = "";
    this.#link = await TextLink.open(`${this.#setting.wsUrl}/mcmc/ws/sub/object/${run.xid}`, {
      message: (envelope) => {
        const message = envelope?.message;
        if (isMessage(message)) this.#take(message, run, check);
        this.#changes.notify();
      },
      lost: (code, reason) =>
        this.#expected.fault(`${run.xid}: the connection was closed with ${code} ${reason}`),
    });
    this.#link.send({ action: "authorization", token: "demo", version: "1.0" });
    if (this.#kind.summary === true) this.#link.send({ action: "subscribe", summary: true });
  }

  #take(message: Message, run: ExperimentRun, check: SeriesCheck): void {
    this.#messages++;
    const { action, data } = message;
    const due = ["experiment:output", "names"][this.#messages - 1];
    if (due !== undefined && action !== due)
      this.#expected.fault(`${run.xid}: message ${this.#messages} was ${action} instead of ${due}`);
    if (action === "experiment:output" && typeof data === "string") this.#log += data;
    else if (action === "names" && Array.isArray(data)) this.#choose(data, check);
    else if (action === "experiment:event" && Array.isArray(data))
      for (const item of data) takeItem(item, check);
    else if (action === "summary" && isMessage(data))
      this.#summary = data as Readonly<Record<string, Figures>>;
    else if (action === "experiment:finish") {
      this.#finished = true;
      this.#expected.seen(finishOf(run));
    } else this.#expected.fault(`${run.xid}: ${action} ${JSON.stringify(data)?.slice(0, 100)}`);
  }

  /** Subscribes to what has appeared; to what it has seen before, from where it was. */
  #choose(
    appeared: readonly { readonly chain: string; readonly names: readonly string[] }[],
    check: SeriesCheck,
  ): void {
    const wanted = appeared.flatMap(({ chain, names }) => {
      const variables = names.filter((name) => this.#wants(name));
      for (const variable of variables) check.subscribe({ chain, variable });
      const since = Object.fromEntries(
        variables.map((variable) => [variable, check.next({ chain, variable })]),
      );
      return variables.length === 0 ? [] : [{ chain, variables, since }];
    });
    if (wanted.length > 0) this.#link?.send({ action: "subscribe", data: wanted });
  }

  #wants(variable: string): boolean {
    return this.#kind.variables?.includes(variable) ?? true;
  }

  /** The run is over: everything must have been seen. */
  #compare(run: ExperimentRun, check: SeriesCheck): void {
    for (const what of check.missed()) this.#expected.fault(`${run.xid}: ${what}`);
    if (this.#log !== run.log)
      this.#expected.fault(`${run.xid}: the log came as ${JSON.stringify(this.#log.slice(-200))}`);
    this.#values += check.count;
    this.#check = undefined;
  }
}

function takeItem(item: unknown, check: SeriesCheck): void {
  if (!isMessage(item) || typeof item.chain !== "string" || !isMessage(item.data)) return;
  const from = isMessage(item.from) ? item.from : {};
  for (const [variable, values] of Object.entries(item.data)) {
    const start = from[variable];
    check.take(
      { chain: item.chain, variable },
      typeof start === "number" ? start : undefined,
      Array.isArray(values) ? values : [],
    );
  }
}

function finishOf({ xid }: ExperimentRun): string {
  return `the finish of ${xid}`;
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One experiment as the page shows it: what the SDK's viewer tells, kept in bounded memory. */
import type { Connection } from "switchboard/client";
import type { ExperimentViewer, Summary, ViewerEvents } from "switchboard/client/experiments";
import { AllDraws } from "./all-draws.ts";
import { Changes } from "./changes.ts";
import type { SamplesSource } from "./samples-source.ts";
import { Trace } from "./trace.ts";
import { maxPointsOfLine } from "./trace-grid.ts";

/** Variables that may be plotted at once: what they cost is theirs times the chains. */
export const maxChosen = 60;

/** So many are plotted before anybody has chosen. */
const chosenAtFirst = 4;

/** A variable that is plotted. */
export interface ChosenVariable {
  readonly name: string;
  readonly trace: Trace;
  readonly draws: AllDraws;
}

/** `live`, or why it is not: `coming` back by itself, `removed` from the server, or `ended` by it for another reason. */
export type LinkState = "live" | "coming" | "removed" | { readonly ended: string };

interface Names {
  readonly chains: readonly string[];
  /** Of all chains, in the order in which they appeared. */
  readonly variables: readonly string[];
}

/** What is known of the experiment but for its draws: the same object until something has changed. */
export interface ExperimentFacts extends Names {
  /** The server has said what there is. */
  readonly isKnown: boolean;
  readonly link: LinkState;
  readonly finished: boolean;
  /** What its publisher said of its failure. */
  readonly failure: string | undefined;
  /** What the server would not do, and why. */
  readonly refusal: string | undefined;
  readonly summary: Summary | undefined;
  readonly summaryAtMs: number | undefined;
  readonly chosen: readonly ChosenVariable[];
}

export class ExperimentStore {
  readonly changes = new Changes();
  readonly #viewer: ExperimentViewer;
  readonly #source: SamplesSource;
  readonly #chosen = new Map<string, ChosenVariable>();
  #facts: ExperimentFacts | undefined;
  /** Gathered anew when there are more: an experiment may have a hundred thousand. */
  #names: Names | undefined;
  #wasChosen = false;
  #wasOpen = false;
  #failure: string | undefined;
  #refusal: string | undefined;
  #summaryAtMs: number | undefined;
  #heardAtMs: number | undefined;
  #logAtMs: number | undefined;

  constructor(viewer: ExperimentViewer, source: SamplesSource) {
    this.#viewer = viewer;
    this.#source = source;
    viewer.connection.on("state", () => this.#changed());
    viewer.on("names", (names) => {
      this.#names = undefined;
      this.#facts = undefined;
      this.#subscribe([...this.#chosen.keys()], names);
      if (!this.#wasChosen) this.#choose(this.facts().variables.slice(0, chosenAtFirst));
      this.#changed();
    });
    viewer.on("samples", (event) => this.#samples(event));
    viewer.on("summary", () => {
      this.#summaryAtMs = Date.now();
      this.#changed();
    });
    viewer.on("log", () => {
      this.#logAtMs = Date.now();
      this.#changed();
    });
    viewer.on("finish", () => this.#changed());
    viewer.on("error", (error) => {
      this.#failure = textOf(error);
      this.#changed();
    });
    viewer.on("refused", ({ message }) => {
      this.#refusal = message;
      this.#changed();
    });
    viewer.on("reset", () => {
      this.#failure = undefined;
      this.#names = undefined;
      for (const { trace, draws } of this.#chosen.values()) {
        trace.clear();
        draws.clear();
      }
      this.#changed();
    });
    viewer.subscribeSummary();
  }

  get connection(): Connection {
    return this.#viewer.connection;
  }

  /** When the last draws or diagnostics came. */
  readonly heardAtMs = (): number | undefined => this.#heardAtMs;

  /** Of the log the end. */
  readonly log = (): string => this.#viewer.log;

  readonly logAtMs = (): number | undefined => this.#logAtMs;

  readonly facts = (): ExperimentFacts => {
    this.#facts ??= this.#gathered();
    return this.#facts;
  };

  /** Chains that have this variable. */
  chainsOf(name: string): readonly string[] {
    return this.#viewer.variables
      .filter(({ names }) => names.includes(name))
      .map(({ chain }) => chain);
  }

  csvPath(chain: string, name: string): string {
    return this.#source.csvPath(chain, name);
  }

  csv(chain: string, name: string): Promise<Response> {
    return this.#source.csv(chain, name);
  }

  /** Plots these variables, and no others; the first `maxChosen` of them. */
  choose(names: readonly string[]): void {
    this.#wasChosen = true;
    this.#choose(names);
  }

  /** Plots one more, or one less. */
  setChosen(name: string, isChosen: boolean): void {
    const others = [...this.#chosen.keys()].filter((other) => other !== name);
    this.choose(isChosen ? [...others, name] : others);
  }

  close(): void {
    for (const name of [...this.#chosen.keys()]) this.#forget(name);
    void this.#viewer.close();
  }

  #choose(names: readonly string[]): void {
    const wanted = new Set(names.slice(0, maxChosen));
    const unwanted = [...this.#chosen.keys()].filter((name) => !wanted.has(name));
    for (const { chain } of this.#viewer.variables) this.#viewer.unsubscribe(chain, unwanted);
    for (const name of unwanted) this.#forget(name);
    const fresh = [...wanted].filter((name) => !this.#chosen.has(name));
    for (const name of fresh) this.#chosen.set(name, this.#newVariable(name));
    this.#subscribe(fresh, this.#viewer.variables);
    this.#changed();
  }

  #newVariable(name: string): ChosenVariable {
    let known: readonly string[] = [];
    let knownFrom: Names | undefined;
    const chains = () => {
      // Asked for with every redraw.
      const names = this.#allNames();
      if (names !== knownFrom) known = this.chainsOf(name);
      knownFrom = names;
      return known;
    };
    return {
      name,
      trace: new Trace({
        chains,
        load: (chain, span, maxPoints, signal) =>
          this.#source.points(chain, name, span, maxPoints, signal),
      }),
      draws: new AllDraws({
        chains,
        load: (chain, from, signal) => this.#source.draws(chain, name, from, signal),
      }),
    };
  }

  #forget(name: string): void {
    const variable = this.#chosen.get(name);
    variable?.trace.close();
    variable?.draws.stop();
    this.#chosen.delete(name);
  }

  /** One message for each chain. What is subscribed to already stays as it is. */
  #subscribe(names: readonly string[], among: ExperimentViewer["variables"]): void {
    for (const { chain, names: known } of among) {
      const present = new Set(known);
      const some = names.filter((name) => present.has(name));
      if (some.length > 0) this.#viewer.subscribe(chain, some, { maxPoints: maxPointsOfLine });
    }
  }

  #samples({ chain, variable, from, values, at }: ViewerEvents["samples"]): void {
    const chosen = this.#chosen.get(variable);
    if (chosen === undefined) return;
    this.#heardAtMs = Date.now();
    chosen.trace.add(chain, from, values, at);
    chosen.draws.add(chain, from, values, at);
    this.changes.notify();
  }

  #changed(): void {
    this.#facts = undefined;
    this.changes.notify();
  }

  #allNames(): Names {
    if (this.#names === undefined) {
      const { variables } = this.#viewer;
      this.#names = {
        chains: variables.map(({ chain }) => chain),
        variables: [...new Set(variables.flatMap(({ names }) => names))],
      };
    }
    return this.#names;
  }

  #gathered(): ExperimentFacts {
    const viewer = this.#viewer;
    const { state } = viewer.connection;
    this.#wasOpen ||= state.status === "open";
    return {
      isKnown: this.#wasOpen,
      link: linkOf(viewer.connection),
      ...this.#allNames(),
      finished: viewer.finished,
      failure: this.#failure,
      refusal: this.#refusal,
      summary: viewer.summary,
      summaryAtMs: this.#summaryAtMs,
      chosen: [...this.#chosen.values()],
    };
  }
}

function linkOf({ state }: Connection): LinkState {
  if (state.status === "open") return "live";
  if (state.status !== "closed") return "coming";
  const { loss, error } = state.ending;
  if (loss?.code === 1000) return "removed";
  return { ended: error?.message ?? loss?.reason ?? "the connection was closed" };
}

/** A text as it is, a message where there is one, else JSON. */
function textOf(error: unknown): string {
  if (typeof error === "string") return error;
  if (
    typeof error === "object" &&
    error !== null &&
    "message" in error &&
    typeof error.message === "string"
  )
    return error.message;
  return JSON.stringify(error) ?? "";
}

/** One experiment as this node knows it: its names, its end, and how far each variable goes. */
import type { LogEvent } from "../../kit/index.ts";
import { parseFact } from "./facts.ts";
import type { VariableState } from "./sample-event.ts";
import { factsSubject, outputSubject, samplesSubject, tokenOf } from "./subjects.ts";

/** A variable of one chain. */
export interface Variable {
  readonly chain: string;
  readonly name: string;
  readonly subject: string;
  /** Where it stood when it was last looked at: what an append is conditional on. Undefined: to be read from the log. */
  stored: { readonly last: number; readonly state: VariableState } | undefined;
}

/** Who is told of an experiment's changes. */
export interface Watcher {
  /** There are more names, it has ended or failed. */
  changed(): void;
  /** It is no more. */
  removed(): void;
}

/** Folded from its facts, in order; each is taken once. */
export class Experiment {
  readonly xid: string;
  readonly token: string;
  readonly facts: string;
  readonly watchers = new Set<Watcher>();
  /** How many need it for a while: posts that are being stored or wait for that, requests. */
  users = 0;
  /** The last post, or a promise that is kept: posts of one experiment are stored one after another. */
  tail: Promise<void> = Promise.resolve();
  /** How much log text is stored, in bytes; undefined: to be read from the log. */
  outputBytes: number | undefined;
  #generation = 0;
  #last = 0;
  #seen = 0;
  #isKnown = false;
  #variables: Variable[] = [];
  #byChain = new Map<string, Map<string, Variable>>();
  #finished = false;
  #error: string | undefined;

  constructor(xid: string) {
    this.xid = xid;
    this.token = tokenOf(xid);
    this.facts = factsSubject(this.token);
  }

  /** Changes with each removal. */
  get generation(): number {
    return this.#generation;
  }

  /** Offset of the last fact. */
  get last(): number {
    return this.#last;
  }

  /** True if somebody has published to it. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** In the order in which they appeared; only ever grows, until a removal. */
  get variables(): readonly Variable[] {
    return this.#variables;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** JSON text of the last error. */
  get error(): string | undefined {
    return this.#error;
  }

  get isIdle(): boolean {
    return this.users === 0 && this.watchers.size === 0;
  }

  /** Whether every fact that this node's follower was given has been taken. */
  get isCurrent(): boolean {
    return this.#seen <= this.#last;
  }

  get output(): string {
    return outputSubject(this.token, this.#generation);
  }

  variable(chain: string, name: string): Variable | undefined {
    return this.#byChain.get(chain)?.get(name);
  }

  /** The subject of a variable, whether it exists or not. */
  subjectOf(chain: string, name: string): string {
    return (
      this.variable(chain, name)?.subject ??
      samplesSubject(this.token, this.#generation, chain, name)
    );
  }

  /** The names by chain, from the nth variable on. */
  namesFrom(
    nth: number,
    until = this.#variables.length,
  ): { readonly chain: string; readonly names: string[] }[] {
    const byChain = new Map<string, string[]>();
    for (let at = nth; at < until; at++) {
      const variable = this.#variables[at];
      if (variable === undefined) break;
      const names = byChain.get(variable.chain);
      if (names === undefined) byChain.set(variable.chain, [variable.name]);
      else names.push(variable.name);
    }
    return [...byChain].map(([chain, names]) => ({ chain, names }));
  }

  /** A fact that the follower was given while the earlier ones are still being read. */
  saw(offset: number): void {
    this.#seen = offset;
  }

  /** Takes a fact in and tells the watchers. One that was taken already does nothing. */
  take(event: LogEvent): void {
    if (event.offset <= this.#last) return;
    this.#last = event.offset;
    if (event.purged) {
      this.#reset(event.offset);
      for (const watcher of [...this.watchers]) watcher.removed();
      return;
    }
    this.#isKnown = true;
    const fact = parseFact(event.data);
    if (fact?.fact === "variables") for (const name of fact.names) this.#add(fact.chain, name);
    else if (fact?.fact === "finish") this.#finished = true;
    else if (fact?.fact === "error") this.#error = fact.text;
    for (const watcher of [...this.watchers]) watcher.changed();
  }

  #add(chain: string, name: string): void {
    let names = this.#byChain.get(chain);
    if (names === undefined) {
      names = new Map();
      this.#byChain.set(chain, names);
    }
    if (names.has(name)) return;
    const variable: Variable = {
      chain,
      name,
      subject: samplesSubject(this.token, this.#generation, chain, name),
      stored: undefined,
    };
    names.set(name, variable);
    this.#variables.push(variable);
  }

  #reset(generation: number): void {
    this.#generation = generation;
    this.#isKnown = false;
    this.#variables = [];
    this.#byChain = new Map();
    this.#finished = false;
    this.#error = undefined;
    this.outputBytes = undefined;
  }
}

/** The experiments that this node has in memory, and the one follow of the log that keeps them and their subscribers up to date. */
import { type Following, type Log, type LogEvent, SwitchboardError } from "../../kit/index.ts";
import { Experiment } from "./experiment.ts";
import {
  factsPrefix,
  factsSubject,
  sampledToken,
  startSubject,
  tokenOf,
  xidOf,
} from "./subjects.ts";

/** Gets the events of one subject, live, in order. */
export interface Listener {
  offer(event: LogEvent): void;
}

export interface LibraryParts {
  readonly log: Log;
  readonly maxExperiments: number;
  readonly maxAwaitedExperiments: number;
  readonly maxKnownVariables: number;
}

/**
 * Nothing is read at the start: the follow begins at the log's end, and an experiment is read when somebody asks for it. Those that
 * nobody uses are forgotten, the longest unused first.
 */
export class Library {
  readonly #parts: LibraryParts;
  /** By token, the longest unused first. */
  readonly #experiments = new Map<string, Experiment>();
  readonly #loading = new Map<string, Promise<void>>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #samplers = new Map<string, Set<() => void>>();
  #following: Following | undefined;

  private constructor(parts: LibraryParts) {
    this.#parts = parts;
  }

  static async open(parts: LibraryParts): Promise<Library> {
    const library = new Library(parts);
    // Leaves one event behind, whose offset is the log's end.
    const { offset } = await parts.log.purge(startSubject);
    library.#following = await parts.log.follow(offset, {
      event: (event) => library.#take(event),
      gap: () => {},
    });
    return library;
  }

  get log(): Log {
    return this.#parts.log;
  }

  /** Calls `work` with an experiment, which is not forgotten meanwhile. */
  async use<T>(xid: string, work: (experiment: Experiment) => T | Promise<T>): Promise<T> {
    const experiment = this.#hold(xid);
    experiment.users++;
    try {
      await this.#loaded(experiment);
      return await work(experiment);
    } finally {
      experiment.users--;
    }
  }

  /** As `use`, but with everything that was stored before the call, by whichever node: for telling somebody about it. */
  async look<T>(xid: string, work: (experiment: Experiment) => T | Promise<T>): Promise<T> {
    return await this.use(xid, async (experiment) => {
      await this.log.caughtUp(await this.log.last(experiment.facts));
      return await work(experiment);
    });
  }

  /**
   * Throws `over_capacity` if nobody has published to the experiment, nobody watches it yet, and too
   * many like it are watched.
   */
  demandWatchable(experiment: Experiment): void {
    if (experiment.isKnown || experiment.watchers.size > 0) return;
    const { maxAwaitedExperiments } = this.#parts;
    let awaited = 0;
    for (const { isKnown, watchers } of this.#experiments.values())
      if (!isKnown && watchers.size > 0) awaited++;
    if (awaited < maxAwaitedExperiments) return;
    throw new SwitchboardError(
      "over_capacity",
      `${maxAwaitedExperiments} experiments that do not exist are watched already ` +
        "(services.experiments.maxAwaitedExperiments): come back when this one exists",
    );
  }

  /** Has `listener` given every event of `subject` from now on. */
  listen(subject: string, listener: Listener): void {
    add(this.#listeners, subject, listener);
  }

  unlisten(subject: string, listener: Listener): void {
    remove(this.#listeners, subject, listener);
  }

  /** Has `sampled` called at each event with samples of an experiment; call what is returned to end it. */
  onSamples({ token }: Experiment, sampled: () => void): () => void {
    add(this.#samplers, token, sampled);
    return () => remove(this.#samplers, token, sampled);
  }

  /** The ids of some experiments that exist or have existed, behind `after`, sorted. */
  async ids(after: string): Promise<readonly string[]> {
    const behind = after === "" ? "" : factsSubject(tokenOf(after));
    return (await this.log.subjects(factsPrefix)).filter((subject) => subject > behind).map(xidOf);
  }

  async stop(): Promise<void> {
    await this.#following?.stop();
  }

  #hold(xid: string): Experiment {
    const token = tokenOf(xid);
    const present = this.#experiments.get(token);
    if (present !== undefined) {
      this.#experiments.delete(token);
      this.#experiments.set(token, present);
      return present;
    }
    this.#forgetSome();
    const experiment = new Experiment(xid);
    this.#experiments.set(token, experiment);
    const loading = this.#load(experiment);
    this.#loading.set(token, loading);
    loading.then(
      () => this.#loading.delete(token),
      () => {
        this.#loading.delete(token);
        this.#experiments.delete(token);
      },
    );
    return experiment;
  }

  async #loaded({ token }: Experiment): Promise<void> {
    await this.#loading.get(token);
  }

  /** Reads the facts, and those that are stored meanwhile. */
  async #load(experiment: Experiment): Promise<void> {
    for (;;) {
      const { events } = await this.log.read(experiment.facts, experiment.last);
      if (events.length === 0 && experiment.isCurrent) return;
      for (const event of events) experiment.take(event);
    }
  }

  /** Makes room for one more. Experiments that are only awaited take none. */
  #forgetSome(): void {
    const { maxExperiments, maxKnownVariables } = this.#parts;
    let variables = 0;
    let count = 0;
    for (const [token, experiment] of this.#experiments) {
      const { isKnown, isIdle, users } = experiment;
      if (!isKnown && isIdle && !this.#loading.has(token)) this.#experiments.delete(token);
      else if (isKnown || users > 0) count++;
      variables += experiment.variables.length;
    }
    for (const [token, { isKnown, isIdle, variables: own }] of this.#experiments) {
      if (count < maxExperiments && variables <= maxKnownVariables) return;
      if (!isKnown || !isIdle || this.#loading.has(token)) continue;
      variables -= own.length;
      count--;
      this.#experiments.delete(token);
    }
    if (count < maxExperiments) return;
    throw new SwitchboardError(
      "over_capacity",
      `${maxExperiments} experiments are in use (services.experiments.maxExperiments): try again later`,
    );
  }

  #take(event: LogEvent): void {
    const { subject } = event;
    if (subject.startsWith(factsPrefix)) {
      const token = subject.slice(factsPrefix.length);
      const experiment = this.#experiments.get(token);
      if (this.#loading.has(token)) experiment?.saw(event.offset);
      else experiment?.take(event);
      return;
    }
    const listeners = this.#listeners.get(subject);
    if (listeners !== undefined) for (const listener of listeners) listener.offer(event);
    if (this.#samplers.size === 0) return;
    const token = sampledToken(subject);
    if (token !== undefined) for (const sampled of this.#samplers.get(token) ?? []) sampled();
  }
}

function add<T>(sets: Map<string, Set<T>>, key: string, item: T): void {
  const present = sets.get(key);
  if (present === undefined) sets.set(key, new Set([item]));
  else present.add(item);
}

function remove<T>(sets: Map<string, Set<T>>, key: string, item: T): void {
  const present = sets.get(key);
  if (present?.delete(item) && present.size === 0) sets.delete(key);
}

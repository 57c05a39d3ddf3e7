/** Appends a list's new samples to its variable, each variable's in its own subject. */
import { isSwitchboardError, type Log, type NewEvent, SwitchboardError } from "../../kit/index.ts";
import type { ExperimentsConfig } from "./config.ts";
import type { Experiment, Variable } from "./experiment.ts";
import type { SampleList } from "./post.ts";
import { afterStoring, newSpans, type Run } from "./rules.ts";
import { emptyState, printSamples, stateAfter, type VariableState } from "./sample-event.ts";
import type { Piece, Span, ValueList } from "./value-list.ts";

/** About the most that is appended at once: the work of one turn of the event loop. */
export const maxPartBytes = 512 << 10;

type Stored = NonNullable<Variable["stored"]>;

/** What is stored of a variable before anything was. */
const nothingStored: Stored = { last: 0, state: emptyState };

export class SampleAppends {
  readonly #log: Log;
  readonly #config: ExperimentsConfig;

  constructor(log: Log, config: ExperimentsConfig) {
    this.#log = log;
    this.#config = config;
  }

  /** Rejects with `over_capacity` if the variable may not have samples of another run. */
  async demandRun(
    experiment: Experiment,
    { chain, variable, bounds }: SampleList,
    run: string,
  ): Promise<void> {
    const known = experiment.variable(chain, variable);
    if (known === undefined) return;
    known.stored ??= await this.#read(known);
    const { runs } = known.stored.state;
    const { maxRuns } = this.#config;
    if (bounds === undefined || Object.hasOwn(runs, run) || Object.keys(runs).length < maxRuns)
      return;
    throw new SwitchboardError(
      "over_capacity",
      `${JSON.stringify(variable)} has samples of ${maxRuns} runs (services.experiments.maxRuns)`,
    );
  }

  /**
   * Resolves when every value of the list that was not stored yet is. Long lists are stored in
   * several appends, each of which leaves a state from which a repeated post goes on.
   */
  async append(experiment: Experiment, list: SampleList, run: string): Promise<void> {
    const variable = experiment.variable(list.chain, list.variable);
    const { values, bounds } = list;
    /** Values of a list without bounds that are stored: the variable's state does not tell. */
    let taken = 0;
    // Undefined: the experiment was removed meanwhile.
    while (variable !== undefined) {
      const stored = variable.stored ?? (await this.#read(variable));
      const spans =
        bounds === undefined
          ? [{ from: taken, to: values.length }]
          : newSpans(runIn(stored.state, run), bounds, values.length);
      const pieces = piecesOf(values, spans, this.#config.maxValueBytes);
      const end = await this.#appendPieces(variable, stored, pieces, list, run);
      if (end === undefined) return;
      taken = Math.max(taken, end);
    }
  }

  /** Undefined when all pieces are stored; else, after a conflict, the place behind the last one. */
  async #appendPieces(
    variable: Variable,
    stored: Stored,
    pieces: Iterator<Piece, void>,
    list: SampleList,
    run: string,
  ): Promise<number | undefined> {
    let { last, state } = stored;
    let end = 0;
    for (;;) {
      const events: NewEvent[] = [];
      let [after, bytes, to] = [state, 0, end];
      while (bytes < maxPartBytes) {
        const { value: piece } = pieces.next();
        if (piece === undefined) break;
        const index = after.next;
        after = stateWith(after, list, run, piece);
        const samples = { index, count: piece.to - piece.from, text: piece.text };
        events.push({ data: printSamples(samples, after) });
        bytes += piece.text.length;
        to = piece.to;
      }
      if (events.length === 0) {
        variable.stored = { last, state };
        return undefined;
      }
      // Until it is known what became of the append.
      variable.stored = undefined;
      try {
        const appended = await this.#log.append(variable.subject, events, { expect: last });
        last = appended.at(-1)?.offset ?? last;
      } catch (error) {
        if (!isSwitchboardError(error, "log_conflict")) throw error;
        return end;
      }
      state = after;
      end = to;
      variable.stored = { last, state };
    }
  }

  async #read({ subject }: Variable): Promise<Stored> {
    const last = await this.#log.last(subject);
    if (last === 0) return nothingStored;
    const [event] = (await this.#log.read(subject, last - 1, { limit: 1, upTo: last })).events;
    return event === undefined || event.purged
      ? { last, state: emptyState }
      : { last, state: stateAfter(event.data) };
  }
}

function runIn({ runs }: VariableState, run: string): Run | undefined {
  return Object.hasOwn(runs, run) ? runs[run] : undefined;
}

/** The state once a piece of the list is stored. */
function stateWith(
  before: VariableState,
  { values, bounds }: SampleList,
  run: string,
  span: Span,
): VariableState {
  const next = before.next + span.to - span.from;
  if (bounds === undefined) return { next, runs: before.runs };
  const after = afterStoring(runIn(before, run), bounds, values.length, span);
  return { next, runs: { ...before.runs, [run]: after } };
}

function* piecesOf(
  values: ValueList,
  spans: readonly Span[],
  maxBytes: number,
): Generator<Piece, void> {
  for (const span of spans) yield* values.pieces(span, maxBytes);
}

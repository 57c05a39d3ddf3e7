/** Questions from one node to another, over the bus, each with one answer or none. */
import {
  type Bus,
  type Clock,
  type Subscription,
  subjectToken,
  type Timer,
} from "../../kit/index.ts";

/** What nodes ask each other about connections of theirs. */
export type Question =
  /** Is that monitor's connection alive? If not, it is closed and what was in its hands is settled before the answer. */
  | { readonly ask: "alive"; readonly connection: string }
  /** When were these last heard? */
  | { readonly ask: "heard"; readonly connections: readonly string[] };

/** `heard`: ms since 1970 by connection; those that are gone are missing. */
export interface Answer {
  readonly alive?: boolean;
  readonly heard?: Readonly<Record<string, number>>;
}

type Letter =
  | { readonly id: string; readonly from: string; readonly question: Question }
  | { readonly id: string; readonly answer: Answer };

export interface NodeCallsParts {
  readonly bus: Bus;
  /** This node's. */
  readonly session: string;
  readonly clock: Clock;
  newId(): string;
  background(work: () => Promise<void>): void;
  /** Answers another node. */
  answer(question: Question): Promise<Answer>;
}

/** The bus loses what goes to a node that is not there, so every question has its time. */
export class NodeCalls {
  readonly #parts: NodeCallsParts;
  readonly #asked = new Map<
    string,
    { readonly timer: Timer; readonly resolve: (answer: Answer | undefined) => void }
  >();
  #subscription: Subscription | undefined;

  private constructor(parts: NodeCallsParts) {
    this.#parts = parts;
  }

  static async open(parts: NodeCallsParts): Promise<NodeCalls> {
    const calls = new NodeCalls(parts);
    calls.#subscription = await parts.bus.subscribe(address(parts.session), (data) =>
      calls.#take(JSON.parse(data) as Letter),
    );
    return calls;
  }

  /** Resolves to the node's answer; undefined if there is none in time. */
  ask(session: string, question: Question, timeoutMs: number): Promise<Answer | undefined> {
    const { bus, clock, newId, session: from } = this.#parts;
    const id = newId();
    return new Promise((resolve) => {
      const timer = clock.after(timeoutMs, () => this.#settle(id, undefined));
      this.#asked.set(id, { timer, resolve });
      bus.publish(address(session), JSON.stringify({ id, from, question } satisfies Letter));
    });
  }

  /** Whoever still waits has no answer. */
  stop(): void {
    this.#subscription?.stop();
    for (const id of [...this.#asked.keys()]) this.#settle(id, undefined);
  }

  #take(letter: Letter): void {
    if ("answer" in letter) {
      this.#settle(letter.id, letter.answer);
      return;
    }
    const { bus, answer, background } = this.#parts;
    background(async () => {
      const answered = await answer(letter.question);
      bus.publish(
        address(letter.from),
        JSON.stringify({ id: letter.id, answer: answered } satisfies Letter),
      );
    });
  }

  #settle(id: string, answer: Answer | undefined): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    asked.timer.cancel();
    asked.resolve(answer);
  }
}

/** Where a node is written to. */
function address(session: string): string {
  return `devices.node.${subjectToken(session)}`;
}

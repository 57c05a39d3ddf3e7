/** The figures of all nodes for whoever watches: each node shares its own while somebody watches anywhere. */
import type { Connection, Subscription, Timer, Topic } from "../../kit/index.ts";
import type { AdminContext } from "./context.ts";
import type { adminContract } from "./contract.ts";
import type { FiguresReader, NodeFigures } from "./figures.ts";
import { isShown } from "./rules.ts";

/** How often a node reports. */
const reportEveryMs = 1000;

/** A report later than this is told on with its age. */
const lateAfterMs = 1500;

/** A node reports for so long after it was last asked to; who watches asks once a second. */
const askedForMs = 5000;

/** Over the bus: "somebody watches at this node", a node's figures, and "this node leaves". */
const subjects = { ask: "admin.ask", figures: "admin.figures", gone: "admin.gone" } as const;

interface OverviewParts {
  readonly context: Pick<AdminContext, "send" | "topic" | "session" | "bus" | "clock">;
  readonly reader: FiguresReader;
}

/**
 * While nobody watches, on this node or another, it measures nothing, sends nothing and has no timer. Else it reads its figures once a
 * second. Reports may get lost between nodes; the next one has everything. A node of which none comes is told on with its last
 * one, whose age grows, and after 30 s `node_gone`; of one that stops in good order, `node_gone` at once.
 */
export class Overview {
  readonly #parts: OverviewParts;
  readonly #watchers: Topic<typeof adminContract>;
  /** The newest of each node, while somebody watches here. */
  readonly #reports = new Map<string, { readonly figures: NodeFigures; readonly cameMs: number }>();
  #subscriptions: readonly Subscription[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(parts: OverviewParts) {
    this.#parts = parts;
    this.#watchers = parts.context.topic("overview");
  }

  async start(): Promise<void> {
    const { bus, clock, session } = this.#parts.context;
    this.#subscriptions = [
      await bus.subscribe(subjects.ask, (node) => {
        if (node === session.id) return;
        this.#askedMs = clock.monotonic();
        if (this.#timer === undefined) this.#report();
      }),
      await bus.subscribe(subjects.figures, (data) => {
        if (this.#watchers.size === 0) return;
        const figures = JSON.parse(data) as NodeFigures;
        if (figures.node === session.id) return;
        this.#took(figures);
      }),
      await bus.subscribe(subjects.gone, (node) => {
        if (node !== session.id) this.#forget(node);
      }),
    ];
  }

  stop(): void {
    const { bus, session } = this.#parts.context;
    for (const subscription of this.#subscriptions) subscription.stop();
    this.#rest();
    bus.publish(subjects.gone, session.id);
  }

  /** Tells a connection what is known at once, and everything new from now on. Asked again, it tells what is known again. */
  watch(connection: Connection): void {
    const { send, bus, session } = this.#parts.context;
    this.#watchers.join(connection);
    if (this.#timer === undefined) {
      this.#report();
      return;
    }
    // It reports for others, so far.
    if (this.#watchers.size === 1) bus.publish(subjects.ask, session.id);
    for (const node of this.#reports.keys()) {
      const told = this.#toTell(node);
      if (told !== undefined) send(connection, "overview", told);
    }
  }

  #report(): void {
    const { bus, clock, session } = this.#parts.context;
    const isWatched = this.#watchers.size > 0;
    const isAsked = clock.monotonic() - this.#askedMs < askedForMs;
    if (!isWatched && !isAsked) {
      this.#rest();
      return;
    }
    this.#timer = clock.after(reportEveryMs, () => this.#report());
    const figures = this.#parts.reader.read();
    this.#took(figures);
    if (isAsked) bus.publish(subjects.figures, JSON.stringify(figures));
    if (!isWatched) return;
    bus.publish(subjects.ask, session.id);
    this.#tellLate();
  }

  #took(figures: NodeFigures): void {
    this.#reports.set(figures.node, { figures, cameMs: this.#parts.context.clock.monotonic() });
    this.#watchers.publishHere("overview", { ...figures, ageMs: 0 });
  }

  #tellLate(): void {
    for (const node of [...this.#reports.keys()]) {
      const told = this.#toTell(node);
      if (told === undefined || told.ageMs < lateAfterMs) continue;
      if (isShown(told.ageMs)) {
        this.#watchers.publishHere("overview", told);
      } else {
        this.#forget(node);
      }
    }
  }

  #forget(node: string): void {
    if (this.#reports.delete(node)) this.#watchers.publishHere("node_gone", { node });
  }

  #toTell(node: string): (NodeFigures & { readonly ageMs: number }) | undefined {
    const report = this.#reports.get(node);
    return (
      report && {
        ...report.figures,
        ageMs: Math.round(this.#parts.context.clock.monotonic() - report.cameMs),
      }
    );
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#reports.clear();
    this.#parts.reader.close();
  }
}

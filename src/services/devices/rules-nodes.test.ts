/** The rules on two nodes that decide at once, on what each knows, and store through a conditional log. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CommandBook } from "./command-book.ts";
import { type CommandEvent, printEvent } from "./command-event.ts";
import { allowed, letters, queued } from "./lives.suite.ts";
import {
  answered,
  type Commands,
  cancelled,
  disconnected,
  drop,
  due,
  type Situation,
} from "./rules.ts";

/** A log of one monitor that takes an append on condition that nobody was quicker. */
class ConditionalLog {
  readonly events: { readonly event: CommandEvent; readonly timeMs: number }[] = [];

  append(event: CommandEvent, timeMs: number, expect?: number): boolean {
    if (expect !== undefined && expect !== this.events.length) return false;
    this.events.push({ event, timeMs });
    return true;
  }
}

const bounds = { restartGraceMs: 150, maxUnanswered: 3 };

/** One node: knows the log up to `seen`, and acts on what it knows. */
class Node {
  readonly name: string;
  readonly #log: ConditionalLog;
  /** What this node's monitor connection was given, and what its users were told, as it was told. */
  readonly #handed: (commandId: string, attempt: number) => void;
  #session: string;
  #starts = 0;
  #book = this.#newBook();
  #seen = 0;
  #live = true;
  connection: string | undefined;
  readonly told = new Map<string, string[]>();

  constructor(
    name: string,
    log: ConditionalLog,
    handed: (commandId: string, attempt: number) => void,
  ) {
    this.name = name;
    this.#session = `${name}0`;
    this.#log = log;
    this.#handed = handed;
  }

  /** Takes in up to `count` events. */
  catchUp(count = Number.POSITIVE_INFINITY): void {
    for (const { event, timeMs } of this.#log.events.slice(this.#seen, this.#seen + count)) {
      this.#seen++;
      this.#book.event(
        { offset: this.#seen, subject: "m", timeMs, data: printEvent(event), purged: false },
        this.#live,
      );
    }
  }

  /** Forgets all and folds the log anew; what was handed to its connections is in the hands of nobody of this process. */
  restart(): void {
    this.#session = `${this.name}${++this.#starts}`;
    this.connection = undefined;
    this.#book = this.#newBook();
    this.#seen = 0;
    this.#live = false;
    this.catchUp();
    this.#live = true;
  }

  /** Decides on what it knows and stores, as the writer does. */
  act(nowMs: number, decide: (commands: Commands) => readonly CommandEvent[]): void {
    for (;;) {
      const monitor = this.#book.monitor("m");
      let known = monitor?.last ?? 0;
      const events = monitor === undefined ? [] : decide(monitor.commands);
      const stored = events.every((event) => this.#log.append(event, nowMs, known) && ++known > 0);
      this.catchUp();
      if (stored) return;
    }
  }

  situation(nowMs: number, absentSinceMs: number | undefined): Situation {
    const holder =
      this.connection === undefined
        ? undefined
        : { connection: this.connection, session: this.#session };
    return { nowMs, holder, absentSinceMs };
  }

  get openCommands(): number {
    return this.#book.size;
  }

  #newBook(): CommandBook {
    return new CommandBook({ idempotencyMs: 0, maxIdempotencyKeys: 1 }, ({ event, now, live }) => {
      const told = this.told.get(event.command_id) ?? [];
      this.told.set(event.command_id, told);
      told.push(`${event.type}${now.life.late ? " late" : ""}`);
      if (event.type !== "sent" || !live || event.session !== this.#session) return;
      if (event.connection === this.connection) this.#handed(event.command_id, event.attempt);
    });
  }
}

type Move =
  | { readonly do: "queue"; readonly node: number; readonly retries: number }
  | { readonly do: "con" | "drop" | "restart" | "due" | "cancel"; readonly node: number }
  | { readonly do: "answer"; readonly good: boolean; readonly echo: boolean }
  | { readonly do: "catchUp"; readonly node: number; readonly count: number }
  | { readonly do: "time"; readonly ms: number };

const node = fc.integer({ min: 0, max: 1 });
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("queue" as const),
      node,
      retries: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("con" as const), node }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("drop" as const, "restart" as const, "cancel" as const),
      node,
    }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("due" as const), node }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      good: fc.boolean(),
      echo: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("catchUp" as const),
      node,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 40 }) }),
  },
);

describe("two nodes on a conditional log", () => {
  test("no command is executed twice by the server's doing, each ends in one way, only an expired one has a late answer", () => {
    const lives = new Set<string>();
    fc.assert(
      fc.property(fc.array(move, { minLength: 20, maxLength: 200, size: "max" }), (moves) => {
        const world = new World();
        for (const one of moves) world.move(one);
        world.end();
        for (const life of world.check()) lives.add(life);
      }),
      { numRuns: 500 },
    );
    // It went everywhere it can go.
    for (const life of ["qc", "qx", "qsd", "qsf", "qsxd", "qsxf", "qsxr", "qsrx", "qsrsd", "qsrsf"])
      expect(lives).toContain(life);
  });
});

/** The cluster, the device that is its monitor, and what may be said of both. */
class World {
  readonly #log = new ConditionalLog();
  /** What the device was given and has not answered, in order; lost when the device drops. */
  #hands: string[] = [];
  readonly #executions = new Map<string, number[]>();
  readonly #nodes = ["a", "b"].map(
    (name) => new Node(name, this.#log, (id, attempt) => this.#execute(id, attempt)),
  );
  #nowMs = 0;
  #absentSinceMs: number | undefined = 0;
  #connections = 0;
  #commands = 0;

  move(move: Move): void {
    if (move.do === "time") this.#nowMs += move.ms;
    else if (move.do === "answer") this.#answer(move.good, move.echo);
    else this.#nodeMove(move, this.#node(move.node));
  }

  /** Time passes, nobody comes: everything must end. */
  end(): void {
    for (const one of this.#nodes) {
      one.catchUp();
      if (one.connection !== undefined) this.#drop(one);
    }
    for (let round = 0; round < 5; round++) {
      this.#nowMs += 200;
      for (const one of this.#nodes) this.#due(one);
    }
    for (const one of this.#nodes) one.catchUp();
  }

  /** Returns the lives that there were. */
  check(): Iterable<string> {
    const lives = new Map<string, string>();
    for (const { event } of this.#log.events) {
      const before = lives.get(event.command_id) ?? "";
      // Only one that is neither expired nor to be handed over again fails with its monitor.
      if (event.type === "failed" && event.reason === disconnected)
        expect(before, event.command_id).toMatch(/^q(sr)*s$/);
      if (event.type === "failed" && event.reason === disconnected)
        expect(before.split("s").length - 2).toBe(Number(event.command_id.split("-")[1]));
      lives.set(event.command_id, before + letters[event.type]);
    }
    expect(lives.size).toBe(this.#commands);
    for (const [id, word] of lives) {
      const retries = Number(id.split("-")[1]);
      expect(word, `life of ${id}`).toMatch(allowed(retries));
      // One end, and at most one late answer, which only an expired one has.
      expect(word, `end of ${id}`).toMatch(/^[qsr]*(c|d|f|x[df]?r?)$/);
      const attempts = this.#executions.get(id) ?? [];
      expect(new Set(attempts).size, `executions of ${id}: ${attempts}`).toBe(attempts.length);
      expect(attempts.length).toBeLessThanOrEqual(word.split("s").length - 1);
      // Once more only after it was lost with the monitor.
      expect(attempts.length).toBeLessThanOrEqual(1 + word.split("r").length - 1);
    }
    for (const { told, openCommands } of this.#nodes) {
      expect(openCommands).toBe(0);
      for (const [id, events] of told) {
        // A node that has restarted has heard it all again.
        const last = events
          .slice(events.lastIndexOf("queued"))
          .map((event) => event.replace(" late", ""));
        expect(last.map((event) => letters[event as keyof typeof letters]).join("")).toBe(
          lives.get(id),
        );
      }
    }
    return lives.values();
  }

  #nodeMove(move: Exclude<Move, { do: "time" | "answer" }>, one: Node): void {
    switch (move.do) {
      case "queue":
        this.#log.append(queued(`${this.#commands++}-${move.retries}`, move.retries), this.#nowMs);
        break;
      case "con":
        if (this.#nodes.some(({ connection }) => connection !== undefined)) return;
        one.catchUp();
        one.connection = `${one.name}-${this.#connections++}`;
        this.#absentSinceMs = undefined;
        break;
      case "drop":
        if (one.connection !== undefined) this.#drop(one);
        break;
      case "restart":
        // The device stays as it is, with what it has in its hands, and may come back.
        if (one.connection !== undefined) this.#absentSinceMs = this.#nowMs;
        one.restart();
        break;
      case "due":
        this.#due(one);
        break;
      case "cancel":
        one.act(this.#nowMs, (commands) => {
          const id = [...commands.keys()].at(-1);
          const event = id === undefined ? undefined : cancelled(commands, id);
          return event === undefined ? [] : [event];
        });
        break;
      case "catchUp":
        one.catchUp(move.count);
    }
  }

  #due(one: Node): void {
    const before = this.#log.events.length;
    one.act(this.#nowMs, (commands) =>
      due(commands, one.situation(this.#nowMs, this.#absentSinceMs), bounds),
    );
    // What was given up is no longer waited for: it counts as dropped, or its place was needed. A node that knows of nothing gives nothing up; when the
    // device comes back before one that does has decided, it still has everything in its hands.
    const givenUp = this.#log.events
      .slice(before)
      .filter(({ event }) => event.type === "dropped" || event.type === "failed");
    this.#hands = this.#hands.filter((id) => !givenUp.some(({ event }) => event.command_id === id));
  }

  #drop(one: Node): void {
    one.connection = undefined;
    this.#hands = [];
    one.act(this.#nowMs, (commands) => drop(commands));
    this.#absentSinceMs = this.#nowMs;
  }

  /** The device answers its oldest command, or a later one by its id; the model says which command must then have its end. */
  #answer(good: boolean, echo: boolean): void {
    const holder = this.#nodes.find(({ connection }) => connection !== undefined);
    if (holder === undefined) return;
    holder.catchUp();
    const id = echo ? this.#hands.at(-1) : this.#hands[0];
    if (id === undefined) return;
    const before = this.#log.events.length;
    holder.act(this.#nowMs, (commands) => {
      const event = answered(commands, {
        commandId: echo ? id : undefined,
        failure: good ? undefined : "no",
      });
      return event === undefined ? [] : [event];
    });
    expect(
      this.#log.events.slice(before).map(({ event }) => `${event.type} ${event.command_id}`),
    ).toEqual([`${good ? "done" : "failed"} ${id}`]);
    this.#hands = this.#hands.filter((other) => other !== id);
  }

  #execute(id: string, attempt: number): void {
    this.#executions.set(id, [...(this.#executions.get(id) ?? []), attempt]);
    this.#hands.push(id);
  }

  #node(nth: number): Node {
    const one = this.#nodes[nth];
    if (one === undefined) throw new RangeError(`no node ${nth}`);
    return one;
  }
}

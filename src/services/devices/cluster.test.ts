/** The whole service on two nodes, with clients that come, go and send at random: what its log says, and what clients saw. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Client, Cluster, type Node, settled } from "./devices-harness.suite.ts";
import { letters } from "./lives.suite.ts";

const id = "0123456789abcdef0123456789abcdef";

type Move =
  | {
      readonly do: "send";
      readonly user: number;
      readonly retry: boolean;
      readonly key: number;
      readonly wait: number;
    }
  | { readonly do: "con" | "behind" | "abreast"; readonly node: number }
  | { readonly do: "leave" | "die" | "settle" }
  | { readonly do: "answer"; readonly good: boolean }
  | { readonly do: "restart"; readonly node: number; readonly how: "stop" | "kill" }
  | { readonly do: "time"; readonly ms: number };

const nth = fc.integer({ min: 0, max: 1 });
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      user: fc.integer({ min: 0, max: 3 }),
      retry: fc.boolean(),
      key: fc.integer({ min: 0, max: 9 }),
      wait: fc.constantFrom(0, 1000, 100_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("con" as const), node: nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("behind" as const), node: nth }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("abreast" as const), node: nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("leave" as const, "die" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("answer" as const), good: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("restart" as const),
      node: nth,
      how: fc.constantFrom("stop" as const, "kill" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("time" as const),
      ms: fc.constantFrom(100, 1000, 5000, 30_000),
    }),
  },
);

test("two nodes, at random: no command is handed over twice but after a drop, and all that users hear is what the log says", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 20, maxLength: 80, size: "max" }),
      async (moves) => {
        const world = new World();
        await world.start();
        for (const one of moves) await world.move(one);
        await world.check();
      },
    ),
    { numRuns: 200 },
  );
});

class World {
  readonly #cluster = new Cluster();
  readonly #nodes: Node[] = [];
  readonly #users: { client: Client; node: number }[] = [];
  /** All user connections there were. */
  readonly #everyUser: Client[] = [];
  /** All connections the device had, the present one last. */
  readonly #devices: Client[] = [];
  #deviceNode = -1;

  async start(): Promise<void> {
    for (const node of [0, 1]) await this.#startNode(node);
    for (const user of [0, 1, 2, 3]) await this.#startUser(user, user % 2);
  }

  async move(move: Move): Promise<void> {
    const device = this.#devices.at(-1);
    switch (move.do) {
      case "send": {
        const fields = {
          retry: move.retry,
          wait_ms: move.wait,
          ...(move.key === 0 ? { idempotency_key: "k" } : {}),
        };
        void this.#users[move.user]?.client.emit("command send", { command: "x", ...fields });
        break;
      }
      case "con":
        if (this.#deviceNode >= 0) return;
        await this.#con(move.node);
        break;
      case "leave":
        this.#deviceNode = -1;
        device?.connection.peerClosed(1000, "");
        break;
      case "die":
        // The server does not know yet; the device comes back elsewhere.
        this.#deviceNode = -1;
        if (device !== undefined) device.isAlive = false;
        break;
      case "answer":
        if (this.#deviceNode >= 0)
          void device?.emit(move.good ? "command done" : "command error", { reason: "no" });
        break;
      case "behind":
        this.#node(move.node).log.holdBack();
        break;
      case "abreast":
        this.#node(move.node).log.letGo();
        break;
      case "restart":
        await this.#restart(move.node, move.how);
        break;
      case "settle":
        await settled();
        break;
      case "time":
        await this.#cluster.clock.advance(move.ms);
    }
  }

  async check(): Promise<void> {
    for (const node of this.#nodes) node.log.letGo();
    for (const device of this.#devices) device.connection.peerClosed(1000, "");
    for (let round = 0; round < 5; round++) await this.#cluster.clock.advance(1_000_000);
    expect(this.#cluster.errors).toEqual([]);
    const log = await this.#node(0).engine.log("devices");
    const { events } = await log.read(id, 0, { limit: 100_000 });
    const lives = new Map<string, string>();
    const ends = new Map<string, string[]>();
    for (const { data } of events) {
      const event = JSON.parse(data);
      lives.set(
        event.command_id,
        (lives.get(event.command_id) ?? "") + letters[event.type as keyof typeof letters],
      );
      const end = { done: "Command finish", failed: event.reason, expired: "expired" }[
        event.type as string
      ];
      if (end !== undefined)
        ends.set(event.command_id, [...(ends.get(event.command_id) ?? []), end]);
    }
    for (const life of lives.values())
      expect(life).toMatch(/^q(x|s(rs){0,3}(d|f|x[dfr])|(sr){1,3}x)$/);
    this.#checkHandOvers(lives);
    const keyed = new Set(
      events
        .map(({ data }) => JSON.parse(data))
        .flatMap((event) => (event.idempotency_key ? [event.command_id] : [])),
    );
    for (const user of this.#everyUser) this.#checkUser(user, ends, keyed);
    for (const node of this.#nodes) await node.stop();
  }

  #checkHandOvers(lives: Map<string, string>): void {
    const handed = new Map<string, number>();
    for (const device of this.#devices) {
      for (const { name, payload } of device.came) {
        if (name === "command do")
          handed.set(payload.command_id, (handed.get(payload.command_id) ?? 0) + 1);
      }
    }
    for (const [command, count] of handed) {
      expect(count).toBeLessThanOrEqual((lives.get(command) ?? "").split("s").length - 1);
      expect(count).toBeLessThanOrEqual(1 + (lives.get(command) ?? "").split("r").length - 1);
    }
  }

  /** Of each command first `command ok`, then what the log says, in its order, from the start (a connection may have ended before). */
  #checkUser(user: Client, ends: Map<string, string[]>, keyed: Set<string>): void {
    const heard = new Map<string, string[]>();
    for (const { name, payload } of user.came) {
      if (name === "command ok" && !heard.has(payload.command_id))
        heard.set(payload.command_id, []);
      else if (name === "command finish" || name === "command failed")
        heard.get(payload.command_id)?.push(payload.reason);
      if (name.startsWith("command f"))
        expect(heard.has(payload.command_id), `${name} before command ok`).toBe(true);
    }
    for (const [command, reasons] of heard) {
      const all = ends.get(command) ?? [];
      if (user.connection.isClosed) expect(all).toEqual(expect.arrayContaining(reasons));
      // Who sends it again with its key is told the last that was said, as often as it asks.
      else if (keyed.has(command))
        expect([reasons.at(-1), all]).toEqual([all.at(-1), expect.arrayContaining(reasons)]);
      else expect(reasons).toEqual(all);
    }
  }

  async #con(node: number): Promise<void> {
    const device = this.#node(node).client();
    this.#devices.push(device);
    this.#deviceNode = node;
    const registered = device.emit("con", { monitor_id: id });
    await settled();
    // A dead holder is probed, which has an end only where the log is known.
    for (const one of this.#nodes) one.log.letGo();
    await this.#cluster.clock.advance(2000);
    await registered;
    expect(device.came.at(0)?.name).toBe("con ok");
  }

  async #restart(node: number, how: "stop" | "kill"): Promise<void> {
    await settled();
    if (this.#deviceNode === node) this.#deviceNode = -1;
    await this.#node(node)[how]();
    await this.#startNode(node);
    for (const [nth, user] of this.#users.entries())
      if (user.node === node) await this.#startUser(nth, node);
  }

  async #startNode(node: number): Promise<void> {
    this.#nodes[node] = await this.#cluster.start({ answerMs: 20_000 });
  }

  async #startUser(user: number, node: number): Promise<void> {
    this.#users[user]?.client.connection.peerClosed(1006, "");
    const client = this.#node(node).client();
    await client.emit("query", { monitor_id: id });
    this.#users[user] = { client, node };
    this.#everyUser.push(client);
  }

  #node(nth: number): Node {
    const node = this.#nodes[nth];
    if (node === undefined) throw new RangeError(`no node ${nth}`);
    return node;
  }
}

/** The embedded engine passes the suite, and what only it promises: one process, one file, one transaction a turn. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Engine, idWindowMs } from "../../kit/engine.ts";
import { engineSuite } from "../engine.suite.ts";
import { put, readAll, rejection, texts } from "../engine-harness.suite.ts";
import { type EmbeddedEngineOptions, openEmbeddedEngine } from "./index.ts";

engineSuite("embedded", {
  start: async () => {
    const directory = await mkdtemp(join(tmpdir(), "switchboard-embedded-"));
    const engines: Engine[] = [];
    return {
      open: async () => {
        const engine = await openEmbeddedEngine({ directory });
        engines.push(engine);
        return engine;
      },
      cleanUp: async () => {
        for (const engine of engines) await engine.close();
        await rm(directory, { recursive: true });
      },
    };
  },
  cannot: { severalNodes: "its file belongs to one process" },
});

describe("embedded only", () => {
  let directory: string;
  let engines: Engine[] = [];

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "switchboard-embedded-")), "data");
  });

  afterEach(async () => {
    for (const engine of engines) await engine.close();
    engines = [];
    await rm(dirname(directory), { recursive: true });
  });

  async function open(options: Partial<EmbeddedEngineOptions> = {}): Promise<Engine> {
    const engine = await openEmbeddedEngine({ directory, ...options });
    engines.push(engine);
    return engine;
  }

  /** Asks the file itself, while no engine has it. */
  function ask(sql: string): unknown[] {
    const file = new Libsql(join(directory, "switchboard.db"));
    try {
      return file.prepare(sql).raw().all() as unknown[];
    } finally {
      file.close();
    }
  }

  function change(sql: string): void {
    const file = new Libsql(join(directory, "switchboard.db"));
    file.exec(sql);
    file.close();
  }

  describe("the data directory", () => {
    test("is created for its owner only; a closed engine leaves one file in it", async () => {
      const engine = await open();
      await put(await engine.log("things"), "a", "1");
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
      expect((await stat(join(directory, "switchboard.db"))).mode & 0o777).toBe(0o600);
      expect(await readFile(join(directory, "lock"), "utf8")).toBe(`${process.pid}\n`);
      await engine.close();
      expect(await readdir(directory)).toEqual(["switchboard.db"]);
    });

    test("belongs to one engine, in this process too", async () => {
      const first = await open();
      const error = await rejection(openEmbeddedEngine({ directory }), "data_locked");
      expect(error.details).toEqual({ directory, pid: process.pid });
      await put(await first.log("things"), "a", "still its own");
      await first.close();
      expect(texts(await readAll(await (await open()).log("things"), "a"))).toEqual([
        "still its own",
      ]);
    });

    test("of a newer version is refused and left alone", async () => {
      const engine = await open();
      await put(await engine.log("things"), "a", "1");
      await engine.close();
      change("PRAGMA user_version=99");
      const error = await rejection(openEmbeddedEngine({ directory }), "data_version");
      expect(error.message).toContain(directory);
      expect(error.message).toContain("99");
      expect(ask("PRAGMA user_version")).toEqual([[99]]);
      change("PRAGMA user_version=1");
      expect(texts(await readAll(await (await open()).log("things"), "a"))).toEqual(["1"]);
    });

    test("that holds something else is refused, and so is one that cannot be made", async () => {
      await mkdir(directory);
      await writeFile(join(directory, "switchboard.db"), "not a database ".repeat(1_000));
      expect(
        (await rejection(openEmbeddedEngine({ directory }), "start_failed")).message,
      ).toContain("switchboard.db");
      await rejection(
        openEmbeddedEngine({ directory: join(directory, "switchboard.db", "below a file") }),
        "start_failed",
      );
    });
  });

  describe("commits", () => {
    test("what one turn appends, to all logs, shares one transaction", async () => {
      const engine = await open();
      const [one, two] = [await engine.log("one"), await engine.log("two")];
      const before = engine.stats().log_transactions_total ?? 0;
      const calls: Promise<unknown>[] = [one.purge("a")];
      for (let nth = 0; nth < 500; nth++)
        calls.push(
          one.append("a", [{ data: `${nth}` }]),
          two.append(`b.${nth}`, [{ data: "x", id: `${nth}` }]),
        );
      await Promise.all(calls);
      expect(engine.stats()).toMatchObject({
        log_transactions_total: before + 1,
        log_appends_total: 1_000,
        log_events_total: 1_000,
      });
      await put(one, "a", "next turn");
      expect(engine.stats().log_transactions_total).toBe(before + 2);
    });

    test("a turn with more than 1 MiB is stored in several, in order", async () => {
      const engine = await open();
      const log = await engine.log("things");
      const before = engine.stats().log_transactions_total ?? 0;
      const big = "x".repeat(125_000);
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => log.append("a", [{ data: `${index} ${big}` }])),
      );
      expect(engine.stats().log_transactions_total).toBe(before + 3);
      const events = await readAll(log, "a");
      expect(events.map((event) => Number.parseInt(event.data, 10))).toEqual(
        Array.from({ length: 20 }, (_, index) => index),
      );
      const { events: some, more } = await log.read("a", 0);
      expect([some.length, more]).toEqual([8, true]);
    });

    test("followers have an event before its append resolves", async () => {
      const log = await (await open()).log("things");
      const seen: string[] = [];
      await log.follow(0, { event: (event) => seen.push(event.data), gap: () => {} });
      const asked = [1, 2].map((nth) =>
        log.append("a", [{ data: `${nth}` }]).then(() => seen.push(`${nth} resolved`)),
      );
      await Promise.all(asked);
      expect(seen).toEqual(["1", "2", "1 resolved", "2 resolved"]);
    });

    test("over maxWaitingBytes appends are refused with log_unavailable, and taken again in the next turn", async () => {
      const engine = await open({ maxWaitingBytes: 10_000 });
      const log = await engine.log("things");
      const data = "x".repeat(6_000);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 4 }, () => log.append("a", [{ data }])),
      );
      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        "fulfilled",
        "fulfilled",
        "rejected",
        "rejected",
      ]);
      await rejection(
        Promise.reject((outcomes[3] as PromiseRejectedResult).reason),
        "log_unavailable",
      );
      expect(engine.stats().log_waiting_bytes).toBe(0);
      await put(log, "a", data);
      expect((await readAll(log, "a")).length).toBe(3);
    });

    test("a log is synced if it says so, if the engine does, or if another log already made it so", async () => {
      const first = await open();
      await first.log("before");
      await first.log("disk", { durability: "disk" });
      await first.log("after");
      await first.close();
      expect(ask("SELECT name, synced FROM logs ORDER BY name")).toEqual([
        ["after", 1],
        ["before", 0],
        ["disk", 1],
      ]);
      const second = await open({ durability: "disk" });
      await second.log("before");
      await second.close();
      expect(ask("SELECT synced FROM logs WHERE name = 'before'")).toEqual([[1]]);
    });
  });

  describe("upkeep", () => {
    test("an id is remembered for its window and then forgotten", async () => {
      let now = 1_000_000;
      const log = await (await open({ now: () => now })).log("things");
      const again = async () => (await log.append("a", [{ data: "1", id: "one" }]))[0]?.duplicate;
      expect(await again()).toBe(false);
      now += idWindowMs;
      // When an older one has been forgotten, this one has been looked at as well.
      await put(log, "a", "old", "old");
      now += 1;
      await expect.poll(again).toBe(false);
      expect((await log.append("a", [{ data: "old", id: "old" }]))[0]?.duplicate).toBe(true);
    });

    test("retention forgets a purge with its event", async () => {
      const engine = await open();
      const log = await engine.log("things", { maxEvents: 1 });
      await log.purge("a");
      await put(log, "b", "newer");
      await expect.poll(() => engine.stats().log_dropped_total).toBe(1);
      expect((await log.read("a", 0)).gap?.reason).toBe("retention");
      await engine.close();
      expect(ask("SELECT * FROM purges_things")).toEqual([]);
    });

    test("what a purge declared gone is removed from the file, if need be after a restart", async () => {
      vi.useFakeTimers({ toFake: ["setInterval"] });
      try {
        const first = await open();
        const log = await first.log("things");
        await log.append(
          "a",
          Array.from({ length: 1_000 }, () => ({ data: "x" })),
        );
        await log.purge("a");
        await first.close();
      } finally {
        vi.useRealTimers();
      }
      expect(ask("SELECT count(*) FROM events_things")).toEqual([[1_001]]);
      const second = await open();
      const log = await second.log("things");
      expect(texts(await readAll(log, "a"))).toEqual(["(purged)"]);
      await expect.poll(() => second.stats().log_purged_total).toBe(1_000);
      expect(texts(await readAll(log, "a"))).toEqual(["(purged)"]);
      await second.close();
      expect(ask("SELECT count(*) FROM events_things")).toEqual([[1]]);
      expect(ask("SELECT events FROM logs")).toEqual([[1]]);
    });
  });
});

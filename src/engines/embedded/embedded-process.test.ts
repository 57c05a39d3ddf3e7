/** The embedded engine among processes: its lock, a process that is killed, a disk that is full. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Libsql from "libsql";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import type { Engine } from "../../kit/engine.ts";
import { Arrivals, put, readAll, rejection, texts } from "../engine-harness.suite.ts";
import type { Order, Report } from "./embedded-child.suite.ts";
import { openEmbeddedEngine } from "./index.ts";

const project = resolve(import.meta.dirname, "../../..");

let built: string;
let directory: string;
let children: Child[] = [];
let engines: Engine[] = [];

/** Node 20 runs no TypeScript: the child program is compiled, as the build would. */
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), "switchboard-child-"));
  symlinkSync(join(project, "node_modules"), join(built, "node_modules"));
  writeFileSync(join(built, "package.json"), '{"type":"module"}');
  const compilerOptions = {
    noEmit: false,
    outDir: "out",
    rootDir: join(project, "src"),
    typeRoots: ["node_modules/@types"],
  };
  const files = [join(import.meta.dirname, "embedded-child.suite.ts")];
  writeFileSync(
    join(built, "tsconfig.json"),
    JSON.stringify({
      extends: join(project, "tsconfig.json"),
      compilerOptions,
      include: [],
      files,
    }),
  );
  execFileSync(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", built], {
    stdio: "inherit",
  });
});

afterAll(() => rmSync(built, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "switchboard-embedded-"));
});

afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  for (const engine of engines) await engine.close();
  children = [];
  engines = [];
  rmSync(directory, { recursive: true });
});

class Child {
  readonly reports = new Arrivals<Report>();
  readonly #process: ChildProcess;

  constructor() {
    this.#process = fork(join(built, "out/engines/embedded/embedded-child.suite.js"), [directory], {
      execArgv: [],
    });
    this.#process.on("message", (report: Report) => this.reports.add(report));
    children.push(this);
  }

  get pid(): number {
    return this.#process.pid ?? expect.unreachable("not started");
  }

  tell(order: Order): void {
    this.#process.send(order);
  }

  /** The next report after those that were there when this was called. */
  async answer(order: Order): Promise<Report> {
    const count = this.reports.items.length;
    this.tell(order);
    return (await this.reports.count(count + 1))[count] ?? expect.unreachable("no report");
  }

  async health(): Promise<Extract<Report, { health: unknown }>> {
    const report = await this.answer({ do: "health" });
    return "health" in report ? report : expect.unreachable(JSON.stringify(report));
  }

  /** Whether it could open the directory: its epoch, or the refusal. */
  async outcome(): Promise<{ epoch?: string; refused?: string; message?: string }> {
    const [first] = await this.reports.count(1);
    if (first !== undefined && "opened" in first) return { epoch: first.opened };
    return first !== undefined && "refused" in first
      ? first
      : expect.unreachable(JSON.stringify(first));
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await within(gone, "the child's end");
  }
}

async function open(): Promise<Engine> {
  const engine = await openEmbeddedEngine({ directory });
  engines.push(engine);
  return engine;
}

describe("the lock", () => {
  test("a second process is refused and told who has it, until that one closes", async () => {
    const engine = await open();
    const refused = await new Child().outcome();
    expect(refused.refused).toBe("data_locked");
    expect(refused.message).toContain(`process ${process.pid}`);
    expect(refused.message).toContain(directory);
    await engine.close();
    expect((await new Child().outcome()).epoch).toMatch(/./);
  });

  test("a killed process leaves it free at once", async () => {
    const child = new Child();
    await child.outcome();
    const error = await rejection(openEmbeddedEngine({ directory }), "data_locked");
    expect(error.message).toContain(`process ${child.pid}`);
    await child.kill();
    await open();
  });

  test("of several that start at once one gets it", async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => new Child().outcome()));
    expect(outcomes.map((outcome) => outcome.refused ?? "opened").sort()).toEqual([
      "data_locked",
      "data_locked",
      "data_locked",
      "opened",
    ]);
  });
});

describe("a killed process", () => {
  test("loses no event that it acknowledged; epoch, offsets and ids go on", async () => {
    const child = new Child();
    const { epoch } = await child.outcome();
    child.tell({ do: "pour" });
    await child.reports.count(200);
    await child.kill();
    const acknowledged = child.reports.items.flatMap((report) =>
      "poured" in report ? report.poured : [],
    );
    expect(acknowledged.length).toBeGreaterThan(3_000);

    const log = await (await open()).log("things");
    const events = await readAll(log, "a");
    const byOffset = new Map(events.map((event) => [event.offset, event.data]));
    for (const [data, offset] of acknowledged) expect(byOffset.get(offset)).toBe(data);
    // What was stored and not acknowledged any more is at most the end, in order, without a hole.
    expect(texts(events)).toEqual(events.map((_, index) => `event ${index}`));
    if (process.platform === "linux") expect(log.epoch).toBe(epoch);
    const [data = "", offset = 0] = acknowledged.at(-1) ?? [];
    expect(await log.append("a", [{ data, id: data }])).toEqual([{ offset, duplicate: true }]);
    expect(await put(log, "a", "next")).toBe((events.at(-1)?.offset ?? 0) + 1);
  });

  test("again and again, at any moment: the next start has everything and is never refused", {
    timeout: 60_000,
  }, async () => {
    const acknowledged = new Map<number, string>();
    for (let kill = 0; kill < 12; kill++) {
      const child = new Child();
      const { refused, message } = await child.outcome();
      expect(refused, message).toBeUndefined();
      child.tell({ do: "pour" });
      // The reports are what varies the moment of the kill.
      await child.reports.count(2 + kill * 7);
      await child.kill();
      for (const report of child.reports.items) {
        if ("poured" in report)
          for (const [data, offset] of report.poured) acknowledged.set(offset, data);
      }
    }
    const events = await readAll(await (await open()).log("things"), "a");
    const byOffset = new Map(events.map((event) => [event.offset, event.data]));
    for (const [offset, data] of acknowledged) expect(byOffset.get(offset)).toBe(data);
  });

  test("and its machine with it: a log that was not synced gets a new epoch, a synced one keeps it", async () => {
    const child = new Child();
    const { epoch } = await child.outcome();
    await child.answer({ do: "append", times: 1, chars: 1 });
    await child.kill();
    const file = new Libsql(join(directory, "switchboard.db"));
    const synced = file
      .prepare("SELECT epoch FROM logs WHERE name = 'synced'")
      .raw()
      .get() as readonly unknown[];
    // Out of WAL mode, so that this connection keeps no lock until it is collected.
    file.exec("UPDATE store SET boot = 'another run of the machine'; PRAGMA journal_mode=DELETE");
    file.close();

    const engine = await open();
    const log = await engine.log("things");
    expect(log.epoch).not.toBe(epoch);
    const { gap, events } = await log.read("a", 1, { epoch: epoch ?? "" });
    expect([gap?.reason, texts(events)]).toEqual(["epoch", ["x"]]);
    expect((await engine.log("synced")).epoch).toBe(synced[0]);
    await engine.close();
    expect((await (await open()).log("things")).epoch).toBe(log.epoch);
  });
});

describe.skipIf(process.platform !== "linux")(
  "a full disk (skipped elsewhere: needs prlimit of Linux)",
  () => {
    function limitFiles(child: Child, bytes: number | "unlimited"): void {
      execFileSync("prlimit", ["--pid", `${child.pid}`, `--fsize=${bytes}:unlimited`]);
    }

    test("fails every append of the turn with log_unavailable, stores none of them, and passes", async () => {
      const child = new Child();
      await child.outcome();
      expect(await child.answer({ do: "append", times: 2, chars: 1_000 })).toEqual({
        appended: [1, 2],
        followed: 2,
      });
      limitFiles(child, 300_000);
      const failed = await child.answer({ do: "append", times: 5, chars: 900_000 });
      expect(failed).toEqual({
        appended: Array.from({ length: 5 }, () => "log_unavailable"),
        followed: 2,
      });
      const full = { ok: false, reason: expect.stringMatching(/full|I\/O/) };
      expect((await child.health()).health).toEqual(full);
      // Nobody appends: it tries by itself, and finds out when it passes.
      limitFiles(child, 1_000);
      await expect.poll(async () => (await child.health()).failures).toBeGreaterThan(2);
      expect((await child.health()).health).toEqual(full);
      limitFiles(child, "unlimited");
      await expect.poll(async () => (await child.health()).health).toEqual({ ok: true });
      expect((await child.health()).logged).toEqual([
        expect.stringMatching(/^SQLITE_(FULL|IOERR)/),
        "can store again",
      ]);
      expect(await child.answer({ do: "append", times: 2, chars: 900_000 })).toEqual({
        appended: [3, 4],
        followed: 4,
      });
      await child.kill();
      const events = await readAll(await (await open()).log("things"), "a");
      expect(events.map((event) => [event.offset, event.data.length])).toEqual([
        [1, 1_000],
        [2, 1_000],
        [3, 900_000],
        [4, 900_000],
      ]);
    });
  },
);

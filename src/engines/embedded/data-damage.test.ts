/** A data directory that lacks what was acknowledged is refused and left alone; one that was only killed never is. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../kit/engine.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import { put, readAll, rejection, texts } from "../engine-harness.suite.ts";
import { CommitRecord, type Recorded } from "./commit-record.ts";
import { type EmbeddedEngineOptions, openEmbeddedEngine } from "./index.ts";

const names = {
  database: "switchboard.db",
  wal: "switchboard.db-wal",
  record: "switchboard.db-commits",
};
const acknowledged = Array.from({ length: 30 }, (_, index) => `${index} ${"x".repeat(500)}`);

let folder: string;
let copies = 0;
let engines: Engine[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "switchboard-damage-"));
});

afterEach(async () => {
  await closeAll();
  rmSync(folder, { recursive: true });
});

async function closeAll(): Promise<void> {
  for (const engine of engines) await engine.close();
  engines = [];
}

async function open(
  directory: string,
  options: Partial<EmbeddedEngineOptions> = {},
): Promise<Engine> {
  const engine = await openEmbeddedEngine({ directory, ...options });
  engines.push(engine);
  return engine;
}

/** What a process that is killed now would leave: this process does nothing while the files are copied. */
function leftBy(directory: string): string {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** The directory of a killed server that had acknowledged all of `acknowledged`, each in a commit of its own. */
async function killed(options: Partial<EmbeddedEngineOptions> = {}): Promise<string> {
  const directory = join(folder, "data");
  const log = await (await open(directory, options)).log("things");
  for (const data of acknowledged) await put(log, "a", data);
  const left = leftBy(directory);
  await closeAll();
  return left;
}

async function eventsOf(directory: string): Promise<string[]> {
  const engine = await open(directory);
  const events = texts(await readAll(await engine.log("things"), "a"));
  await closeAll();
  return events;
}

function filesOf(directory: string): Record<string, string> {
  const files = readdirSync(directory).map((name) => [
    name,
    createHash("sha256")
      .update(readFileSync(join(directory, name)))
      .digest("hex"),
  ]);
  return Object.fromEntries(files);
}

/** Refused, and nothing is changed. */
async function refused(directory: string): Promise<string> {
  const before = filesOf(directory);
  const { message } = await rejection(openEmbeddedEngine({ directory }), "data_damaged");
  expect(filesOf(directory)).toEqual(before);
  expect(message).toContain("backup");
  return message;
}

function recordOf(directory: string): Recorded {
  const recorded = CommitRecord.read(join(directory, names.record));
  if (recorded === undefined || recorded === "damaged") throw new Error(`no record: ${recorded}`);
  return recorded;
}

function writeRecord(directory: string, recorded: Recorded): void {
  writeFileSync(join(directory, names.record), `${JSON.stringify(recorded).padEnd(511)}\n`);
}

function change(directory: string, changed: (recorded: Recorded) => Recorded): void {
  writeRecord(directory, changed(recordOf(directory)));
}

/** The last run of a closed directory. */
async function lastOf(directory: string): Promise<Pick<Recorded, "run" | "commits">> {
  const file = new Libsql(join(directory, names.database));
  const [run, commits] = file.prepare("SELECT run, count FROM commits").raw().get() as [
    string,
    number,
  ];
  file.close();
  return { run, commits };
}

describe("a killed server's directory", () => {
  test("opens as it is, again and again, with everything", async () => {
    let left = await killed();
    for (let kill = 0; kill < 5; kill++) {
      const engine = await open(left);
      const log = await engine.log("things");
      expect(texts(await readAll(log, "a")).slice(0, 30)).toEqual(acknowledged);
      await put(log, "a", `after ${kill}`);
      const next = leftBy(left);
      await closeAll();
      left = next;
    }
    expect(await eventsOf(left)).toHaveLength(35);
    expect(readdirSync(left)).toEqual([names.database]);
  });

  test("opens when it was killed at any step of a start", async () => {
    const left = await killed();
    const fresh = join(folder, "fresh");
    await (await open(fresh)).close();
    const { run } = recordOf(left);
    // The record of a new run is written before the data file names that run.
    const before = leftBy(left);
    change(before, (recorded) => ({
      ...recorded,
      run: "the next run",
      base: recorded.commits,
      before: { run: recorded.run, commits: recorded.commits },
    }));
    expect(await eventsOf(before)).toEqual(acknowledged);
    // It forgets the run before only when the data file names the new one.
    change(left, (recorded) => ({ ...recorded, before: { run: "the run before", commits: 99 } }));
    expect(await eventsOf(left)).toEqual(acknowledged);
    // The same after a proper close.
    const closed = { run: "the next run", boot: "", base: 0, commits: 0, synced: true };
    const { run: last, commits } = await lastOf(fresh);
    writeRecord(fresh, { ...closed, before: { run: last, commits } });
    expect(await eventsOf(fresh)).toEqual([]);
    expect(run).not.toBe(last);
  });

  test("is refused or complete wherever its write-ahead log is cut or changed", async () => {
    const left = await killed();
    const size = statSync(join(left, names.wal)).size;
    const damage = fc.record({
      at: fc.nat(size - 1),
      how: fc.constantFrom("cut", "flip", "zero the rest"),
    });
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, how }) => {
        const copy = leftBy(left);
        const wal = join(copy, names.wal);
        const bytes = readFileSync(wal);
        if (how === "flip") bytes[at] = (bytes[at] ?? 0) ^ 0x55;
        if (how === "zero the rest") bytes.fill(0, at);
        writeFileSync(wal, how === "cut" ? bytes.subarray(0, at) : bytes);
        try {
          expect(await eventsOf(copy)).toEqual(acknowledged);
        } catch (error) {
          if (!isSwitchboardError(error, "data_damaged")) throw error;
          refusals++;
        }
        rmSync(copy, { recursive: true });
      }),
      { numRuns: 40 },
    );
    expect(refusals).toBeGreaterThan(20);
  });

  test.each([
    ["write-ahead log is gone", (at: string) => rmSync(join(at, names.wal))],
    ["write-ahead log is empty", (at: string) => truncateSync(join(at, names.wal))],
    [
      "database file was copied alone",
      (at: string) => {
        rmSync(join(at, names.wal));
        rmSync(join(at, names.record));
      },
    ],
    ["record is gone", (at: string) => rmSync(join(at, names.record))],
    ["record is damaged", (at: string) => truncateSync(join(at, names.record), 20)],
    ["database file is gone", (at: string) => rmSync(join(at, names.database))],
    ["database file is empty", (at: string) => truncateSync(join(at, names.database))],
  ])("whose %s is refused and left alone, and opens when its files are back", async (_, damage) => {
    const left = await killed();
    const copy = leftBy(left);
    damage(copy);
    await refused(copy);
    for (const name of Object.values(names)) copyFileSync(join(left, name), join(copy, name));
    expect(await eventsOf(copy)).toEqual(acknowledged);
  });

  test("opens without what is missing when told to: new epochs, a warning, and no further complaint", async () => {
    const left = await killed();
    const full = await open(leftBy(left));
    const { epoch } = await full.log("things");
    rmSync(join(left, names.wal));
    const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const message = await refused(left);
    const acceptance = join(left, "accept-data-loss");
    expect(message).toContain(acceptance);
    writeFileSync(acceptance, "");
    const engine = await open(left, { logger });
    expect(logger.warn).toHaveBeenCalledOnce();
    expect(existsSync(acceptance)).toBe(false);
    const log = await engine.log("things");
    expect(log.epoch).not.toBe(epoch);
    await put(log, "a", "new");
    await closeAll();
    expect((await eventsOf(left)).at(-1)).toBe("new");
  });
});

describe("a machine that went down", () => {
  const elsewhere = (recorded: Recorded): Recorded => ({
    ...recorded,
    boot: "another run of the machine",
    commits: recorded.commits + 3,
  });

  test("may have lost commits that were not synced, but none from before its last start", async () => {
    const left = await killed();
    const base = leftBy(left);
    change(left, elsewhere);
    expect(await eventsOf(left)).toEqual(acknowledged);
    change(base, (recorded) => ({ ...elsewhere(recorded), base: recorded.commits + 1 }));
    await refused(base);
  });

  test("may not have lost commits that were synced", async () => {
    const left = await killed({ durability: "disk" });
    const same = leftBy(left);
    change(same, (recorded) => ({ ...recorded, boot: "another run of the machine" }));
    expect(await eventsOf(same)).toEqual(acknowledged);
    change(left, elsewhere);
    await refused(left);
  });
});

describe("a closed directory", () => {
  async function closed(): Promise<string> {
    const left = await killed();
    await eventsOf(left);
    return left;
  }

  test("whose database file is empty or cut is refused", async () => {
    const left = await closed();
    const path = join(left, names.database);
    const size = statSync(path).size;
    const whole = leftBy(left);
    truncateSync(path);
    expect(await refused(left)).toContain("is empty");
    copyFileSync(join(whole, names.database), path);
    truncateSync(path, size - 4096);
    expect(await refused(left)).toContain("damaged or cut");
    copyFileSync(join(whole, names.database), path);
    expect(await eventsOf(left)).toEqual(acknowledged);
  });

  test("whose database file has a page of garbage is refused", async () => {
    const left = await closed();
    const path = join(left, names.database);
    const bytes = readFileSync(path);
    bytes.fill(0x5a, bytes.length - 8192, bytes.length - 4096);
    writeFileSync(path, bytes);
    expect(await refused(left)).toContain("damaged");
  });

  test("of the format before, which counted no commits, is opened, also when it was killed", async () => {
    const left = await closed();
    const file = new Libsql(join(left, names.database));
    file.exec("DROP TABLE commits; UPDATE store SET clean = 0; PRAGMA user_version=1");
    file.close();
    expect(await eventsOf(left)).toEqual(acknowledged);
    rmSync(join(left, names.database));
    expect(await eventsOf(left)).toEqual([]);
  });

  test("takes a left-over name of a killed start away", async () => {
    const left = await closed();
    const name = join(left, `${names.database}.inspected-999999999`);
    writeFileSync(name, "");
    expect(await eventsOf(left)).toEqual(acknowledged);
    expect(existsSync(name)).toBe(false);
  });
});

describe("files that go away while they are open", () => {
  const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

  beforeEach(() => {
    vi.clearAllMocks();
  });

  test.each(["directory", ...Object.keys(names).filter((name) => name !== "record")])(
    "the %s: nothing is acknowledged, health says so, the log says it once; back again, it goes on",
    async (what) => {
      const directory = join(folder, "data");
      const engine = await open(directory, { logger });
      const log = await engine.log("things");
      await put(log, "a", "before");
      const path =
        what === "directory" ? directory : join(directory, names[what as keyof typeof names]);
      const aside = join(folder, "aside");
      renameSync(path, aside);
      for (let attempt = 0; attempt < 3; attempt++) {
        const error = await rejection(log.append("a", [{ data: "lost" }]), "log_unavailable");
        expect(error.message).toContain(`${path} was removed`);
      }
      expect(engine.health()).toEqual({
        ok: false,
        reason: expect.stringMatching(/was removed .* restart the server/),
      });
      // Another file in its place is not the file.
      cpSync(aside, path, { recursive: true });
      expect(engine.health()).toMatchObject({ reason: expect.stringContaining("was replaced") });
      await rejection(log.append("a", [{ data: "lost" }]), "log_unavailable");
      expect(logger.error).toHaveBeenCalledOnce();
      rmSync(path, { recursive: true });
      renameSync(aside, path);
      await expect.poll(() => engine.health()).toEqual({ ok: true });
      await put(log, "a", "after");
      expect(logger.info).toHaveBeenCalledOnce();
      await engine.close();
      expect(await eventsOf(directory)).toEqual(["before", "after"]);
    },
  );

  test("health finds out by itself, and closing leaves what is at the path alone", async () => {
    const directory = join(folder, "data");
    const engine = await open(directory, { logger });
    await put(await engine.log("things"), "a", "old");
    renameSync(directory, join(folder, "aside"));
    const other = await open(directory);
    await put(await other.log("things"), "a", "new");
    await expect.poll(() => logger.error.mock.calls.length).toBe(1);
    const files = filesOf(directory);
    await engine.close();
    expect(filesOf(directory)).toEqual(files);
    await other.close();
    expect(await eventsOf(directory)).toEqual(["new"]);
    // What the first one had is in the directory that was moved, as after a kill.
    expect(await eventsOf(leftBy(join(folder, "aside")))).toEqual(["old"]);
  });
});

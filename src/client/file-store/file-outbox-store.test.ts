/** The outbox in a file: its promises, its file and its lock. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rmdir,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Scope, scopePerTest } from "../../../test/support/scope.ts";
import { temporaryFolder } from "../../../test/support/server-process.ts";
import { outboxStoreSuite, storedMessage } from "../outbox-store.suite.ts";
import { FileOutboxStore, type FileOutboxStoreOptions } from "./file-outbox-store.ts";

async function newPath(owner: Scope): Promise<string> {
  return join(await temporaryFolder(owner), "outbox.jsonl");
}

const variants: readonly (readonly [string, FileOutboxStoreOptions])[] = [
  ["FileOutboxStore", {}],
  ["FileOutboxStore, synced", { durability: "disk" }],
  ["FileOutboxStore, rewritten all the time", { compactAboveBytes: 0 }],
];
for (const [name, options] of variants) {
  outboxStoreSuite(name, async (owner) => {
    const path = await newPath(owner);
    return { store: () => new FileOutboxStore(path, options) };
  });
}

const scope = scopePerTest();
const opened = (path: string, options?: FileOutboxStoreOptions) =>
  scope.own(new FileOutboxStore(path, options), (store) => store.close());
const idsOf = async (store: FileOutboxStore) => (await store.load()).map(({ id }) => id);

/** Stores these and closes. */
async function store(path: string, ids: readonly string[]): Promise<void> {
  const first = opened(path);
  for (const id of ids) await first.put(storedMessage(id));
  await first.close();
}

describe("the file", () => {
  test("is readable by its owner only, and is made with its folder", async () => {
    const path = join(await temporaryFolder(scope), "a", "b", "outbox.jsonl");
    await store(path, ["a"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
    await chmod(path, 0o644);
    const again = opened(path, { compactAboveBytes: 0 });
    await again.load();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await again.remove("a");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const name of await readdir(join(path, "..")))
      expect((await stat(join(path, "..", name))).mode & 0o077).toBe(0);
  });

  test("cut anywhere, gives the messages of its whole lines, and what is put then is there afterwards", async () => {
    const path = await newPath(scope);
    await store(path, ["a", "b"]);
    const whole = await readFile(path);
    const endsOfLines = [...whole.keys()].filter((at) => whole[at] === 10).map((at) => at + 1);
    for (let length = whole.length; length >= 0; length -= 7) {
      await writeFile(path, whole.subarray(0, length));
      const torn = opened(path);
      const left = await idsOf(torn);
      expect(left).toEqual(
        ["a", "b"].slice(0, Math.max(0, endsOfLines.filter((end) => end <= length).length - 1)),
      );
      await torn.put(storedMessage("c"));
      await torn.close();
      const next = opened(path);
      expect(await idsOf(next)).toEqual([...left, "c"]);
      await next.close();
    }
  });

  test("with a broken line in its midst gives the others", async () => {
    const path = await newPath(scope);
    await store(path, ["a"]);
    await appendFile(path, `\0\0\0"}\n{"put":{"id":1}}\nnull\n`);
    await store(path, ["b"]);
    expect(await idsOf(opened(path))).toEqual(["a", "b"]);
  });

  test("of something else is left alone", async () => {
    const path = await newPath(scope);
    for (const content of ["my notes\n", "my notes", "x".repeat(1000), '{"put":']) {
      await writeFile(path, content);
      await expect(opened(path).load()).rejects.toMatchObject({
        code: "outbox_unavailable",
        message: expect.stringContaining(path),
      });
      expect(await readFile(path, "utf8")).toBe(content);
    }
    await writeFile(path, '{"switchboardOutbox":2}\n');
    await expect(opened(path).load()).rejects.toMatchObject({ code: "data_version" });
  });

  test("that cannot be made: the message says why, and closing is no error", async () => {
    const folder = await temporaryFolder(scope);
    await mkdir(join(folder, "outbox.jsonl"));
    const bad = opened(join(folder, "outbox.jsonl"));
    await expect(bad.put(storedMessage("a"))).rejects.toMatchObject({
      code: "outbox_unavailable",
      message: expect.stringContaining("EISDIR"),
    });
    await bad.close();
  });

  test("stays as small as what waits, over many messages, and keeps those that wait", async () => {
    const path = await newPath(scope);
    const busy = opened(path, { compactAboveBytes: 20_000 });
    const kept: string[] = [];
    let largest = 0;
    for (let n = 0; n < 3000; n++) {
      const id = `m${n}`;
      const put = busy.put(storedMessage(id, { text: "x".repeat(100) }));
      void busy.markWritten(id);
      if (n % 100 === 0) kept.push(id);
      else void busy.remove(id);
      if (n % 10 === 0) await put;
      if (n % 50 === 0) largest = Math.max(largest, (await stat(path)).size);
    }
    await busy.close();
    expect(largest).toBeLessThan(40_000);
    const again = opened(path);
    const left = await again.load();
    expect(left.map(({ id }) => id)).toEqual(kept);
    expect(left.every(({ written }) => written)).toBe(true);
  });

  test("that cannot be rewritten goes on as it is", async () => {
    const path = await newPath(scope);
    const busy = opened(path, { compactAboveBytes: 500 });
    await busy.load();
    await mkdir(`${path}.new`);
    for (let n = 0; n < 50; n++) {
      await busy.put(storedMessage(`m${n}`));
      if (n % 10 !== 0) await busy.remove(`m${n}`);
    }
    expect((await stat(path)).size).toBeGreaterThan(5000);
    await rmdir(`${path}.new`);
    await busy.put(storedMessage("x", { text: "x".repeat(20_000) }));
    await busy.remove("x");
    expect((await stat(path)).size).toBeLessThan(2000);
    await busy.close();
    expect(await idsOf(opened(path))).toEqual(["m0", "m10", "m20", "m30", "m40"]);
  });
});

describe("the lock", () => {
  /** The name of a claim, and its text. */
  const claim = (pid: number, mark: string, host = hostname()) =>
    [`outbox.jsonl.lock-${pid}-x`, JSON.stringify({ pid, mark, host })] as const;

  async function withClaim(pid: number, mark: string, host?: string): Promise<string> {
    const path = await newPath(scope);
    await store(path, ["a"]);
    const [name, text] = claim(pid, mark, host);
    await writeFile(join(path, "..", name), text);
    return path;
  }

  test("says who has it, also by another name of the file", async () => {
    const path = await newPath(scope);
    await opened(path).load();
    const other = join(path, "..", "other");
    await symlink(path, other);
    for (const name of [path, other]) {
      await expect(opened(name).load()).rejects.toMatchObject({
        code: "data_locked",
        message: `${path} is in use by this process (${process.pid}): close that connection, or give each its own file`,
      });
    }
  });

  test("leaves nothing behind", async () => {
    const path = await newPath(scope);
    await store(path, ["a"]);
    expect(await readdir(join(path, ".."))).toEqual(["outbox.jsonl"]);
  });

  test("of a dead process is taken over, also if another process has its id now, or it died while it took the lock", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    const living = process.pid;
    for (const path of [
      await withClaim(child.pid ?? 0, ""),
      await withClaim(living, "another boot 1"),
    ]) {
      expect(await idsOf(opened(path))).toEqual(["a"]);
      expect((await readdir(join(path, ".."))).filter((name) => name.includes("lock")).length).toBe(
        1,
      );
    }
    const path = await withClaim(child.pid ?? 0, "");
    await truncate(join(path, "..", `outbox.jsonl.lock-${child.pid}-x`));
    expect(await idsOf(opened(path))).toEqual(["a"]);
  });

  test("of a living process, and of another machine's, is not", async () => {
    const here = await withClaim(process.ppid, "");
    await expect(opened(here).load()).rejects.toMatchObject({
      code: "data_locked",
      message: expect.stringContaining(`in use by process ${process.ppid}:`),
    });
    const far = await withClaim(1, "x", "far");
    await expect(opened(far).load()).rejects.toMatchObject({
      code: "data_locked",
      message: expect.stringContaining(
        `in use by process 1 on far: give each its own file; if that process is dead, remove ${far}.lock-1-x`,
      ),
    });
  });

  test("of many who open at once, one has it at most", async () => {
    const path = await newPath(scope);
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => opened(path).load()));
    expect(all.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
    for (const one of all)
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "data_locked" });
  });
});

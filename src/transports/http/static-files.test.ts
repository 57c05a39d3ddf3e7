/** Files of a directory over HTTP, and nothing outside of it. */
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileAnswer } from "./static-files.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "switchboard-test-"));
  await mkdir(join(folder, "pages", "assets"), { recursive: true });
  await mkdir(join(folder, "pages-of-others"));
  await writeFile(join(folder, "pages", "index.html"), "the page");
  await writeFile(join(folder, "pages", "assets", "index.html"), "inner");
  await writeFile(join(folder, "pages", "assets", "a b ü.js"), "1");
  await writeFile(join(folder, "pages", ".env"), "secret");
  await writeFile(join(folder, "pages-of-others", "secret.txt"), "secret");
  await writeFile(join(folder, "secret.txt"), "secret");
  await symlink(join(folder, "secret.txt"), join(folder, "pages", "link.txt"));
  await symlink(join(folder, "pages", "index.html"), join(folder, "pages", "same.html"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const get = (path: string, init?: RequestInit) =>
  fileAnswer(join(folder, "pages"), new Request(`http://localhost${path}`, init));

describe("files", () => {
  it.each([
    ["/", "the page", "text/html; charset=utf-8"],
    ["/?worker=x", "the page", "text/html; charset=utf-8"],
    ["/index.html", "the page", "text/html; charset=utf-8"],
    ["/same.html", "the page", "text/html; charset=utf-8"],
    ["/assets/", "inner", "text/html; charset=utf-8"],
    ["/assets/a%20b%20%C3%BC.js", "1", "text/javascript; charset=utf-8"],
  ])("%s", async (path, text, type) => {
    const answer = await get(path);
    expect([answer.status, await answer.text(), answer.headers.get("content-type")]).toEqual([
      200,
      text,
      type,
    ]);
  });

  it.each([
    "/nothing.html",
    "/assets",
    "/.env",
    "/assets/../.env",
    "/link.txt",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/..%5csecret.txt",
    "/%2e%2e%2fpages-of-others/secret.txt",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/index.html/",
    "/index.html%00.txt",
    `/${"x".repeat(5000)}`,
  ])("%s is not there", async (path) => {
    const answer = await get(path);
    expect([answer.status, (await answer.json()).error.code]).toEqual([404, "not_found"]);
  });

  it("are opened for the first read, and closed when nobody reads on", async () => {
    await writeFile(join(folder, "pages", "large.bin"), Buffer.alloc(1 << 20));
    const openFiles = async () => {
      const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`));
      const targets = await Promise.all(links.map((link) => link.catch(() => "")));
      return targets.filter((target) => target.endsWith("large.bin")).length;
    };
    const readers = [];
    for (let count = 0; count < 20; count++)
      readers.push((await get("/large.bin")).body?.getReader());
    expect(await openFiles()).toBe(0);
    for (const reader of readers) await reader?.read();
    expect(await openFiles()).toBe(20);
    for (const reader of readers) await reader?.cancel();
    await expect.poll(openFiles).toBe(0);
  });
});

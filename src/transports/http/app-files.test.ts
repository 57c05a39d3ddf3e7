/** A built app over HTTP. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appAnswer } from "./app-files.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "switchboard-test-"));
  await mkdir(join(folder, "app", "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "app", "index.html"), "the app");
  await writeFile(join(folder, "app", "icon.svg"), "icon");
  await writeFile(join(folder, "app", "assets", "main-1.js"), "script");
  await writeFile(join(folder, "app", "assets", "main-1.js.br"), "by brotli");
  await writeFile(join(folder, "app", "assets", "main-1.js.gz"), "by gzip");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function get(path: string, acceptEncoding = "", directory = join(folder, "app")) {
  const parts = {
    directory,
    base: "/console/",
    policy: "default-src 'self'",
    missing: "not built",
  } as const;
  const answer = await appAnswer(
    parts,
    new Request(`http://localhost${path}`, { headers: { "accept-encoding": acceptEncoding } }),
  );
  return { answer, text: await answer.text(), header: (name: string) => answer.headers.get(name) };
}

describe("an app", () => {
  it.each([
    "/console/",
    "/console/index.html",
    "/console/lobby",
    "/console/devices/a.b/c",
    "/console/..%2fsecret.txt",
    "/console/.env",
  ])("%s is its page", async (path) => {
    const { answer, text, header } = await get(path);
    expect([answer.status, text, header("content-type"), header("cache-control")]).toEqual([
      200,
      "the app",
      "text/html; charset=utf-8",
      "no-cache",
    ]);
    expect(header("content-security-policy")).toBe("default-src 'self'");
  });

  it("is led to with the slash", async () => {
    const { answer, header } = await get("/console?a=b");
    expect([answer.status, header("location")]).toEqual([302, "/console/?a=b"]);
  });

  it.each([
    ["", "script", null],
    ["gzip, deflate, br", "by brotli", "br"],
    ["gzip", "by gzip", "gzip"],
    ["br;q=0", "script", null],
  ])("assets with accept-encoding %j", async (accepted, content, encoding) => {
    const { text, header } = await get("/console/assets/main-1.js", accepted);
    expect([text, header("content-encoding"), header("content-type"), header("vary")]).toEqual([
      content,
      encoding,
      "text/javascript; charset=utf-8",
      "accept-encoding",
    ]);
    expect(header("cache-control")).toBe("public, max-age=31536000, immutable");
  });

  it("other files are asked for again each time", async () => {
    const { text, header } = await get("/console/icon.svg", "br");
    expect([text, header("content-encoding"), header("cache-control")]).toEqual([
      "icon",
      null,
      "no-cache",
    ]);
  });

  it("an asset of another build is not found", async () => {
    expect((await get("/console/assets/main-0.js")).answer.status).toBe(404);
  });

  it("says what to do where it has not been built", async () => {
    const { answer, text } = await get("/console/lobby", "br", join(folder, "nowhere"));
    expect([answer.status, text]).toEqual([404, "not built\n"]);
  });
});

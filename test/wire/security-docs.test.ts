/** The tables of docs/security.md are those that the contracts and limits make. */
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectPath } from "../support/paths.ts";
import { scopePerTest } from "../support/scope.ts";
import { temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();
const docs = join(projectPath, "docs/security.md");

function tables(...args: readonly string[]): {
  readonly status: number | null;
  readonly stderr: string;
} {
  const script = join(projectPath, "scripts/security-tables.js");
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

it("docs/security.md is not stale (npm run docs)", () => {
  const { status, stderr } = tables("--check");
  expect([stderr, status]).toEqual(["", 0]);
});

it("a stale file is noticed, and written anew", async () => {
  const copy = join(await temporaryFolder(scope), "security.md");
  const text = await readFile(docs, "utf8");
  await writeFile(copy, text.replace("`lobby.viewer` |", "any good token |"));
  const { status, stderr } = tables("--check", copy);
  expect(status).toBe(1);
  expect(stderr).toContain("is stale: run npm run docs");
  expect(tables(copy).status).toBe(0);
  expect(await readFile(copy, "utf8")).toBe(text);
});

it("every test file that it names is there", async () => {
  const named = (await readFile(docs, "utf8")).matchAll(/`([a-z/-]+\.test\.ts)`/g);
  const paths = [...new Set(Array.from(named, ([, path]) => path ?? ""))];
  expect(paths.length).toBeGreaterThan(15);
  for (const path of paths) await readFile(join(projectPath, path));
});

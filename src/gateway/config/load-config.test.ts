/** The configuration from where users put it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { SwitchboardError } from "../../wire/error.ts";
import { services, set } from "./config.fixture.ts";
import { type ConfigSources, configFrom, loadConfig } from "./load-config.ts";

describe("the file", () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "switchboard-config-"));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return folder;
  }

  async function load(files: Readonly<Record<string, string>>, more: Partial<ConfigSources> = {}) {
    return await loadConfig(services, {
      folder: await folderWith(files),
      env: {},
      flags: [],
      ...more,
    });
  }

  test("need not be there", async () => {
    expect((await load({})).config.listen.port).toBe(7400);
  });

  test("is found by its usual names", async () => {
    expect(
      (await load({ "switchboard.config.json": '\uFEFF{"listen":{"port":1}}' })).config.listen.port,
    ).toBe(1);
    expect(
      (await load({ "switchboard.config.js": "export default { listen: { port: 1 + 1 } };" }))
        .config.listen.port,
    ).toBe(2);
  });

  test("is the named one before all", async () => {
    const files = {
      "switchboard.config.json": '{"listen":{"port":1}}',
      "other.json": '{"listen":{"port":3}}',
      "other.cjs": "module.exports = {};",
    };
    const named = await load(files, { file: "other.json" });
    expect(named.config.listen.port).toBe(3);
    expect(named.sourceOf(["listen", "port"])).toBe("other.json");
    expect((await load(files, { file: "other.cjs" })).config.listen.port).toBe(7400);
  });

  test("goes after the environment, and that after the flags", async () => {
    const files = { "switchboard.config.json": '{"listen":{"port":1}}' };
    const env = { SWITCHBOARD_LISTEN_PORT: "2", OTHER: "x" };
    expect((await load(files)).config.listen.port).toBe(1);
    expect((await load(files, { env })).config.listen.port).toBe(2);
    const all = await load(files, { env, flags: [set("listen.port", "3")] });
    expect([all.config.listen.port, all.sourceOf(["listen", "port"])]).toEqual([
      3,
      "--set listen.port",
    ]);
  });

  test.each<[string, Record<string, string>, string | undefined, string]>([
    [
      "two usual ones",
      { "switchboard.config.json": "{}", "switchboard.config.js": "" },
      undefined,
      "remove one, or name the one that counts",
    ],
    ["not there", {}, "no.json", "no.json does not exist: correct the path given with --config"],
    ["no module there", {}, "no.js", "no.js does not exist: correct the path given with --config"],
    [
      "of another kind",
      { "a.yaml": "" },
      "a.yaml",
      "a.yaml is no configuration file: give it a name that ends in .json",
    ],
    [
      "a list",
      { "a.json": "[]" },
      "a.json",
      "a.json holds no settings: it must hold one JSON object",
    ],
    [
      "without a default",
      { "a.mjs": "export const a = 1;" },
      "a.mjs",
      "a.mjs holds no settings: it must export one object as its default",
    ],
    ["a directory", {}, ".", ". is no configuration file"],
    [
      "failing",
      { "a.mjs": 'throw new Error("out of luck");' },
      "a.mjs",
      "a.mjs cannot be run: out of luck",
    ],
    [
      "with a comma too many",
      { "a.json": '{\n  "data": "x",\n}' },
      "a.json",
      "is not JSON: Expected double-quoted property name in line 3, column 1",
    ],
    [
      "cut off",
      { "a.json": '{"data"' },
      "a.json",
      "a.json is not JSON: Expected ':' after property name in line 1, column 8",
    ],
    ["empty", { "a.json": "" }, "a.json", "a.json is not JSON: Unexpected end of JSON input"],
    [
      "with a bare word",
      { "a.json": '{\n  "engine": {\n    "password": hunter2 } }' },
      "a.json",
      "a.json is not JSON: Unexpected token 'h' in line 3, column 17",
    ],
  ])("that cannot be used is told of: %s", async (_name, files, file, expected) => {
    const error = await load(files, file === undefined ? {} : { file }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(SwitchboardError);
    expect(error).toMatchObject({ code: "bad_config", message: expect.stringContaining(expected) });
    expect(String(error)).not.toContain("hunter2");
  });

  test("may hold undefined, which is nothing; what JSON cannot hold is refused", () => {
    expect(configFrom(services, { auth: { jwt: undefined }, data: undefined }).data).toBe("./data");
    for (const port of [Number.NaN, () => 1, 1n, Symbol("one")]) {
      expect(() => configFrom(services, { listen: { port } })).toThrow(
        /listen.port is ".*": it must be a whole number/,
      );
    }
    expect(() => configFrom(services, { limits: { messagesPerSecond: Number.NaN } })).toThrow(
      'messagesPerSecond is "NaN"',
    );
  });
});

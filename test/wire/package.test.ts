/** The packed package in a project of its own: its entry points are found by Node and by TypeScript, as servers and as bundlers look for them. */
import { spawnSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { projectPath } from "../support/paths.ts";
import { scopePerFile } from "../support/scope.ts";
import { temporaryFolder } from "../support/server-process.ts";

const scope = scopePerFile();
let project: string;

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

const names = [
  "crowd",
  "devices",
  "experiments",
  "file-store",
  "indexeddb-store",
  "lobby",
  "tracking",
];

/** Uses something of each entry point of the client. */
const use = `
import { connect, type ConnectOptions, type Outcome } from "switchboard/client";
import { FileOutboxStore } from "switchboard/client/file-store";
${names.map((name) => `import * as ${name.replace("-", "_")} from "switchboard/client/${name}";`).join("\n")}
const options: ConnectOptions = { token: async () => "t", outbox: { store: new FileOutboxStore("x") } };
export const outcome: Promise<Outcome> = connect("ws://127.0.0.1:1", options).send("x").outcome;
export const all = [${names.map((name) => name.replace("-", "_")).join(", ")}];
// @ts-expect-error a message is a text
connect("ws://127.0.0.1:1").send(1);
`;

beforeAll(async () => {
  project = await temporaryFolder(scope);
  const { dependencies } = JSON.parse(
    await readFile(join(projectPath, "package.json"), "utf8"),
  ) as { dependencies: object };
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  // Without scripts: `npm pack` takes what is built.
  run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", project, projectPath);
  await mkdir(join(project, "node_modules"));
  run("sh", "-c", "tar xzf *.tgz && mv package node_modules/switchboard");
  // As installed; npm would ask the registry for them.
  for (const name of [...Object.keys(dependencies), "@types/node", "undici-types"]) {
    const path = join(project, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(projectPath, "node_modules", name), path);
  }
  await writeFile(join(project, "use.ts"), use);
}, 60_000);

describe("the package", () => {
  it("has entry points that Node finds", () => {
    const imports = ["client", ...names.map((name) => `client/${name}`)]
      .map((name) => `import "switchboard/${name}";`)
      .join("");
    const script = `${imports} import { connect } from "switchboard/client";
      console.log((await connect("ws://127.0.0.1:1", { deadlineMs: 50 }).whenClosed()).kind);`;
    expect(run(process.execPath, "--input-type=module", "-e", script)).toBe("deadline\n");
  });

  it.each([
    ["nodenext, with Node's types", ["--module", "nodenext", "--lib", "es2023", "--types", "node"]],
    ["nodenext, with a browser's", ["--module", "nodenext", "--lib", "es2023,dom", "--types", ""]],
    [
      "bundler",
      ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom", "--types", ""],
    ],
  ])("has types: %s", { timeout: 60_000 }, (_how, options) => {
    const tsc = join(projectPath, "node_modules/.bin/tsc");
    const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2023"];
    expect(run(tsc, ...strict, ...options, "use.ts")).toBe("");
  });

  it("has no Node imports in what browsers get, but for the file store and Node's own platform", () => {
    const found = run(
      "sh",
      "-c",
      'grep -rlE "from [\'\\"](node:|ws)" node_modules/switchboard/dist/client node_modules/switchboard/dist/wire | sort',
    );
    const allowed = /\/client\/(file-store\/[a-z-]+|platform\/node)\.(js|d\.ts)$/;
    expect(found.split("\n").filter((path) => path !== "" && !allowed.test(path))).toEqual([]);
  });
});

import {
  chmod,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeWhole } from "./whole-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "switchboard-whole-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const path = () => join(folder, "out.csv");

/** Throws behind its last piece, if there is something to throw. */
async function* pieces(texts: readonly string[], failure?: Error): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
  if (failure !== undefined) throw failure;
}

describe("writeWhole", () => {
  it("writes a new file, and over one that is there, with its mode", async () => {
    expect(await writeWhole(path(), pieces(["ab", "c"]), never)).toBe(3);
    await chmod(path(), 0o600);
    await writeWhole(path(), pieces(["d"]), never);
    expect(await readFile(path(), "utf8")).toBe("d");
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["out.csv"]);
  });

  it("leaves nothing when the pieces break off, and what was there as it was", async () => {
    await expect(writeWhole(path(), pieces(["ab"], new Error("broken")), never)).rejects.toThrow(
      "broken",
    );
    expect(await readdir(folder)).toEqual([]);
    await writeFile(path(), "before");
    await expect(writeWhole(path(), pieces(["ab"], new Error("broken")), never)).rejects.toThrow(
      "broken",
    );
    expect(await readFile(path(), "utf8")).toBe("before");
    expect(await readdir(folder)).toEqual(["out.csv"]);
  });

  it("leaves nothing when it is told to stop", async () => {
    const told = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let nth = 0; ; nth++) {
        if (nth === 3) told.abort();
        yield Buffer.from("x");
      }
    }
    await expect(writeWhole(path(), endless(), told.signal)).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("writes through a link, and straight into what is no ordinary file", async () => {
    await writeFile(path(), "before");
    const link = join(folder, "link");
    await symlink(path(), link);
    await writeWhole(link, pieces(["after"]), never);
    expect([(await lstat(link)).isSymbolicLink(), await readFile(path(), "utf8")]).toEqual([
      true,
      "after",
    ]);
    await writeWhole("/dev/null", pieces(["x"]), never);
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
    await expect(writeWhole(folder, pieces(["x"]), never)).rejects.toMatchObject({
      code: "EISDIR",
    });
    expect(await readdir(folder)).toEqual(["link", "out.csv"]);
  });
});

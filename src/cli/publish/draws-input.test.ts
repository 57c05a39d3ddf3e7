/** What can be read and what cannot. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scopePerTest } from "../../../test/support/scope.ts";
import { temporaryFolder } from "../../../test/support/server-process.ts";
import type { Surroundings } from "../surroundings.ts";
import { openInput } from "./draws-input.ts";

const scope = scopePerTest();
const standardInput = (async function* () {})();
const surroundings = { input: () => standardInput } as Partial<Surroundings> as Surroundings;

describe("a file", () => {
  it("is read whole, and its size is known", async () => {
    const path = join(await temporaryFolder(scope), "draws.csv");
    await writeFile(path, "mu\n1\n");
    const { bytes, size } = await openInput(path, surroundings);
    expect(size).toBe(5);
    const pieces: Uint8Array[] = [];
    for await (const piece of bytes) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("mu\n1\n");
  });

  it("that is not there, or is none, is refused with what to do", async () => {
    const folder = await temporaryFolder(scope);
    const path = join(folder, "draws.csv");
    for (const [name, reason] of [
      [path, "there is no such file; without a file, standard input is read"],
      [folder, "it is a folder; name a file in it"],
    ] as const) {
      await expect(openInput(name, surroundings)).rejects.toMatchObject({
        code: "not_found",
        message: `${name} cannot be read: ${reason}`,
      });
    }
  });

  it.skipIf(process.getuid?.() === 0)(
    "that may not be read is refused with what to do",
    async () => {
      const folder = join(await temporaryFolder(scope), "closed");
      await mkdir(folder);
      await writeFile(join(folder, "draws.csv"), "");
      await chmod(join(folder, "draws.csv"), 0);
      await expect(openInput(join(folder, "draws.csv"), surroundings)).rejects.toMatchObject({
        code: "not_found",
        message: expect.stringContaining("you may not read it"),
      });
    },
  );
});

it("without a file it is standard input, of no known size", async () => {
  expect(await openInput(undefined, surroundings)).toEqual({
    bytes: standardInput,
    size: undefined,
  });
});

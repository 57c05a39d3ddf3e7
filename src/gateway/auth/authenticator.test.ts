/** Static tokens, and the file that they are in. */
import { rmSync } from "node:fs";
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { anybody, type Principal } from "../../kit/principal.ts";
import { AuthPlace, movedClock, nextChange, refusal } from "./auth.fixture.ts";
import { newToken } from "./static-token.ts";
import { changeTokens, readTokens } from "./tokens-file.ts";

const place = AuthPlace.perTest();

test("with auth off everybody is anybody, whatever the token", async () => {
  await writeFile(join(place.folder, "data"), "in the way of the tokens file");
  const open = await place.gate({ enabled: false });
  expect(open.enabled).toBe(false);
  expect(await open.authenticate("anything")).toBe(anybody);
  expect(open.stillGood(anybody)).toBe(true);
});

describe("a static token", () => {
  test("is 256 random bits, of which the file has the hash only, for this user only", async () => {
    const token = await place.createToken({ name: "door", roles: ["lobby.host"] });
    expect(token).toMatch(/^sb_[A-Za-z0-9_-]{43}$/);
    expect(await readFile(place.tokensFile, "utf8")).not.toContain(token.slice(3));
    expect((await stat(place.tokensFile)).mode & 0o777).toBe(0o600);
    expect(await place.createToken()).not.toBe(token);
  });

  test("gives its name, roles and limits", async () => {
    const token = await place.createToken({
      name: "door",
      roles: ["lobby.host", "metrics"],
      only: { lobbies: ["a", "b"] },
    });
    const gate = await place.gate();
    const principal = await gate.authenticate(token);
    expect(principal).toEqual({
      name: "door",
      roles: ["lobby.host", "metrics"],
      only: { lobbies: ["a", "b"] },
    });
    expect(gate.stillGood(principal)).toBe(true);
  });

  test("that is not known is refused, without a word of it", async () => {
    await place.createToken();
    const gate = await place.gate();
    const unknown = newToken({ name: "x", roles: [], only: {} }, 0).token;
    for (const token of [unknown, "sb_", "", "hunter2", "__proto__", "x".repeat(20_000)]) {
      const error = await refusal(gate.authenticate(token));
      expect(error.code).toBe("unauthenticated");
      if (token.length > 3)
        expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain(token);
    }
    expect((await refusal(gate.authenticate(unknown))).message).toBe(
      "the token is not known here: it was revoked, or is another server's",
    );
  });

  test("is known at once when it is created beside the running server", async () => {
    const gate = await place.gate();
    for (let i = 0; i < 5; i++) {
      const token = await place.createToken({ name: `n${i}` });
      expect((await gate.authenticate(token)).name).toBe(`n${i}`);
    }
  });

  test("that is revoked stops being good within a second, and others stay", async () => {
    const [revoked, kept] = [
      await place.createToken({ name: "revoked" }),
      await place.createToken({ name: "kept" }),
    ];
    const gate = await place.gate();
    const [gone, stays] = [await gate.authenticate(revoked), await gate.authenticate(kept)];
    const change = nextChange(gate);
    await changeTokens(place.tokensFile, (tokens) =>
      tokens.filter(({ name }) => name !== "revoked"),
    );
    await change;
    expect(gate.stillGood(gone)).toBe(false);
    expect(gate.stillGood(stays)).toBe(true);
    expect(await gate.authenticate(kept)).toBe(stays);
    await refusal(gate.authenticate(revoked));
  });

  test("that allows something else now has to be shown again", async () => {
    const token = await place.createToken({ roles: ["a"] });
    const gate = await place.gate();
    const before = await gate.authenticate(token);
    const change = nextChange(gate);
    await changeTokens(place.tokensFile, (tokens) =>
      tokens.map((record) => ({ ...record, roles: ["b"] })),
    );
    await change;
    expect(gate.stillGood(before)).toBe(false);
    const after = await gate.authenticate(token);
    expect(after.roles).toEqual(["b"]);
    expect(gate.stillGood(after)).toBe(true);
  });

  test("is gone with its file", async () => {
    const token = await place.createToken();
    const gate = await place.gate();
    const principal = await gate.authenticate(token);
    const change = nextChange(gate);
    await rm(place.tokensFile);
    await change;
    expect(gate.stillGood(principal)).toBe(false);
  });

  test("expires", async () => {
    const { clock, moveMs } = movedClock();
    const gate = await place.gate({ clock });
    const token = await place.createToken({ lifetimeMs: 60_000 });
    const principal = await gate.authenticate(token);
    expect(gate.stillGood(principal)).toBe(true);
    moveMs(60_000);
    expect(gate.stillGood(principal)).toBe(false);
    const { code, message } = await refusal(gate.authenticate(token));
    expect([code, message]).toEqual([
      "unauthenticated",
      expect.stringMatching(/^the token has expired \(20.*Z\): get a new one$/),
    ]);
  });

  test("survives the destruction of the file, which is logged once, until the file is good again", async () => {
    const token = await place.createToken();
    const gate = await place.gate();
    const principal = await gate.authenticate(token);
    const good = await readFile(place.tokensFile, "utf8");
    await writeFile(place.tokensFile, "{");
    for (let i = 0; i < 3; i++) await refusal(gate.authenticate("sb_other"));
    expect(gate.stillGood(principal)).toBe(true);
    expect(place.logged.filter((message) => message.includes("is not JSON"))).toHaveLength(1);
    const change = nextChange(gate);
    await writeFile(place.tokensFile, good.replace('"someone"', '"another"'));
    await change;
    expect(gate.stillGood(principal)).toBe(false);
  });

  test("a principal that came from elsewhere is good until it expires", async () => {
    const gate = await place.gate();
    const principal: Principal = { name: "agent", roles: [], only: {} };
    expect(gate.stillGood(principal)).toBe(true);
    expect(gate.stillGood({ ...principal, expiresAtMs: Date.now() - 60_000 })).toBe(false);
  });
});

describe("the tokens file", () => {
  test.each([
    ["{", "is not JSON"],
    ["[]", "does not fit"],
    ['{"version":2,"tokens":[]}', 'does not fit: it: "version" is 2'],
    ['{"version":1,"tokens":[{"id":"a"}]}', 'does not fit: it: "tokens.0.name" is missing'],
  ])("that holds %s stops the start", async (text, message) => {
    await place.createToken();
    await writeFile(place.tokensFile, text);
    const error = await refusal(place.gate());
    expect([error.code, error.message]).toEqual(["bad_config", expect.stringContaining(message)]);
  });

  test("loses nothing to writers at the same time", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => place.createToken({ name: `n${i}` })));
    const names = (await readTokens(place.tokensFile)).map(({ name }) => name);
    expect(names.sort()).toEqual(Array.from({ length: 20 }, (_, i) => `n${i}`).sort());
    expect(await readdir(join(place.folder, "data"))).toEqual(["tokens.json"]);
  });

  test("is freed of the lock of a writer that has died", async () => {
    await place.createToken({ name: "first" });
    const lock = `${place.tokensFile}.lock`;
    await writeFile(lock, "of the dead");
    await utimes(lock, new Date(Date.now() - 20_000), new Date(Date.now() - 20_000));
    await Promise.all([
      place.createToken({ name: "second" }),
      place.createToken({ name: "third" }),
    ]);
    expect((await readTokens(place.tokensFile)).map(({ name }) => name).sort()).toEqual([
      "first",
      "second",
      "third",
    ]);
  });

  test("is not written by a writer whose lock was taken away", async () => {
    await place.createToken({ name: "first" });
    const error = await refusal(
      changeTokens(place.tokensFile, () => {
        rmSync(`${place.tokensFile}.lock`);
        return [];
      }),
    );
    expect(error.code).toBe("conflict");
    expect(await readTokens(place.tokensFile)).toHaveLength(1);
  });

  test("stays as it was when the change throws", async () => {
    await place.createToken();
    const before = await readFile(place.tokensFile, "utf8");
    await expect(
      changeTokens(place.tokensFile, () => {
        throw new Error("no");
      }),
    ).rejects.toThrow(/^no$/);
    expect(await readFile(place.tokensFile, "utf8")).toBe(before);
    expect(await readdir(join(place.folder, "data"))).toEqual(["tokens.json"]);
  });
});

/** JSON Web Tokens, good and bad. */
import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../kit/clock.ts";
import type { JwtConfig } from "../config.ts";
import { AuthPlace, movedClock, refusal } from "./auth.fixture.ts";
import type { GatewayAuthenticator } from "./authenticator.ts";

const place = AuthPlace.perTest();

describe("a JWT", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ed = generateKeyPairSync("ed25519");
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pairs = { RS256: rsa, ES256: ec, EdDSA: ed };
  type Algorithm = keyof typeof pairs;

  function pem(key: KeyObject): string {
    return key.export({ type: "spki", format: "pem" }).toString();
  }

  async function gateFor(
    key: KeyObject = rsa.publicKey,
    more: Partial<JwtConfig> = {},
    clock: Clock = systemClock,
  ) {
    const publicKeyFile = join(place.folder, "key.pem");
    await writeFile(publicKeyFile, pem(key));
    return await place.gate({ clock, jwt: { publicKeyFile, rolesClaim: "roles", ...more } });
  }

  function claims(payload: Record<string, unknown>, expires: number | string = "1h") {
    return new SignJWT({ sub: "ada", ...payload })
      .setProtectedHeader({ alg: "RS256" })
      .setExpirationTime(expires);
  }

  const nowS = () => Math.floor(Date.now() / 1000);

  async function reasonOf(gate: GatewayAuthenticator, token: string): Promise<string> {
    const error = await refusal(gate.authenticate(token));
    expect(error.code).toBe("unauthenticated");
    expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain(
      token.split(".")[2] || "a token",
    );
    return error.message;
  }

  test.each<Algorithm>(["RS256", "ES256", "EdDSA"])("signed with %s is good", async (alg) => {
    const gate = await gateFor(pairs[alg].publicKey);
    const expires = nowS() + 60;
    const token = await new SignJWT({
      sub: "ada",
      roles: ["a", "b"],
      lobbies: ["1", 2],
      monitors: [],
    })
      .setProtectedHeader({ alg })
      .setExpirationTime(expires)
      .sign(pairs[alg].privateKey);
    const principal = await gate.authenticate(token);
    expect(principal).toEqual({
      name: "ada",
      roles: ["a", "b"],
      only: { lobbies: ["1", "2"], monitors: [] },
      expiresAtMs: expires * 1000,
    });
    expect(gate.stillGood(principal)).toBe(true);
  });

  test("is good beside static tokens", async () => {
    const gate = await gateFor();
    const token = await place.createToken({ name: "static" });
    expect((await gate.authenticate(token)).name).toBe("static");
    expect((await gate.authenticate(await claims({}).sign(rsa.privateKey))).name).toBe("ada");
    expect(await reasonOf(gate, "sb_eyJ")).toContain("not known here");
  });

  test("has its roles where the config says", async () => {
    const rolesAt = async (rolesClaim: string, payload: Record<string, unknown>) => {
      const gate = await gateFor(rsa.publicKey, { rolesClaim });
      return (await gate.authenticate(await claims(payload).sign(rsa.privateKey))).roles;
    };
    const keycloak = { resource_access: { "my.app": { roles: ["x"] }, my: { app: "no" } } };
    expect(await rolesAt("resource_access.my.app.roles", keycloak)).toEqual(["x"]);
    expect(
      await rolesAt("https://example.org/roles", { "https://example.org/roles": ["y"] }),
    ).toEqual(["y"]);
    expect(await rolesAt("scope", { scope: "a  b" })).toEqual(["a", "b"]);
    for (const nothing of [
      {},
      { roles: null },
      { roles: { a: 1 } },
      { roles: 1 },
      { roles: [1, null, ["a"]] },
    ]) {
      expect(await rolesAt("roles", nothing)).toEqual([]);
    }
    expect(await rolesAt("constructor.name", {})).toEqual([]);
  });

  test("that has expired, by more than five seconds, is refused and closes what it opened", async () => {
    const { clock, moveMs } = movedClock();
    const gate = await gateFor(rsa.publicKey, {}, clock);
    const token = await claims({}, nowS() + 10).sign(rsa.privateKey);
    const principal = await gate.authenticate(token);
    moveMs(12_000);
    expect(await gate.authenticate(token)).toEqual(principal);
    expect(gate.stillGood(principal)).toBe(true);
    moveMs(5_000);
    expect(gate.stillGood(principal)).toBe(false);
    expect(await reasonOf(gate, token)).toMatch(/^the token has expired \(20.*Z\): get a new one$/);
  });

  test("without an end is good", async () => {
    const token = await new SignJWT({}).setProtectedHeader({ alg: "RS256" }).sign(rsa.privateKey);
    const principal = await (await gateFor()).authenticate(token);
    expect(principal).toEqual({ name: "a token without a subject", roles: [], only: {} });
  });

  test("that is not yet valid is refused", async () => {
    const gate = await gateFor();
    expect(
      await reasonOf(
        gate,
        await claims({})
          .setNotBefore(nowS() + 60)
          .sign(rsa.privateKey),
      ),
    ).toMatch(/^the token is not yet valid \(20/);
    expect(
      (
        await gate.authenticate(
          await claims({})
            .setNotBefore(nowS() + 2)
            .sign(rsa.privateKey),
        )
      ).name,
    ).toBe("ada");
  });

  test("must be for our audience and of our issuer", async () => {
    const gate = await gateFor(rsa.publicKey, { audience: "us", issuer: "https://id" });
    const good = claims({ aud: ["them", "us"], iss: "https://id" });
    expect((await gate.authenticate(await good.sign(rsa.privateKey))).name).toBe("ada");
    const audience = 'the token is for another audience: it must be for "us"';
    expect(
      await reasonOf(gate, await claims({ aud: "them", iss: "https://id" }).sign(rsa.privateKey)),
    ).toBe(audience);
    expect(await reasonOf(gate, await claims({ iss: "https://id" }).sign(rsa.privateKey))).toBe(
      audience,
    );
    const issuer = 'the token is of another issuer: it must be of "https://id"';
    expect(
      await reasonOf(gate, await claims({ aud: "us", iss: "https://evil" }).sign(rsa.privateKey)),
    ).toBe(issuer);
    expect(await reasonOf(gate, await claims({ aud: "us" }).sign(rsa.privateKey))).toBe(issuer);
  });

  test("signed by another key, or changed, is refused", async () => {
    const gate = await gateFor();
    const bad = "the token's signature is bad: it was not made with our issuer's key";
    expect(await reasonOf(gate, await claims({}).sign(other.privateKey))).toBe(bad);
    const [head, , signature] = (await claims({}).sign(rsa.privateKey)).split(".");
    const payload = Buffer.from(JSON.stringify({ sub: "eve", roles: ["admin"] })).toString(
      "base64url",
    );
    expect(await reasonOf(gate, `${head}.${payload}.${signature}`)).toBe(bad);
  });

  test("without a signature, or signed with our public key as a shared secret, is refused", async () => {
    const gate = await gateFor();
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const payload = part({ sub: "eve", roles: ["admin"] });
    for (const alg of ["none", "None", "NONE", ""]) {
      for (const signature of ["", "abc"])
        await reasonOf(gate, `${part({ alg })}.${payload}.${signature}`);
    }
    expect(await reasonOf(gate, `${part({ alg: "none" })}.${payload}.`)).toBe(
      "the token's signature must be RS256",
    );
    for (const secret of [
      pem(rsa.publicKey),
      pem(rsa.publicKey).trim(),
      rsa.publicKey.export({ type: "spki", format: "der" }),
    ]) {
      const signed = `${part({ alg: "HS256" })}.${payload}`;
      const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
      expect(await reasonOf(gate, token)).toBe("the token's signature must be RS256");
    }
  });

  test("of another algorithm than the key's is refused", async () => {
    const gate = await gateFor(ec.publicKey);
    expect(await reasonOf(gate, await claims({}).sign(rsa.privateKey))).toBe(
      "the token's signature must be ES256",
    );
  });

  test("whose limiting claims are no lists is refused, not taken for unlimited", async () => {
    const gate = await gateFor();
    for (const lobbies of ["a", null, {}, [["a"]], 1]) {
      expect(await reasonOf(gate, await claims({ lobbies }).sign(rsa.privateKey))).toBe(
        "the token's claim lobbies must be a list of ids",
      );
    }
  });

  test("that is none is refused", async () => {
    const gate = await gateFor();
    for (const token of ["", "a", "a.b.c", "....", "e30.e30.e30"]) {
      expect(await reasonOf(gate, token)).toBe(
        "the token is neither one of ours (sb_…) nor a JSON Web Token",
      );
    }
  });

  test.each<[string, () => string, Partial<JwtConfig>, string]>([
    [
      "private",
      () => rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      {},
      "holds a private key: put the public key there",
    ],
    ["no PEM", () => "hello", {}, "holds no public key in PEM"],
    [
      "too short",
      () => pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey),
      {},
      "is an RSA key of 1024 bits",
    ],
    [
      "on another curve",
      () => pem(generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey),
      {},
      "is a key of the kind ec secp384r1",
    ],
    [
      "for another algorithm",
      () => pem(ed.publicKey),
      { algorithms: ["RS256"] },
      "is for EdDSA, but auth.jwt.algorithms allows RS256 only",
    ],
  ])("with a key that is %s there is no start", async (_name, text, more, message) => {
    const publicKeyFile = join(place.folder, "key.pem");
    await writeFile(publicKeyFile, text());
    const error = await refusal(
      place.gate({ jwt: { publicKeyFile, rolesClaim: "roles", ...more } }),
    );
    expect([error.code, error.message]).toEqual(["bad_config", expect.stringContaining(message)]);
    expect(error.message).toContain(publicKeyFile);
  });

  test("without a key there is no start", async () => {
    const publicKeyFile = join(place.folder, "none.pem");
    const error = await refusal(place.gate({ jwt: { publicKeyFile, rolesClaim: "roles" } }));
    expect(error.message).toBe(
      `auth.jwt.publicKeyFile is "${publicKeyFile}", which does not exist: correct the path`,
    );
  });
});

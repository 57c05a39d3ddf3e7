/** Checks JSON Web Tokens against one public key. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import type { Clock } from "../../kit/clock.ts";
import type { Principal } from "../../kit/principal.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { JwtConfig } from "../config.ts";

/** By how much our clock and the issuer's may differ. */
export const clockToleranceMs = 5000;

/** Claims that limit a token to some ids. */
const limitingClaims = ["lobbies", "monitors"] as const;

/** Longest name that a principal gets of a subject. */
const maxNameLength = 200;

type Algorithm = NonNullable<JwtConfig["algorithms"]>[number];

/** Knows the key, and what a token must say. */
export class JwtVerifier {
  readonly #key: KeyObject;
  readonly #algorithms: readonly Algorithm[];
  readonly #config: JwtConfig;
  readonly #clock: Clock;

  private constructor(
    key: KeyObject,
    algorithms: readonly Algorithm[],
    config: JwtConfig,
    clock: Clock,
  ) {
    this.#key = key;
    this.#algorithms = algorithms;
    this.#config = config;
    this.#clock = clock;
  }

  /** Reads the key. Rejects with `bad_config` if it is not there, not public, or not of a kind that we take. */
  static async open(config: JwtConfig, clock: Clock): Promise<JwtVerifier> {
    const key = await readKey(config.publicKeyFile);
    const fitting = algorithmOf(config.publicKeyFile, key);
    const algorithms = (config.algorithms ?? [fitting]).filter(
      (algorithm) => algorithm === fitting,
    );
    if (algorithms.length === 0) {
      const given = config.algorithms?.join(", ");
      throw badKey(
        config.publicKeyFile,
        `is for ${fitting}, but auth.jwt.algorithms allows ${given} only: add ${fitting}, or leave it out`,
      );
    }
    return new JwtVerifier(key, algorithms, config, clock);
  }

  /**
   * The principal of a token: its name is `sub`, its roles are at `rolesClaim` (a list, or a text with spaces between), `lobbies` and
   * `monitors` limit it, `exp` ends it; one without `exp` has no end. Rejects with `unauthenticated`.
   */
  async verify(token: string): Promise<Principal> {
    const { issuer, audience } = this.#config;
    const options: JWTVerifyOptions = {
      algorithms: [...this.#algorithms],
      clockTolerance: clockToleranceMs / 1000,
      currentDate: new Date(this.#clock.now()),
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, this.#key, options));
    } catch (error) {
      throw new SwitchboardError("unauthenticated", this.#whyNot(error));
    }
    return this.#principalOf(payload);
  }

  #principalOf(payload: JWTPayload): Principal {
    const subject: unknown = payload.sub;
    return {
      name:
        typeof subject === "string" ? subject.slice(0, maxNameLength) : "a token without a subject",
      roles: rolesOf(memberAt(payload, this.#config.rolesClaim.split("."))),
      only: onlyOf(payload),
      ...(payload.exp === undefined ? {} : { expiresAtMs: payload.exp * 1000 }),
    };
  }

  /** Never repeats anything of the token but its times, so that it may be logged and sent. */
  #whyNot(error: unknown): string {
    const { issuer, audience } = this.#config;
    if (error instanceof errors.JWTExpired)
      return `the token has expired${atTime(error.payload.exp)}: get a new one`;
    if (error instanceof errors.JWTClaimValidationFailed) {
      if (error.claim === "nbf")
        return `the token is not yet valid${atTime(error.payload.nbf)}: check the clocks`;
      if (error.claim === "aud")
        return `the token is for another audience: it must be for ${JSON.stringify(audience)}`;
      if (error.claim === "iss")
        return `the token is of another issuer: it must be of ${JSON.stringify(issuer)}`;
      return `the token's claim ${error.claim} is not as it must be`;
    }
    if (error instanceof errors.JWSSignatureVerificationFailed)
      return "the token's signature is bad: it was not made with our issuer's key";
    if (error instanceof errors.JOSEAlgNotAllowed)
      return `the token's signature must be ${this.#algorithms.join(" or ")}`;
    return "the token is neither one of ours (sb_…) nor a JSON Web Token";
  }
}

function atTime(seconds: unknown): string {
  const time = new Date(typeof seconds === "number" ? seconds * 1000 : Number.NaN);
  return Number.isNaN(time.getTime()) ? "" : ` (${time.toISOString()})`;
}

/** What is at a dotted path. A claim may have dots in its own name: the longest name that is there goes first. */
function memberAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  if (typeof value !== "object" || value === null) return undefined;
  for (let length = path.length; length > 0; length--) {
    const key = path.slice(0, length).join(".");
    if (!Object.hasOwn(value, key)) continue;
    const found = memberAt((value as Record<string, unknown>)[key], path.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

function rolesOf(claim: unknown): readonly string[] {
  if (typeof claim === "string") return claim.split(/\s+/).filter((role) => role !== "");
  return Array.isArray(claim)
    ? claim.filter((role): role is string => typeof role === "string")
    : [];
}

function onlyOf(payload: JWTPayload): Principal["only"] {
  const only: Record<string, readonly string[]> = {};
  for (const claim of limitingClaims) {
    const ids = payload[claim];
    if (ids === undefined) continue;
    // Anything else must not be taken for "no limit".
    if (
      !Array.isArray(ids) ||
      !ids.every((id) => typeof id === "string" || typeof id === "number")
    ) {
      throw new SwitchboardError(
        "unauthenticated",
        `the token's claim ${claim} must be a list of ids`,
      );
    }
    only[claim] = ids.map(String);
  }
  return only;
}

async function readKey(path: string): Promise<KeyObject> {
  let pem: string;
  try {
    pem = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw badKey(
      path,
      code === "ENOENT"
        ? "does not exist: correct the path"
        : `cannot be read (${code ?? message}): make it readable`,
    );
  }
  // Node would take the public half of it, but where the server runs the private one must not be.
  if (pem.includes("PRIVATE KEY"))
    throw badKey(
      path,
      "holds a private key: put the public key there (openssl pkey -in KEY -pubout)",
    );
  try {
    return createPublicKey(pem);
  } catch {
    throw badKey(
      path,
      "holds no public key in PEM (-----BEGIN PUBLIC KEY-----): export it as that",
    );
  }
}

function algorithmOf(path: string, key: KeyObject): Algorithm {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa" && modulusLength >= 2048) return "RS256";
  if (key.asymmetricKeyType === "rsa")
    throw badKey(path, `is an RSA key of ${modulusLength} bits: use one of 2048 or more`);
  if (key.asymmetricKeyType === "ec" && namedCurve === "prime256v1") return "ES256";
  if (key.asymmetricKeyType === "ed25519") return "EdDSA";
  const kind = [key.asymmetricKeyType, namedCurve].filter((word) => word !== undefined).join(" ");
  throw badKey(path, `is a key of the kind ${kind}: use RSA, EC P-256 or Ed25519`);
}

function badKey(path: string, why: string): SwitchboardError {
  return new SwitchboardError(
    "bad_config",
    `auth.jwt.publicKeyFile is ${JSON.stringify(path)}, which ${why}`,
  );
}

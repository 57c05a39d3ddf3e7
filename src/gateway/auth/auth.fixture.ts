/** What the tests of authentication share. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type Clock, systemClock } from "../../kit/clock.ts";
import type { Logger } from "../../kit/logger.ts";
import { isSwitchboardError, type SwitchboardError } from "../../wire/error.ts";
import type { JwtConfig } from "../config.ts";
import { createAuthenticator, type GatewayAuthenticator } from "./authenticator.ts";
import { newToken, type TokenGrant } from "./static-token.ts";
import { changeTokens } from "./tokens-file.ts";

/** What an authenticator is to be beside the usual. */
export interface GateOptions {
  readonly jwt?: JwtConfig;
  readonly clock?: Clock;
  readonly enabled?: boolean;
}

/** A folder for each test, with authenticators that end with it. */
export class AuthPlace {
  folder = "";
  readonly logged: string[] = [];
  readonly #opened: GatewayAuthenticator[] = [];

  /** One for the file (or `describe`) that it is called in. */
  static perTest(): AuthPlace {
    const place = new AuthPlace();
    beforeEach(async () => {
      place.folder = await mkdtemp(join(tmpdir(), "switchboard-auth-"));
    });
    afterEach(async () => {
      for (const authenticator of place.#opened.splice(0)) authenticator.close();
      place.logged.length = 0;
      await rm(place.folder, { recursive: true });
    });
    return place;
  }

  get tokensFile(): string {
    return join(this.folder, "data", "tokens.json");
  }

  /** An authenticator; auth is on unless told otherwise. */
  async gate({
    jwt,
    clock = systemClock,
    enabled = true,
  }: GateOptions = {}): Promise<GatewayAuthenticator> {
    const { tokensFile } = this;
    const log = (_fields: object, message: string) => void this.logged.push(message);
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const made = await createAuthenticator(
      { auth: { enabled, tokensFile, ...(jwt === undefined ? {} : { jwt }) } },
      { clock, logger },
    );
    this.#opened.push(made);
    return made;
  }

  /** Adds a token to the file, as the command line does. */
  async createToken(grant: Partial<TokenGrant> = {}): Promise<string> {
    const { token, record } = newToken(
      { name: "someone", roles: [], only: {}, ...grant },
      Date.now(),
    );
    await changeTokens(this.tokensFile, (tokens) => [...tokens, record]);
    return token;
  }
}

/** The machine's clock, with its date moved. */
export function movedClock(): { clock: Clock; moveMs(ms: number): void } {
  let movedMs = 0;
  return {
    clock: { ...systemClock, now: () => Date.now() + movedMs },
    moveMs(ms) {
      movedMs += ms;
    },
  };
}

/** The error that a promise is rejected with; it must be one of ours. */
export async function refusal(promise: Promise<unknown>): Promise<SwitchboardError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isSwitchboardError(error)) throw new Error(`no SwitchboardError but ${String(error)}`);
  return error;
}

/** Resolves at the next change of the tokens; rejects if there is none within `deadlineMs`. */
export async function nextChange(of: GatewayAuthenticator, deadlineMs = 1000): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no change within ${deadlineMs} ms`)),
      deadlineMs,
    );
    of.onChange(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

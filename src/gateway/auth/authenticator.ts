/** Finds out who holds a token: a static one of ours, or a JWT. */
import type { Clock } from "../../kit/clock.ts";
import type { Logger } from "../../kit/logger.ts";
import { type Authenticator, anybody, type Principal } from "../../kit/principal.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { Config } from "../config.ts";
import { FollowedTokens } from "./followed-tokens.ts";
import { clockToleranceMs, JwtVerifier } from "./jwt-verifier.ts";
import { staticTokenPrefix } from "./static-token.ts";

/** An authenticator whose tokens may change while it runs. */
export interface GatewayAuthenticator extends Authenticator {
  /**
   * Has `changed` called, in place of what was to be called before, within half a second of each change of the static tokens.
   * By then `stillGood` knows.
   */
  onChange(changed: () => void): void;
  /** Lets go of the tokens file. */
  close(): void;
}

/** What an authenticator is made of. */
export interface AuthenticatorParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Longest token that is looked at. */
const maxTokenLength = 16 * 1024;

const everybody: GatewayAuthenticator = {
  enabled: false,
  authenticate: async () => anybody,
  stillGood: () => true,
  onChange() {},
  close() {},
};

/** Rejects with `bad_config` if the tokens file or the public key cannot be used. */
export async function createAuthenticator(
  config: Pick<Config, "auth">,
  parts: AuthenticatorParts,
): Promise<GatewayAuthenticator> {
  const { enabled, jwt, tokensFile } = config.auth;
  if (!enabled) return everybody;
  const verifier = jwt === undefined ? undefined : await JwtVerifier.open(jwt, parts.clock);
  return new TokenAuthenticator(
    await FollowedTokens.open(tokensFile, parts),
    verifier,
    parts.clock,
  );
}

class TokenAuthenticator implements GatewayAuthenticator {
  readonly enabled = true;
  readonly #tokens: FollowedTokens;
  readonly #verifier: JwtVerifier | undefined;
  readonly #clock: Clock;

  constructor(tokens: FollowedTokens, verifier: JwtVerifier | undefined, clock: Clock) {
    this.#tokens = tokens;
    this.#verifier = verifier;
    this.#clock = clock;
  }

  async authenticate(token: string): Promise<Principal> {
    if (token.length > maxTokenLength)
      throw bad(`the token has ${token.length} characters: at most ${maxTokenLength} are taken`);
    if (!token.startsWith(staticTokenPrefix) && this.#verifier !== undefined)
      return await this.#verifier.verify(token);
    const principal = await this.#tokens.find(token);
    if (principal === undefined)
      throw bad("the token is not known here: it was revoked, or is another server's");
    const { expiresAtMs } = principal;
    if (expiresAtMs !== undefined && expiresAtMs <= this.#clock.now()) {
      throw bad(`the token has expired (${new Date(expiresAtMs).toISOString()}): get a new one`);
    }
    return principal;
  }

  stillGood(principal: Principal): boolean {
    // A JWT was let in with the tolerance, so it is not thrown out before it is over.
    const { expiresAtMs } = principal;
    const tolerance = this.#tokens.isStatic(principal) ? 0 : clockToleranceMs;
    if (expiresAtMs !== undefined && expiresAtMs + tolerance <= this.#clock.now()) return false;
    return !this.#tokens.isRevoked(principal);
  }

  onChange(changed: () => void): void {
    this.#tokens.onChange(changed);
  }

  close(): void {
    this.#tokens.close();
  }
}

function bad(message: string): SwitchboardError {
  return new SwitchboardError("unauthenticated", message);
}

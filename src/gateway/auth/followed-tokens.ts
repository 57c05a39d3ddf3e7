/** The static tokens as they are now: the file is looked at again and again. */
import { stat } from "node:fs/promises";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Logger } from "../../kit/logger.ts";
import type { Principal } from "../../kit/principal.ts";
import { principalOf, sha256Of, type TokenRecord } from "./static-token.ts";
import { readTokens } from "./tokens-file.ts";

/** How often the file is looked at. Not by a watch: those miss changes through links and on network file systems. */
const lookIntervalMs = 300;

/** What following needs. */
export interface FollowedTokensParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A token, with the one principal that all its holders get. */
interface HeldToken {
  /** The record as JSON: one that has changed is a new token. */
  readonly text: string;
  readonly principal: Principal;
}

/** Follows a tokens file. One that has become unusable is logged, and what it held before stays good; one that is gone holds none. */
export class FollowedTokens {
  readonly #path: string;
  readonly #parts: FollowedTokensParts;
  readonly #sha256Of = new WeakMap<Principal, string>();
  #byHash: ReadonlyMap<string, HeldToken> = new Map();
  #stamp = "";
  #complaint = "";
  #changed: () => void = () => {};
  #looking: Promise<void> | undefined;
  #nextLook: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  private constructor(path: string, parts: FollowedTokensParts) {
    this.#path = path;
    this.#parts = parts;
  }

  /** Rejects with `bad_config` if there is a file that cannot be used. */
  static async open(path: string, parts: FollowedTokensParts): Promise<FollowedTokens> {
    const followed = new FollowedTokens(path, parts);
    await followed.#read();
    followed.#schedule();
    return followed;
  }

  /** Has `changed` called after each change of the tokens, in place of what was to be called before. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** The principal of a token, expired or not. One created a moment ago is found. */
  async find(token: string): Promise<Principal | undefined> {
    const sha256 = sha256Of(token);
    if (!this.#byHash.has(sha256)) await this.#look();
    return this.#byHash.get(sha256)?.principal;
  }

  /** True if the principal came from a static token, revoked or not. */
  isStatic(principal: Principal): boolean {
    return this.#sha256Of.has(principal);
  }

  /** True if the principal came from a static token that is there no more, or allows something else now. */
  isRevoked(principal: Principal): boolean {
    const sha256 = this.#sha256Of.get(principal);
    return sha256 !== undefined && this.#byHash.get(sha256)?.principal !== principal;
  }

  /** No more looks. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#parts.clock.after(
      lookIntervalMs,
      () => void this.#look().then(() => this.#schedule()),
    );
  }

  /** A look that begins now or later: one under way may have missed what the caller has in mind. Many callers share one. Never rejects. */
  #look(): Promise<void> {
    if (this.#looking === undefined) {
      this.#looking = this.#readAgain().finally(() => {
        this.#looking = undefined;
      });
      return this.#looking;
    }
    this.#nextLook ??= this.#looking.then(() => {
      this.#nextLook = undefined;
      return this.#look();
    });
    return this.#nextLook;
  }

  async #readAgain(): Promise<void> {
    const { logger } = this.#parts;
    try {
      if (!(await this.#read())) return;
      this.#complaint = "";
      logger.info({ tokens: this.#byHash.size }, "the tokens have changed");
      this.#changed();
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#complaint)
        logger.error({}, `${message}; the tokens of before stay good`);
      this.#complaint = message;
    }
  }

  /** Resolves to whether the tokens are others than before. */
  async #read(): Promise<boolean> {
    // Taken before the file is read: a change in between is noticed by the next look.
    const stamp = await stampOf(this.#path);
    if (stamp === this.#stamp) return false;
    const records = await readTokens(this.#path);
    this.#stamp = stamp;
    const before = this.#byHash;
    this.#byHash = new Map(records.map((record) => [record.sha256, this.#hold(record)]));
    return (
      before.size !== this.#byHash.size ||
      [...this.#byHash].some(([sha256, held]) => before.get(sha256) !== held)
    );
  }

  #hold(record: TokenRecord): HeldToken {
    const text = JSON.stringify(record);
    const before = this.#byHash.get(record.sha256);
    if (before?.text === text) return before;
    const principal = principalOf(record);
    this.#sha256Of.set(principal, record.sha256);
    return { text, principal };
  }
}

/** Changes whenever the file is replaced or written to. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** Declaring the messages of a service: schema, delivery policy, roles and errors. */
import type { z } from "zod";
import type { ErrorCode } from "../wire/errors.ts";
import type { Access } from "./access.ts";

/**
 * What happens to a message when its receiver is slower than the sender.
 *
 * `all`: every message, in order, none missing; a client too slow for that is closed with 4408.
 * `latest`: while the client keeps up it gets every one; once it is behind, only the newest per key waits (in the place of
 * the newest among the other messages), and the skipped ones are counted. Never an older one after a newer.
 */
export type Delivery = "all" | "latest";

/** A message that clients send. */
export interface InMessage<S extends z.ZodType = z.ZodType> {
  /**
   * What the message must look like. Unknown fields are dropped, never an error. Each string, list and
   * dictionary needs a bound (`demandBounds`). A value of any type is bounded by
   * `limits.maxJsonValues`, `limits.maxJsonDepth` and `limits.maxFrameBytes`. Validation ends at the
   * first issue.
   */
  readonly schema: S;
  /** One sentence: what it asks for. */
  readonly doc: string;
  /** Who may send it while auth is on. */
  readonly roles: Access;
  /** The errors that an answer may carry, beside `bad_message` and `internal`. */
  readonly errors?: readonly ErrorCode[];
}

/** A message that the server sends. */
export interface OutMessage<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  readonly doc: string;
  readonly delivery: Delivery;
  /** For `latest`: which messages replace each other; default: all of this name. */
  readonly key?: (payload: z.input<S>) => string;
  /** The exact text of the frame, where it is not what the contract's codec prints (`refresh`, a bare word). */
  readonly text?: string;
}

/** Name → message. */
export type InMessages = Readonly<Record<string, InMessage>>;
export type OutMessages = Readonly<Record<string, OutMessage>>;

/** A static token, and what is kept of it. */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Principal } from "../../kit/principal.ts";

/** What every static token starts with; what looks otherwise is taken for a JWT. */
export const staticTokenPrefix = "sb_";

const ids = z.array(z.string());

/** What the file keeps of a token. The token itself is nowhere: whoever has lost it needs a new one. */
export const tokenRecordSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  /** Of the token's text, in hex. The text is 256 random bits: its hash cannot be undone, and looking it up gives no time to learn from. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  roles: z.array(z.string().min(1)),
  only: z.strictObject({ lobbies: z.exactOptional(ids), monitors: z.exactOptional(ids) }),
  createdAt: z.iso.datetime(),
  expiresAt: z.exactOptional(z.iso.datetime()),
});

/** See `tokenRecordSchema`. */
export type TokenRecord = z.output<typeof tokenRecordSchema>;

/** What a new token is to allow. */
export interface TokenGrant {
  readonly name: string;
  readonly roles: readonly string[];
  readonly only: { readonly lobbies?: readonly string[]; readonly monitors?: readonly string[] };
  /** How long it is good; absent: until it is revoked. */
  readonly lifetimeMs?: number;
}

/** Makes a token: `sb_` and 256 random bits, and what is to be kept of it. */
export function newToken(
  grant: TokenGrant,
  nowMs: number,
): { readonly token: string; readonly record: TokenRecord } {
  const token = staticTokenPrefix + randomBytes(32).toString("base64url");
  const { lobbies, monitors } = grant.only;
  const record: TokenRecord = {
    id: randomBytes(4).toString("hex"),
    name: grant.name,
    sha256: sha256Of(token),
    roles: [...grant.roles],
    only: {
      ...(lobbies === undefined ? {} : { lobbies: [...lobbies] }),
      ...(monitors === undefined ? {} : { monitors: [...monitors] }),
    },
    createdAt: new Date(nowMs).toISOString(),
    ...(grant.lifetimeMs === undefined
      ? {}
      : { expiresAt: new Date(nowMs + grant.lifetimeMs).toISOString() }),
  };
  return { token, record };
}

/** What `TokenRecord.sha256` is for a token. */
export function sha256Of(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Who holds the token. */
export function principalOf({ name, roles, only, expiresAt }: TokenRecord): Principal {
  return {
    name,
    roles,
    only: { ...only },
    ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) }),
  };
}

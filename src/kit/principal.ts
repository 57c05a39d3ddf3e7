/** Who a connection or request belongs to, and the interface of whatever finds that out. */

/** An authenticated caller. */
export interface Principal {
  /** Subject of the JWT or name of the static token; for logs. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Ids that the token is limited to, by claim: `lobbies`, `monitors`. A claim that is absent limits nothing. */
  readonly only: Readonly<Record<string, readonly string[]>>;
  /** When it ends (ms since 1970), where it has an end: the connection is then closed with 4401. */
  readonly expiresAtMs?: number;
}

/** Anybody, while auth is off: every role, no limits. */
export const anybody: Principal = { name: "anybody", roles: ["*"], only: {} };

/** Whoever calls a route that asks for no token, while auth is on: no role. */
export const nobody: Principal = { name: "nobody", roles: [], only: {} };

/** True if the principal has one of the roles (or no role is asked for). The role `*` is all of them; `admin` is every service's. */
export function hasRole(principal: Principal, roles: readonly string[] | undefined): boolean {
  if (roles === undefined || roles.length === 0) return true;
  return principal.roles.some((role) => role === "*" || role === "admin" || roles.includes(role));
}

/** True if the principal is not limited in `claim`, or `id` is among those it is limited to. */
export function mayTouch(principal: Principal, claim: string, id: string): boolean {
  const only = Object.hasOwn(principal.only, claim) ? principal.only[claim] : undefined;
  return only === undefined || only.includes(id);
}

/** Finds out who holds a token. */
export interface Authenticator {
  /** False: auth is off, everybody is `anybody`. */
  readonly enabled: boolean;
  /** Resolves to the token's principal; rejects with `unauthenticated`, saying what is wrong with it, never the token itself. */
  authenticate(token: string): Promise<Principal>;
  /** Whether a principal that was good is good still: not expired, not revoked. Cheap: called for every open connection. */
  stillGood(principal: Principal): boolean;
}

/** Who may send a message or call a route. */
import type { Contract } from "./contract.ts";

/**
 * Who may send a message or call a route while auth is on. `"open"`: anybody, without a token. `"any"`: the holder of any good
 * token. A list: the holder of a token with one of these roles. While auth is off, everybody may do everything.
 */
export type Access = "open" | "any" | readonly string[];

/**
 * Checks that a contract says who may do what. Throws a `TypeError` that names the message or route which
 *
 * - has no `roles`, or an empty list of them;
 * - names a role that the contract's own `roles` does not declare;
 * - is an `"open"` message on connections that need a token before their first message.
 */
export function demandAccess(contract: Contract): void {
  for (const [name, message] of Object.entries(contract.in)) {
    const what = `message ${JSON.stringify(name)} of contract ${contract.name}`;
    demand(contract, message.roles, what);
    if (message.roles === "open" && contract.auth !== "message") {
      throw new TypeError(
        `${what} is open, but its connections need a token: set roles to "any", or the contract's auth to "message"`,
      );
    }
  }
  for (const [name, route] of Object.entries(contract.routes)) {
    const what = `route ${JSON.stringify(name)} (${route.method} ${route.path}) of contract ${contract.name}`;
    demand(contract, route.roles, what);
  }
}

/** `roles` is unknown: a contract may come from JavaScript. */
function demand(contract: Contract, roles: unknown, what: string): void {
  if (roles === "open" || roles === "any") return;
  if (!isListOfNames(roles)) {
    throw new TypeError(
      `${what} does not say who may use it: set its roles to a list of roles, to "any" (any good token) or to "open" (no token)`,
    );
  }
  const undeclared = roles.find((role) => !Object.hasOwn(contract.roles, role));
  if (undeclared !== undefined) {
    throw new TypeError(
      `${what} needs the role ${JSON.stringify(undeclared)}, which the contract does not declare: add it to the contract's roles`,
    );
  }
}

function isListOfNames(roles: unknown): roles is readonly string[] {
  return (
    Array.isArray(roles) &&
    roles.length > 0 &&
    roles.every((role) => typeof role === "string" && role !== "")
  );
}

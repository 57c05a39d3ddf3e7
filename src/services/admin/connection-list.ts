/** Lists open connections of this node. */
import { type Clock, type Connection, type ServerView, SwitchboardError } from "../../kit/index.ts";
import type { Census } from "./census.ts";
import { pageAfter, pageBefore } from "./rules.ts";

/** What the list shows of a connection. Never a token: the kit has none after the opening. */
interface ListedConnection {
  readonly id: string;
  /** `none`: it has not said yet whose it is, or was refused and has not gone. */
  readonly service: string;
  readonly address: string;
  readonly path: string;
  /** Time of opening, and of the last sign of life, in ms since 1970. */
  readonly since: number;
  readonly lastHeard: number;
  readonly unsentBytes: number;
  readonly skipped: number;
  /** Absent: it has shown no token yet. */
  readonly principal?: { readonly name: string; readonly roles: readonly string[] };
}

/** What is asked for; see the route in the contract. */
interface ListQuery {
  readonly service?: string | undefined;
  readonly limit: number;
  readonly sort: "opened" | "newest" | "unsent";
  readonly cursor?: string | undefined;
}

interface ListParts {
  readonly server: ServerView;
  readonly census: Census;
  readonly clock: Clock;
}

/**
 * The longest open first, in pages: it compares ids until the page is full, so a page far behind, or of a service with few connections,
 * costs up to a comparison for every connection (about a millisecond for 10,000). The newest first, in pages: always that much. Or the slowest first, as they were within the last
 * second, filled up with others to the limit: that looks at every connection, once a second however often it is asked.
 */
export function listConnections(
  { server, census, clock }: ListParts,
  { service, limit, sort, cursor }: ListQuery,
): { readonly connections: readonly ListedConnection[]; readonly next?: string } {
  const only =
    service === undefined
      ? undefined
      : server.services.find(({ contract }) => contract.name === service);
  if (service !== undefined && only === undefined) {
    throw new SwitchboardError("not_found", `no service ${JSON.stringify(service)} is served here`);
  }
  const offsetMs = clock.now() - clock.monotonic();
  const show = (connection: Connection): ListedConnection =>
    listed(connection, serviceOf(server, connection), offsetMs);
  if (sort !== "unsent") {
    const pageOf = sort === "opened" ? pageAfter : pageBefore;
    const { page, next } = pageOf(matching(server, only?.connections), cursor, limit);
    return { connections: page.map(show), ...(next === undefined ? {} : { next }) };
  }
  const slowest = census
    .recent()
    .slow.filter(
      (slow) => !slow.connection.isClosed && (service === undefined || slow.service === service),
    )
    .sort((a, b) => b.unsentBytes - a.unsentBytes)
    .slice(0, limit)
    .map(({ connection }) => connection);
  const shown = new Set(slowest);
  for (const connection of only?.connections ?? server.connections) {
    if (shown.size >= limit) break;
    shown.add(connection);
  }
  return { connections: [...shown].map(show) };
}

function* matching(
  server: ServerView,
  only: ReadonlySet<Connection> | undefined,
): Generator<Connection, void> {
  for (const connection of server.connections)
    if (only === undefined || only.has(connection)) yield connection;
}

function serviceOf(server: ServerView, connection: Connection): string {
  return (
    server.services.find(({ connections }) => connections.has(connection))?.contract.name ?? "none"
  );
}

function listed(connection: Connection, service: string, offsetMs: number): ListedConnection {
  const { id, opening, principal, openedMs, lastHeardMs, unsentBytes, skipped } = connection;
  return {
    id,
    service,
    address: opening.address,
    path: opening.path,
    since: Math.round(openedMs + offsetMs),
    lastHeard: Math.round(lastHeardMs + offsetMs),
    unsentBytes,
    skipped,
    ...(principal === undefined
      ? {}
      : { principal: { name: principal.name, roles: principal.roles } }),
  };
}

/** The list of connections, from those of the kit. */
import { expect, it } from "vitest";
import { defaultLimits } from "../../contract/index.ts";
import type { Connection } from "../../kit/index.ts";
import { type Fakes, fakeConnection, ManualClock } from "../../kit/kit.fixture.ts";
import type { ServerView } from "../../kit/server-view.ts";
import { Tally } from "../../kit/tally.ts";
import { Census } from "./census.ts";
import { listConnections } from "./connection-list.ts";
import { adminContract } from "./contract.ts";

/** A server whose connections have so much unsent; all but the first are the admin's. */
function serverOf(clock: ManualClock, unsent: readonly number[]) {
  const fakes: Fakes[] = unsent.map(() => fakeConnection({ clock }));
  fakes.forEach(({ link }, at) => {
    link.unsentBytes = unsent[at] ?? 0;
  });
  const all = new Set<Connection>(fakes.map(({ connection }) => connection));
  const connections = new Set([...all].slice(1));
  const service = {
    contract: adminContract,
    limits: defaultLimits,
    tally: new Tally(),
    connections,
    topicCount: 0,
    onOpen: () => () => {},
  };
  const server = {
    services: [service],
    entrances: [],
    connections: Object.assign(all, { refused: 0 }),
  } as unknown as ServerView;
  return { server, census: new Census(server, clock), clock, fakes };
}

it("by unsent bytes has the slowest first, and fills up with others", () => {
  const clock = new ManualClock();
  const parts = serverOf(clock, [0, 5, 0, 9, 7, 0]);
  const shown = (limit: number) =>
    listConnections(parts, { limit, sort: "unsent" }).connections.map(
      ({ unsentBytes }) => unsentBytes,
    );
  expect(shown(2)).toEqual([9, 7]);
  expect(shown(5)).toEqual([9, 7, 5, 0, 0]);
  expect(shown(10)).toEqual([9, 7, 5, 0, 0, 0]);
  expect(
    listConnections(parts, { limit: 10, sort: "unsent", service: "admin" }).connections,
  ).toHaveLength(5);
});

it("looks at all connections once a second at the most, however often it is asked, and holds none for longer", () => {
  const clock = new ManualClock();
  const parts = serverOf(clock, [0, 3, 5]);
  const first = () =>
    listConnections(parts, { limit: 1, sort: "unsent" }).connections[0]?.unsentBytes;
  expect(first()).toBe(5);
  const [, slower] = parts.fakes;
  if (slower === undefined) throw new Error("three were made");
  slower.link.unsentBytes = 8;
  clock.advance(900);
  expect(first()).toBe(5);
  clock.advance(100);
  expect(clock.pending).toBe(0);
  expect(first()).toBe(8);
});

it("says since when a connection is open and when it was heard, by the wall clock", () => {
  const clock = new ManualClock();
  const parts = serverOf(clock, [0]);
  const openedAt = clock.now();
  clock.advance(5000);
  parts.fakes[0]?.connection.heard();
  clock.advance(1000);
  expect(listConnections(parts, { limit: 1, sort: "opened" })).toMatchObject({
    connections: [{ service: "none", since: openedAt, lastHeard: openedAt + 5000 }],
  });
});

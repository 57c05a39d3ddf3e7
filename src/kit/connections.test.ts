/** All connections of a process: who gets in, who is looked after, who has to go. */
import { expect, test } from "vitest";
import { defaultLimits, type Limits } from "../contract/index.ts";
import { Connections } from "./connections.ts";
import {
  FakeLink,
  FakeReceiver,
  ManualClock,
  ManualTurn,
  openingOf,
  roomyLimits,
} from "./kit.fixture.ts";
import type { Authenticator, Principal } from "./principal.ts";

const nobody: Principal = { name: "nobody", roles: [], only: {} };

/** Principals are good until their end, and while they are not revoked. */
class FakeAuthenticator implements Authenticator {
  readonly enabled: boolean;
  readonly revoked = new Set<Principal>();
  readonly #clock: ManualClock;

  constructor(enabled: boolean, clock: ManualClock) {
    this.enabled = enabled;
    this.#clock = clock;
  }

  async authenticate(): Promise<Principal> {
    return nobody;
  }

  stillGood(principal: Principal): boolean {
    return (
      !this.revoked.has(principal) &&
      (principal.expiresAtMs ?? Number.POSITIVE_INFINITY) > this.#clock.now()
    );
  }
}

function table({
  auth = false,
  ...differences
}: Partial<Limits> & { readonly auth?: boolean } = {}) {
  const clock = new ManualClock();
  const authenticator = new FakeAuthenticator(auth, clock);
  let lastId = 0;
  const connections = new Connections({
    clock,
    authenticator,
    turn: new ManualTurn().turn,
    limits: { ...defaultLimits, ...differences },
    newId: () => `c${++lastId}`,
  });
  const open = (address = "1.1.1.1", principal?: Principal, refused = false) => {
    const link = new FakeLink();
    const connection = connections.open(
      openingOf({ address, principal }),
      link,
      new FakeReceiver(),
      roomyLimits,
      refused,
    );
    return { connection, link };
  };
  return { connections, clock, authenticator, open };
}

/** The codes that a link was closed with. */
function codes({ calls }: FakeLink): number[] {
  return calls
    .filter((call) => call.startsWith("close "))
    .map((call) => Number(call.split(" ")[1]));
}

test("counts who is open, and tells when nobody is any more", async () => {
  const { connections, open } = table();
  await connections.whenEmpty();
  const [a, b] = [open(), open()];
  expect([connections.size, [...connections].map(({ id }) => id)]).toEqual([2, ["c1", "c2"]]);
  let empty = false;
  const waiting = connections.whenEmpty().then(() => {
    empty = true;
  });
  connections.gone(a.connection);
  connections.gone(a.connection);
  await Promise.resolve();
  expect([connections.size, empty]).toEqual([1, false]);
  connections.gone(b.connection);
  await waiting;
  expect(connections.size).toBe(0);
});

test("over maxConnections nobody is taken, until one has gone; twice as many are not even told", () => {
  const { connections, open } = table({ maxConnections: 2 });
  const first = open();
  expect(connections.refusal("1.1.1.1")).toBeUndefined();
  open();
  expect(connections.refusal("1.1.1.1")).toMatchObject({
    close: "overCapacity",
    reason: expect.stringContaining("limits.maxConnections"),
  });
  expect(connections.flooded("1.1.1.1")).toBe(false);
  open();
  open();
  expect(connections.flooded("1.1.1.1")).toBe(true);
  expect(connections.refused).toBe(2);
  connections.gone(first.connection);
  expect(connections.flooded("1.1.1.1")).toBe(false);
});

test("an address may have maxConnectionsPerAddress, another one too", () => {
  const { connections, open } = table({ maxConnectionsPerAddress: 2 });
  const first = open("1.1.1.1");
  open("1.1.1.1");
  expect(connections.refusal("1.1.1.1")).toMatchObject({
    close: "overRate",
    reason: expect.stringContaining("limits.maxConnectionsPerAddress"),
  });
  expect(connections.refusal("2.2.2.2")).toBeUndefined();
  connections.gone(first.connection);
  expect(connections.refusal("1.1.1.1")).toBeUndefined();
});

test("refused connections take nobody's place, and of one address 64 are open at most", () => {
  const { connections, open } = table({ maxConnections: 100, maxConnectionsPerAddress: 1 });
  const first = open("1.1.1.1");
  const refused = Array.from({ length: 64 }, () => {
    expect(connections.flooded("1.1.1.1")).toBe(false);
    expect(connections.refusal("1.1.1.1")).toMatchObject({ close: "overRate" });
    return open("1.1.1.1", undefined, true);
  });
  expect(connections.flooded("1.1.1.1")).toBe(true);
  expect(connections.flooded("2.2.2.2")).toBe(false);
  for (let nth = 0; nth < 50; nth++) {
    expect(connections.refusal(`3.3.3.${nth}`)).toBeUndefined();
    open(`3.3.3.${nth}`);
  }
  connections.gone(first.connection);
  expect(connections.refusal("1.1.1.1")).toBeUndefined();
  for (const { connection } of refused.slice(0, 1)) connections.gone(connection);
  expect(connections.flooded("1.1.1.1")).toBe(false);
});

test("a closed socket that has not gone is destroyed after 5 s, after 1 s if its peer is stuck", () => {
  const { clock, open } = table();
  const [waits, stuck, stays] = [open(), open(), open()];
  Object.assign(stuck.link, { isStuck: true });
  for (const { connection } of [waits, stuck]) connection.close("done", "");
  clock.advance(1000);
  expect(waits.link.calls).not.toContain("destroy");
  expect(stuck.link.calls).toContain("destroy");
  clock.advance(4000);
  expect(waits.link.calls).toContain("destroy");
  expect(stays.link.calls).not.toContain("destroy");
});

test("a peer whose message has stalled is closed with 4408", () => {
  const { clock, open } = table({ idleTimeoutMs: 120_000 });
  const [stalled, good] = [open(), open()];
  let askedFor: number | undefined;
  Object.assign(stalled.link, {
    isStalled(_nowMs: number, idleTimeoutMs: number) {
      askedFor = idleTimeoutMs;
      return true;
    },
  });
  clock.advance(1000);
  expect([codes(stalled.link), codes(good.link), askedFor]).toEqual([[4408], [], 120_000]);
});

test("an address may connect so often, in bursts of two seconds' worth; another one too", () => {
  const { connections, clock } = table({ connectsPerSecondPerAddress: 2 });
  const refusals = (address: string, count: number) =>
    Array.from({ length: count }, () => connections.refusal(address)?.close);
  expect(refusals("1.1.1.1", 5)).toEqual([undefined, undefined, undefined, undefined, "overRate"]);
  expect(refusals("2.2.2.2", 1)).toEqual([undefined]);
  clock.advance(1000);
  expect(refusals("1.1.1.1", 3)).toEqual([undefined, undefined, "overRate"]);
  // Long enough for its rate to be forgotten: it has one burst, not more.
  clock.advance(60_000);
  expect(refusals("1.1.1.1", 5)).toEqual([undefined, undefined, undefined, undefined, "overRate"]);
});

test("who has sent nothing for the idle timeout is gone, without a close frame", () => {
  const { clock, open } = table({ idleTimeoutMs: 120_000, pingIntervalMs: 25_000 });
  const [silent, pongs] = [open(), open()];
  for (let second = 0; second < 120; second++) {
    clock.advance(1000);
    pongs.connection.heard();
  }
  expect(silent.link.calls).not.toContain("destroy");
  clock.advance(1000);
  expect(silent.link.calls).toContain("destroy");
  expect(pongs.link.calls).not.toContain("destroy");
  expect(silent.connection.isClosed).toBe(true);
});

test("everybody is pinged every pingIntervalMs, whatever it sends", () => {
  const { clock, open } = table({ pingIntervalMs: 25_000 });
  const { connection, link } = open();
  for (let second = 0; second < 100; second++) {
    clock.advance(1000);
    connection.receiveText("{}", 2);
  }
  expect(link.calls).toEqual(["ping", "ping", "ping", "ping"]);
});

test("a socket that has been closed and does not go is ended when it has been silent for the idle timeout", () => {
  const { clock, open } = table({ idleTimeoutMs: 10_000 });
  const { connection, link } = open();
  connection.close("done", "");
  clock.advance(11_000);
  expect(link.calls).toContain("destroy");
});

test("with auth on, who has not said who it is within authTimeoutMs is closed with 4401, whatever the wall clock does", () => {
  const { clock, open } = table({ auth: true, authTimeoutMs: 10_000 });
  const [late, inTime] = [open(), open()];
  clock.wallMs += 3_600_000;
  clock.advance(9000);
  inTime.connection.principal = nobody;
  clock.advance(1000);
  expect(codes(late.link)).toEqual([]);
  clock.advance(1000);
  expect(codes(late.link)).toEqual([4401]);
  expect(late.link.calls[0]).toContain("limits.authTimeoutMs");
  expect(codes(inTime.link)).toEqual([]);
});

test("with auth off nobody has to say who it is", () => {
  const { clock, open } = table({ authTimeoutMs: 1000 });
  const { link } = open("1.1.1.1", { ...nobody, expiresAtMs: 0 });
  clock.advance(20_000);
  expect(codes(link)).toEqual([]);
});

test("who is no longer authenticated is closed with 4401: within a second of the end, at once when tokens have changed", () => {
  const { connections, clock, authenticator, open } = table({ auth: true });
  const expires = open("1.1.1.1", { ...nobody, expiresAtMs: clock.now() + 5000 });
  const revoked = { ...nobody };
  const isRevoked = open("1.1.1.1", revoked);
  const good = open("1.1.1.1", nobody);
  clock.advance(4000);
  expect(codes(expires.link)).toEqual([]);
  clock.advance(1000);
  expect(codes(expires.link)).toEqual([4401]);
  authenticator.revoked.add(revoked);
  expect(codes(isRevoked.link)).toEqual([]);
  connections.recheck();
  expect(codes(isRevoked.link)).toEqual([4401]);
  expect(codes(good.link)).toEqual([]);
});

test("after stop no timer is left", () => {
  const { connections, clock } = table();
  clock.advance(5000);
  expect(clock.pending).toBe(1);
  connections.stop();
  expect(clock.pending).toBe(0);
});

test("a handshake takes a place, of its address and in all, until it is released, once", () => {
  const { connections, open } = table({ maxConnections: 3, maxConnectionsPerAddress: 2 });
  const place = connections.hold("1.1.1.1");
  open("1.1.1.1");
  expect(connections.refusal("1.1.1.1")).toMatchObject({ close: "overRate" });
  expect(connections.refusal("2.2.2.2")).toBeUndefined();
  const other = connections.hold("2.2.2.2");
  expect(connections.refusal("2.2.2.2")).toMatchObject({ close: "overCapacity" });
  expect([connections.held, connections.size]).toEqual([2, 1]);
  place.release();
  place.release();
  expect([connections.held, connections.refusal("1.1.1.1")]).toEqual([1, undefined]);
  other.release();
  expect(connections.held).toBe(0);
});

test("a drain closes everybody with 1012 and takes nobody any more", () => {
  const { connections, open } = table();
  const links = [open(), open("2.2.2.2")].map(({ link }) => link);
  expect([connections.isDraining, connections.refusal("3.3.3.3")]).toEqual([false, undefined]);
  connections.drain();
  expect(links.map(codes)).toEqual([[1012], [1012]]);
  expect([connections.isDraining, connections.refusal("3.3.3.3")?.close]).toEqual([
    true,
    "restarting",
  ]);
});

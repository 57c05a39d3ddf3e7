/** The lobby's clients against Switchboard and against a lobby as the original server does it, through connections that are cut. */
import { describe, expect, it } from "vitest";
import { Inbox, within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { TestServer } from "../../testing/index.ts";
import { startProxy } from "../cut-proxy.fixture.ts";
import {
  Leaderboard,
  LobbyPlayer,
  type LobbyPlayerOptions,
  type LobbyPlayers,
  LobbyPrompts,
  type LobbyStart,
  type Refresh,
  type RefreshViewEvents,
  type ServerError,
  signalLeaderboard,
} from "./index.ts";
import { startOriginalLobby, startScripted } from "./original-lobby.fixture.ts";

const scope = scopePerTest();
const deadlineMs = 15_000;
const place = { lobbyId: 10, promptId: 5 };

async function startSwitchboard(lobby: object = {}): Promise<string> {
  const server = scope.own(await TestServer.start({ config: { services: { lobby } } }), (owned) =>
    owned.stop(),
  );
  return server.url;
}

const proxyOf = async (url: string) => scope.own(await startProxy(url), (proxy) => proxy.stop());

interface Playing {
  readonly player: LobbyPlayer;
  readonly lists: Inbox<LobbyPlayers>;
  readonly starts: Inbox<LobbyStart>;
  readonly errors: Inbox<ServerError>;
}

/** A player; resolves when it is in the list, whose first is read. */
async function play(
  url: string,
  user: string,
  more: Partial<LobbyPlayerOptions> = {},
): Promise<Playing> {
  const player = scope.own(
    new LobbyPlayer(url, { user, ...place, maxDelayMs: 50, ...more }),
    (owned) => owned.connection.destroy(),
  );
  const lists = new Inbox<LobbyPlayers>(`list of ${user}`);
  const starts = new Inbox<LobbyStart>(`start of ${user}`);
  const errors = new Inbox<ServerError>(`error of ${user}`);
  player.on("players", (players) => lists.push(players));
  player.on("start", (start) => starts.push(start));
  player.on("error", (error) => errors.push(error));
  await within(player.connection.whenOpen(), `${user} open`);
  await lists.next();
  return { player, lists, starts, errors };
}

/** A viewer that is open; its first `refresh` is read. */
async function view<View extends Leaderboard | LobbyPrompts>(
  viewer: View,
): Promise<{ viewer: View; refreshes: Inbox<Refresh> }> {
  scope.own(viewer, (owned) => owned.connection.destroy());
  const refreshes = new Inbox<Refresh>("refresh");
  viewer.on("refresh", (refresh: RefreshViewEvents["refresh"]) => refreshes.push(refresh));
  expect(await refreshes.next()).toEqual({ missed: true });
  return { viewer, refreshes };
}

/** Signals until the viewer hears it: nothing says when a server has taken a viewer in. */
async function signalled(url: string, refreshes: Inbox<Refresh>): Promise<void> {
  for (let signals = 0; refreshes.unread.length === 0; signals++) {
    expect(signals).toBeLessThan(100);
    await signalLeaderboard(url, place, { maxDelayMs: 50, deadlineMs });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await refreshes.next()).toEqual({ missed: false });
}

const lost = (playing: { connection: LobbyPlayer["connection"] }) =>
  within(
    new Promise<void>((resolve) => {
      const off = playing.connection.on("state", ({ status }) => {
        if (status !== "waiting") return;
        off();
        resolve();
      });
    }),
    "loss",
  );

describe.each([
  // Its pong, which says that it has read a message, may be quicker than what the message has it say.
  { kind: "Switchboard", start: () => startSwitchboard(), echoed: /^(acked|sent)$/ },
  { kind: "an original server", start: () => startOriginalLobby(scope), echoed: /^acked$/ },
])("with $kind", ({ start, echoed }) => {
  it("players see who waits, in order, under what name, and hear a start, which is acknowledged", async () => {
    const url = await start();
    const dan = await play(url, "dan");
    const other = await play(url, "dan");
    expect(await dan.lists.next()).toMatchObject({ users: ["dan", "also dan"] });
    expect([dan.player.name, other.player.name]).toEqual(["dan", "also dan"]);
    expect(other.player.players.users).toEqual(["dan", "also dan"]);
    const elsewhere = await play(url, "eve", { lobbyId: "11" });
    expect(elsewhere.player.players.users).toEqual(["eve"]);

    const before = performance.now();
    expect(await within(other.player.start().outcome, "outcome")).toMatch(echoed);
    const heard = await dan.starts.next();
    expect(heard).toMatchObject({ inMs: 0, late: false });
    expect(heard.startsAtMs).toBeGreaterThanOrEqual(before);
    expect(heard.startsAtMs).toBeLessThanOrEqual(performance.now());
    expect(await other.starts.next()).toMatchObject({ late: false });
    expect(other.player.lastStart).toMatchObject({ late: false });

    await other.player.close();
    await dan.player.close();
    expect(elsewhere.starts.unread).toEqual([]);
  });

  it("a player who loses the connection joins again, and starts what it could not start before", async () => {
    const url = await start();
    const proxy = await proxyOf(url);
    const eve = await play(url, "eve");
    const dan = await play(proxy.url, "dan");
    proxy.refuse(true);
    const gone = lost(dan.player);
    proxy.cut();
    await gone;
    const { outcome } = dan.player.start();
    proxy.refuse(false);
    expect(await within(outcome, "outcome")).toMatch(echoed);
    expect(await eve.starts.next()).toMatchObject({ late: false });
    expect(await dan.starts.next()).toMatchObject({ late: false });
    expect(dan.player.players.users).toEqual(["eve", "dan"]);
    expect(dan.starts.unread).toEqual([]);
  });

  it("a start that cannot be sent in time is not sent", async () => {
    const url = await start();
    const proxy = await proxyOf(url);
    const dan = await play(proxy.url, "dan");
    proxy.refuse(true);
    const gone = lost(dan.player);
    proxy.cut();
    await gone;
    expect(await within(dan.player.start({ expiresInMs: 20 }).outcome, "outcome")).toBe("expired");
    proxy.refuse(false);
    const eve = await play(url, "eve");
    await dan.lists.until(({ users }) => users.length === 2);
    eve.player.start();
    await dan.starts.next();
    await eve.starts.next();
    expect([dan.starts.unread, eve.starts.unread]).toEqual([[], []]);
  });

  it("a leaderboard hears signals, and that it may have missed some", async () => {
    const url = await start();
    const proxy = await proxyOf(url);
    const { viewer, refreshes } = await view(
      new Leaderboard(proxy.url, { ...place, maxDelayMs: 50 }),
    );
    await signalled(url, refreshes);
    await signalLeaderboard(url, { lobbyId: null, promptId: null }, { deadlineMs });
    await signalLeaderboard(url, { ...place, promptId: 6 }, { deadlineMs });
    proxy.cut();
    expect(await refreshes.next()).toEqual({ missed: true });
    await signalled(url, refreshes);
    expect(viewer.ignored).toBe(0);
  });

  it("a signal gets through to a server that is not there yet", async () => {
    const url = await start();
    const proxy = await proxyOf(url);
    const { refreshes } = await view(new Leaderboard(url, { ...place }));
    await signalled(url, refreshes);
    proxy.refuse(true);
    const done = signalLeaderboard(proxy.url, place, { maxDelayMs: 20, deadlineMs });
    while (proxy.acceptedAtMs.length < 3) await new Promise((resolve) => setImmediate(resolve));
    proxy.refuse(false);
    await done;
    expect(await refreshes.next()).toEqual({ missed: false });
  });

  it("viewers of prompts hear updates; the sender's is acknowledged, and sent again after a cut", async () => {
    const url = await start();
    const proxy = await proxyOf(url);
    const host = await view(new LobbyPrompts(proxy.url, { lobbyId: 10, maxDelayMs: 50 }));
    expect(await within(host.viewer.update().outcome, "outcome")).toMatch(echoed);
    expect(await host.refreshes.next()).toEqual({ missed: false });
    const guest = await view(new LobbyPrompts(url, { lobbyId: "10" }));
    await within(guest.viewer.update().outcome, "outcome");
    await guest.refreshes.next();
    expect(await host.refreshes.next()).toEqual({ missed: false });
    // It leaves, but never arrives.
    proxy.stallUp();
    const { outcome } = host.viewer.update();
    proxy.cut();
    proxy.resume();
    expect(await within(outcome, "outcome")).toMatch(echoed);
    expect(await guest.refreshes.next()).toEqual({ missed: false });
    expect(await host.refreshes.next()).toEqual({ missed: true });
    expect(await host.refreshes.next()).toEqual({ missed: false });
  });
});

describe("with Switchboard", () => {
  it("a player who comes back keeps the place, the others see nothing of it, and a start in between is heard late, once", async () => {
    const url = await startSwitchboard({ graceMs: 60_000 });
    const proxy = await proxyOf(url);
    const dan = await play(proxy.url, "dan");
    const eve = await play(url, "eve");
    const since = eve.player.players.since;
    proxy.refuse(true);
    const gone = lost(dan.player);
    proxy.cut();
    await gone;
    eve.player.start({ inMs: 30_000 });
    const start = await eve.starts.next();
    expect(start.inMs).toBe(30_000);
    proxy.refuse(false);
    const late = await dan.starts.next();
    expect(late).toMatchObject({ late: true, atMs: start.atMs });
    // One machine, one clock: both count down to the same moment, up to what the first join took.
    expect(late.inMs).toBeLessThanOrEqual(30_000);
    expect(Math.abs(late.startsAtMs - start.startsAtMs)).toBeLessThan(5000);
    expect(dan.player.name).toBe("dan");
    expect(dan.player.players).toMatchObject({ users: ["dan", "eve"], since });

    const goneAgain = lost(dan.player);
    proxy.cut();
    await goneAgain;
    await within(dan.player.connection.whenOpen(), "return");
    const fay = await play(url, "fay");
    await dan.lists.until(({ users }) => users.length === 3);
    fay.player.start();
    expect(await dan.starts.next()).toMatchObject({ late: false, inMs: 0 });
    expect((await eve.lists.next()).users).toEqual(["dan", "eve", "fay"]);
  });

  it("a start before the join is heard by who asks for it; not by others, not even when they come back", async () => {
    const url = await startSwitchboard();
    const proxy = await proxyOf(url);
    const eve = await play(url, "eve");
    eve.player.start();
    const start = await eve.starts.next();
    // The next millisecond, so that it is before the joins by the server's clock.
    while (Date.now() <= (start.atMs ?? 0)) await new Promise((resolve) => setImmediate(resolve));
    const asks = await play(url, "dan", { late: true });
    expect(await asks.starts.next()).toMatchObject({ late: true, inMs: 0 });
    const other = await play(proxy.url, "fay");
    proxy.cut();
    await other.lists.next();
    eve.player.start();
    expect(await other.starts.next()).toMatchObject({ late: false });
  });

  it("says why a start was refused", async () => {
    const url = await startSwitchboard({ host: "first" });
    const eve = await play(url, "eve");
    const dan = await play(url, "dan");
    expect(dan.player.players.host).toBe("eve");
    const { outcome } = dan.player.start();
    expect(await dan.errors.next()).toMatchObject({ code: "forbidden" });
    expect(await within(outcome, "outcome")).toBe("sent");
    expect(eve.starts.unread).toEqual([]);
    await eve.player.close();
  });

  it("a token limited to other lobbies ends the signal at once", async () => {
    const url = await startScripted(scope, (_, socket) => socket.close(4403, "not for this lobby"));
    await expect(signalLeaderboard(url, place)).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("with a server that is strange", () => {
  it("counts what breaks the protocol, and passes over what is new", async () => {
    const url = await startScripted(scope, (_, socket) => {
      for (const frame of [
        "no json",
        "7",
        '{"type":"update","users":[1]}',
        '{"type":"new"}',
        '{"type":"start","in":"soon","at":null}',
      ]) {
        socket.send(frame);
      }
      socket.send('{"type":"update","users":["dan"],"since":["?"],"host":7,"more":1}');
    });
    const dan = await play(url, "dan");
    expect(dan.player.ignored).toBe(3);
    expect(dan.player.players).toEqual({ users: ["dan"] });
    expect(await dan.starts.next()).toMatchObject({ inMs: 0, late: false });
  });

  it("counts down by its own clock whatever the server's clock says", async () => {
    const aheadMs = 3_600_000;
    let joins = 0;
    const joinedAtMs = Date.now() + aheadMs;
    const url = await startScripted(scope, (_, socket) => {
      joins++;
      socket.send(
        JSON.stringify({ type: "update", users: ["dan"], since: [joinedAtMs], host: null }),
      );
      if (joins === 1) socket.terminate();
      else
        socket.send(JSON.stringify({ type: "start", at: joinedAtMs + 1, in: 20_000, late: true }));
    });
    const before = performance.now();
    const dan = await play(url, "dan");
    const start = await dan.starts.next();
    expect(joins).toBe(2);
    expect(start.startsAtMs).toBeGreaterThanOrEqual(before + 20_000);
    expect(start.startsAtMs).toBeLessThan(performance.now() + 20_000);
    expect(start.inMs).toBeLessThanOrEqual(20_000);
  });

  it("a signal is taken when it closes without a code, too; refused for an invalid message; given up at the deadline", async () => {
    await signalLeaderboard(await startScripted(scope, (_, socket) => socket.close()), place, {
      deadlineMs,
    });
    const refuses = await startScripted(scope, (_, socket) =>
      socket.close(1000, "invalid message type"),
    );
    await expect(signalLeaderboard(refuses, place, { deadlineMs })).rejects.toMatchObject({
      code: "connection_closed",
    });
    const silent = await startScripted(scope, () => {});
    await expect(signalLeaderboard(silent, place, { deadlineMs: 100 })).rejects.toMatchObject({
      code: "timeout",
    });
    await expect(signalLeaderboard("nowhere", place)).rejects.toMatchObject({ code: "bad_url" });
  });
});

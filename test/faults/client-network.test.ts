/** What networks and servers do to a client, through a proxy that does it: nothing is lost, doubled or out of order without its outcome saying so. */
import { describe, expect, it } from "vitest";
import { type CutProxy, startProxy } from "../../src/client/cut-proxy.fixture.ts";
import type { ConnectOptions } from "../../src/client/index.ts";
import { eventually, within } from "../support/inbox.ts";
import { LedgerSender, LedgerServer } from "../support/ledger.ts";
import { scopePerTest } from "../support/scope.ts";

const scope = scopePerTest();
/** Gives up a silent server within a second or two. */
const alert: ConnectOptions = { watchdog: { pingAfterMs: 300, pongWithinMs: 700 } };

async function open(
  options: ConnectOptions = {},
  bytes = 0,
): Promise<{ server: LedgerServer; proxy: CutProxy; sender: LedgerSender }> {
  const server = await LedgerServer.start(scope);
  const proxy = scope.own(await startProxy(server.url), (one) => one.stop());
  const sender = new LedgerSender(scope, proxy.url, options, bytes);
  await within(sender.connection.whenOpen(), "the first opening", 20_000);
  return { server, proxy, sender };
}

/** Resolves at the next state of that name. */
function state(sender: LedgerSender, wanted: string): Promise<void> {
  const came = new Promise<void>((resolve) => {
    const off = sender.connection.on("state", ({ status }) => {
      if (status !== wanted) return;
      off();
      resolve();
    });
  });
  return within(came, `the state ${wanted}`, 20_000);
}

describe("a network that", () => {
  it("cuts, again and again amid sending", async () => {
    const { server, proxy, sender } = await open();
    for (let cut = 0; cut < 10; cut++) {
      await sender.send(60);
      const lost = state(sender, "waiting");
      proxy.cut();
      await sender.send(30);
      await lost;
      await sender.proveOpen();
    }
    const tally = await sender.settle(server);
    expect(sender.states.filter((status) => status === "open").length).toBeGreaterThanOrEqual(11);
    expect(tally.get("sent") ?? 0).toBeGreaterThan(0);
  });

  it("stalls for less than the watchdog waits: nothing happens but delay", async () => {
    const { server, proxy, sender } = await open();
    await sender.send(50);
    proxy.stall();
    await sender.send(50);
    proxy.resume();
    const tally = await sender.settle(server);
    expect(sender.states).toEqual(["open", "closed"]);
    expect(tally).toEqual(
      new Map([
        ["acked", 34],
        ["sent", 66],
      ]),
    );
  });

  it.each(["stall", "stallUp", "stallDown"] as const)(
    "is half-open (%s): the client notices and comes back",
    async (fault) => {
      const { server, proxy, sender } = await open(alert);
      await sender.send(50);
      const lost = state(sender, "waiting");
      proxy[fault]();
      await sender.send(50);
      await lost;
      await sender.send(50);
      // The old path is gone for good, as it is when a router has forgotten it.
      proxy.cut();
      proxy.resume();
      await sender.proveOpen();
      await sender.settle(server);
    },
  );

  it.each(["stall", "stallUp", "stallDown"] as const)(
    "is half-open (%s) while the client goes on sending: it notices all the same",
    async (fault) => {
      const { server, proxy, sender } = await open(alert);
      await sender.send(50);
      const lost = state(sender, "waiting");
      proxy[fault]();
      // Never enough to fill the kernel's buffers, or what may be on its way.
      const sending = setInterval(() => void sender.send(1), 50);
      await lost.finally(() => clearInterval(sending));
      proxy.cut();
      proxy.resume();
      await sender.proveOpen();
      await sender.settle(server);
    },
  );

  it("is slow: messages wait in the client, and are not given up while bytes leave", async () => {
    const { server, proxy, sender } = await open(
      { watchdog: { pingAfterMs: 200, pongWithinMs: 2000 } },
      1000,
    );
    proxy.slow(400_000);
    await sender.send(1500);
    const tally = await sender.settle(server);
    expect(sender.states).toEqual(["open", "closed"]);
    expect(tally).toEqual(
      new Map([
        ["acked", 500],
        ["sent", 1000],
      ]),
    );
  });

  it("refuses: attempts go on until it no longer does", async () => {
    const { server, proxy, sender } = await open();
    await sender.send(20);
    proxy.refuse(true);
    proxy.cut();
    await sender.send(20);
    const accepted = proxy.acceptedAtMs.length;
    await eventually(
      "three attempts are refused",
      async () => proxy.acceptedAtMs.length - accepted,
      (attempts) => attempts >= 3,
      20_000,
    );
    proxy.refuse(false);
    await sender.proveOpen();
    await sender.settle(server);
  });

  it("lets a later connect overtake: the one that was given up changes nothing", async () => {
    const { server, proxy, sender } = await open({ attemptTimeoutMs: 400 });
    proxy.delayConnects(2);
    await sender.send(20);
    proxy.cut();
    await sender.send(20);
    await sender.proveOpen();
    await sender.send(20);
    await sender.settle(server);
    expect(proxy.acceptedAtMs.length).toBeGreaterThanOrEqual(4);
  });
});

describe("a server that", () => {
  it("is killed amid sending, three times, and comes back on its port", async () => {
    const { server, sender } = await open();
    for (let kill = 0; kill < 3; kill++) {
      await sender.send(50);
      const sending = sender.send(100);
      await server.kill("SIGKILL");
      await sending;
      await server.start();
      await sender.proveOpen();
    }
    await sender.settle(server);
  });

  it("restarts politely: 1012, and the client comes back", async () => {
    const { server, sender } = await open();
    const codes: number[] = [];
    sender.connection.on("state", (one) => {
      if (one.status === "waiting") codes.push(one.loss.code);
    });
    await sender.send(50);
    const sending = sender.send(100);
    await server.kill("SIGTERM");
    await sending;
    await server.start();
    await sender.proveOpen();
    await sender.settle(server);
    expect(codes[0]).toBe(1012);
  });
});

describe("a client that closes", () => {
  it("while the server is away flushes when it is back", async () => {
    const { server, sender } = await open();
    const lost = state(sender, "waiting");
    await server.kill("SIGKILL");
    await lost;
    await sender.send(30);
    const settled = sender.settle(server);
    await server.start();
    expect(await settled).toEqual(
      new Map([
        ["acked", 10],
        ["sent", 20],
      ]),
    );
  });

  it("without a flush says of every message what is known of it", async () => {
    const { server, sender } = await open();
    await sender.send(30);
    const unsent = sender.connection.close();
    await within(unsent, "the end", 20_000);
    const arrivals = await server.arrivals();
    for (const [number, promised] of sender.outcomes.entries()) {
      const outcome = await promised;
      if (outcome === "sent" || outcome === "acked") expect(arrivals).toContain(number);
      else expect(outcome).toBe("unknown");
    }
  });
});

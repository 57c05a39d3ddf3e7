/** Who gets an id when its holder leaves, is silent or loses it. */
import { expect, test } from "vitest";
import { Cluster, type Node, settled } from "./devices-harness.suite.ts";
import { Monitors } from "./monitors.ts";
import type { Answer } from "./node-calls.ts";

const id = "0123456789abcdef0123456789abcdef";

/** A node's monitors alone, with what the service does for them in the test's hands. */
async function seats(
  cluster: Cluster,
  node: Node,
  answer: () => Promise<Answer | undefined> = async () => undefined,
) {
  const events: string[] = [];
  let settle = (): void => {};
  const knowledge = { caughtUp: Promise.resolve() };
  const monitors = new Monitors({
    leases: node.engine.leases,
    session: node.engine.session.id,
    clock: cluster.clock,
    probeMs: 2000,
    takeoverMs: 15_000,
    calls: { ask: answer },
    caughtUp: () => knowledge.caughtUp,
    seated: () => {},
    dropped: () => {
      events.push("dropped");
      return new Promise<void>((resolve) => {
        settle = resolve;
      });
    },
    evicted: (connection, why) => {
      events.push(why);
      connection.close("replaced", why);
    },
  });
  return { monitors, events, knowledge, settle: () => settle() };
}

test("nobody gets an id before what was in its holder's hands is settled", async () => {
  const cluster = new Cluster();
  const node = await cluster.start();
  const { monitors, events, settle } = await seats(cluster, node);
  const [first, second] = [node.client().connection, node.client().connection];
  expect(await monitors.register(first, id, id)).toBe(true);
  const leaving = monitors.leave(first, true);
  const registering = monitors
    .register(second, id, id)
    .then((isSeated) => events.push(`seat ${isSeated}`));
  await settled();
  expect(events).toEqual(["dropped"]);
  expect(await node.engine.leases.list("devices.")).toHaveLength(1);
  settle();
  await Promise.all([leaving, registering]);
  expect(events).toEqual(["dropped", "seat true"]);
});

test("a node's restart settles nothing", async () => {
  const cluster = new Cluster();
  const node = await cluster.start();
  const { monitors, events } = await seats(cluster, node);
  const { connection } = node.client();
  await monitors.register(connection, id, id);
  await monitors.leave(connection, false);
  expect(events).toEqual([]);
  expect(await node.engine.leases.list("devices.")).toEqual([]);
});

test("a node that stays silent is asked for a while, then loses the id; one whose session ends is not waited for", async () => {
  for (const ends of [false, true]) {
    const cluster = new Cluster();
    const [silent, node] = [await cluster.start(), await cluster.start()];
    const { monitors: theirs, events } = await seats(cluster, silent);
    await theirs.register(silent.client().connection, id, id);
    let asked = 0;
    const { monitors } = await seats(cluster, node, () => {
      asked++;
      return new Promise((resolve) => cluster.clock.after(3000, () => resolve(undefined)));
    });
    let seated = false;
    const registering = monitors.register(node.client().connection, id, id).then((isSeated) => {
      seated = isSeated;
    });
    await cluster.clock.advance(6000);
    if (ends) await silent.kill();
    await cluster.clock.advance(8000);
    expect(seated).toBe(ends);
    await cluster.clock.advance(6000);
    await registering;
    expect([seated, asked]).toEqual([true, ends ? 3 : 5]);
    if (!ends) expect(events).toEqual(["stolen"]);
  }
});

test("a connection that has gone while it waited gets no id", async () => {
  const cluster = new Cluster();
  const [holder, node] = [await cluster.start(), await cluster.start()];
  await holder.monitor(id);
  const { connection } = node.client();
  const { monitors } = await seats(cluster, node, async () => {
    connection.peerClosed(1000, "");
    return { alive: false };
  });
  await monitors.register(connection, id, id);
  // It may have it for the moment, until its service hears of the close; what counts is that it leaves again.
  await monitors.leave(connection, false);
  expect(monitors.at(id)).toBeUndefined();
});

test("who has the lease and is not yet seated is no dead holder", async () => {
  const cluster = new Cluster();
  const node = await cluster.start();
  const { monitors, events, knowledge } = await seats(cluster, node);
  const { connection } = node.client();
  let caughtUp = (): void => {};
  knowledge.caughtUp = new Promise((resolve) => {
    caughtUp = resolve;
  });
  const registering = monitors.register(connection, id, id);
  const alive = monitors.isAlive(connection.id);
  await settled();
  expect(await node.engine.leases.list("devices.")).toHaveLength(1);
  caughtUp();
  expect(await registering).toBe(true);
  expect(await alive).toBe(true);
  expect(events).toEqual([]);
});

test("a holder that this server is closing has not dropped", async () => {
  const cluster = new Cluster();
  const node = await cluster.start();
  const { monitors, events } = await seats(cluster, node);
  const { connection } = node.client();
  await monitors.register(connection, id, id);
  connection.close("restarting", "");
  expect(await monitors.isAlive(connection.id)).toBe(false);
  expect(events).toEqual(["stolen"]);
  expect(await node.engine.leases.list("devices.")).toEqual([]);
});

/** A silent server is asked, and given up if it stays silent; one that is only slow is not. */
import { describe, expect, it } from "vitest";
import { Client } from "./client.fixture.ts";
import { VirtualPlatform } from "./virtual-platform.fixture.ts";

describe("the watchdog", () => {
  it("pings a server that has been silent for 15 s, not before, and leaves one alone that speaks", async () => {
    const client = await Client.open();
    await client.platform.pass(10_000);
    client.socket.say("hello");
    await client.platform.pass(14_999);
    expect(client.socket.pings).toBe(0);
    await client.platform.pass(1);
    expect(client.socket.pings).toBe(1);
  });

  it("gives up a server that answers no ping within 15 s, and comes back", async () => {
    const client = await Client.open();
    await client.platform.pass(29_999);
    expect(client.status).toBe("open");
    await client.platform.pass(1);
    expect(client.connection.state).toMatchObject({
      status: "waiting",
      loss: { code: 1006, reason: "the server did not answer a ping" },
    });
    expect(client.platform.sockets[0]?.status).toBe("closed");
    await client.comeBack();
    expect(client.status).toBe("open");
  });

  it("keeps a server that answers, for as long as it does", async () => {
    const client = await Client.open();
    for (let ping = 1; ping <= 20; ping++) {
      await client.platform.pass(15_000);
      expect(client.socket.pings).toBe(ping);
      client.socket.pong();
    }
    expect(client.states.map(({ status }) => status)).toEqual(["open"]);
  });

  it("keeps a server that says something else than the answer", async () => {
    const client = await Client.open();
    await client.platform.pass(15_000);
    for (let turn = 0; turn < 10; turn++) {
      await client.platform.pass(14_000);
      client.socket.say("still here");
    }
    expect(client.status).toBe("open");
  });

  it.each([
    ["answered", true],
    ["silent", false],
  ])(
    "after a sleep of its own process it first reads what came meanwhile: %s",
    async (_what, isAnswered) => {
      const client = await Client.open();
      await client.platform.pass(15_000);
      client.platform.sleep(60_000);
      await client.platform.pass(0);
      expect(client.status).toBe("open");
      if (isAnswered) client.socket.pong();
      await client.platform.pass(1000);
      expect(client.status).toBe(isAnswered ? "open" : "waiting");
    },
  );

  it("keeps a slow server that takes bytes off the socket, also while more are sent", async () => {
    const client = await Client.open({ outbox: { maxMessages: 100_000 } });
    // The socket's buffer is as full as it gets, and is filled up with what the server takes.
    client.socket.unsentBytes = 200_000;
    client.send("x".repeat(10_000));
    client.socket.unsentBytes += 10_000;
    for (let second = 0; second < 60; second++) {
      await client.platform.pass(1000);
      client.socket.unsentBytes -= 1000;
      client.send("x".repeat(1000));
      client.socket.unsentBytes += 1000;
    }
    expect(client.socket.pings).toBe(1);
    expect(client.status).toBe("open");
  });

  it("gives up one that takes nothing off the socket while more is sent", async () => {
    const client = await Client.open({ outbox: { maxMessages: 100_000 } });
    for (let second = 0; second < 40 && client.status === "open"; second++) {
      client.send("x".repeat(1000));
      client.socket.unsentBytes += 1008;
      await client.platform.pass(1000);
    }
    expect(client.status).not.toBe("open");
  });

  it("gives up a silent one whose network takes all that is sent", async () => {
    const client = await Client.open({ outbox: { maxMessages: 100_000 } });
    await client.platform.pass(14_500);
    for (let second = 0; second < 30 && client.status === "open"; second++) {
      // It leaves at once, as the kernel of a half-open connection takes it.
      client.send("x".repeat(50), { awaitsAck: true });
      await client.platform.pass(1000);
    }
    expect(client.connection.state).toMatchObject({
      status: "waiting",
      loss: { reason: "the server did not answer a ping" },
    });
  });

  it("gives a ping that leaves late as long for its answer as any other", async () => {
    const client = await Client.open({ outbox: { maxMessages: 100_000 } });
    client.send("x".repeat(10_000), { awaitsAck: true });
    client.socket.unsentBytes = 10_000;
    await client.platform.pass(29_000);
    expect(client.socket.pings).toBe(1);
    client.socket.unsentBytes = 0;
    await client.platform.pass(15_999);
    expect(client.status).toBe("open");
    await client.platform.pass(1);
    expect(client.status).toBe("waiting");
  });

  it("cannot ping from a page: gives up after maxSilenceMs, by default never", async () => {
    const silent = { maxSilenceMs: 60_000 };
    const platform = new VirtualPlatform();
    platform.canPing = false;
    const client = await Client.open({ watchdog: silent }, platform);
    await client.platform.pass(59_000);
    client.socket.say("hello");
    await client.platform.pass(59_999);
    expect(client.status).toBe("open");
    await client.platform.pass(1);
    expect(client.connection.state).toMatchObject({
      status: "waiting",
      loss: { reason: "the server has been silent for too long" },
    });

    const patientPlatform = new VirtualPlatform();
    patientPlatform.canPing = false;
    const patient = await Client.open({}, patientPlatform);
    await patientPlatform.pass(24 * 3_600_000);
    expect(patient.status).toBe("open");
  });

  it("pings as soon as it turns out that it can", async () => {
    const platform = new VirtualPlatform();
    platform.canPing = false;
    const client = await Client.open({}, platform);
    await platform.pass(5000);
    client.socket.canPing = true;
    await platform.pass(15_000);
    expect(client.socket.pings).toBe(1);
  });

  it.each(["online", "offline", "visible"] as const)(
    "asks at once on the signal %s",
    async (signal) => {
      const client = await Client.open();
      client.platform.signal(signal);
      client.platform.signal(signal);
      expect(client.socket.pings).toBe(1);
      await client.platform.pass(15_000);
      expect(client.status).toBe("waiting");
    },
  );

  it("leaves no timer behind when the connection is destroyed inside an answer's listener", async () => {
    const client = await Client.open();
    client.connection.on("outcome", () => client.connection.destroy());
    client.send("a");
    await client.confirm();
    expect(client.status).toBe("closed");
    expect(client.platform.pendingTimers).toBe(0);
  });
});

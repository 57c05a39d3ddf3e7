/** What a started service is handed, and how it ends. */
import { describe, expect, test } from "vitest";
import { SwitchboardError } from "../wire/error.ts";
import { ManualClock, message, settled, startService } from "./kit.fixture.ts";
import { connect, type Lab, type LabContext, lab, say } from "./lab.fixture.ts";
import type { ServiceHandlers } from "./service.ts";

describe("what a service is handed", () => {
  /** Starts the lab and gives its context. */
  async function started(handlers: Partial<ServiceHandlers<Lab>> = {}) {
    let context: LabContext | undefined;
    const parts = await startService(lab(handlers, (given) => (context = given)).service);
    if (context === undefined) throw new Error("not started");
    return { ...parts, context };
  }

  test("background work that fails, at once or later, is logged and counted; that the engine is closed is no fault", async () => {
    const { context, logger, service } = await started();
    context.background(() => {
      throw new Error("at once");
    });
    context.background(() => Promise.reject(new Error("later")));
    context.background(() => Promise.reject(new SwitchboardError("log_closed", "closed")));
    await settled();
    expect(logger.lines.map(({ fields }) => (fields.err as Error).message)).toEqual([
      "at once",
      "later",
    ]);
    expect([...service.tally.errors.entries()]).toEqual([["internal", 2]]);
  });

  test("a timer's call that throws is logged and counted", async () => {
    const { context, logger, clock, service } = await started();
    context.clock.after(5, () => {
      throw new Error("in a timer");
    });
    clock.advance(5);
    expect(logger.lines.map(({ fields }) => (fields.err as Error).message)).toEqual(["in a timer"]);
    expect([...service.tally.errors.entries()]).toEqual([["internal", 1]]);
  });

  test("stop cancels its timers, waits for its background work and what that starts, then stops it", async () => {
    const log: string[] = [];
    const { context, clock, service } = await started({
      async stop() {
        log.push("stopped");
        context.background(async () => {
          await settled();
          log.push("work of stop");
        });
        context.clock.after(1, () => log.push("a timer of stop"));
      },
    });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    context.clock.after(1, () => log.push("a timer"));
    context.background(async () => {
      await held;
      log.push("work");
      context.background(async () => {
        await settled();
        log.push("more work");
      });
    });
    const stopping = service.stop();
    expect(clock.pending).toBe(0);
    release();
    await stopping;
    context.clock.after(1, () => log.push("a timer after all"));
    clock.advance(10);
    expect(log).toEqual(["work", "more work", "stopped", "work of stop"]);
    expect(clock.pending).toBe(0);
  });

  test("reportError tells who asked and closes nobody", async () => {
    const { context, service } = await started();
    const [asked, silent] = [connect(service, { wantsErrors: true }), connect(service)];
    for (const { connection } of [asked, silent])
      context.reportError(connection, new SwitchboardError("forbidden", "no"));
    expect([await say(asked), await say(silent)]).toEqual([
      [{ type: "error", code: "forbidden", message: "no" }],
      [],
    ]);
    expect(asked.connection.isClosed).toBe(false);
  });

  test("close is behind everything that was sent", async () => {
    const { context, service } = await started();
    const { connection, link } = connect(service);
    context.send(connection, "moved", { x: 1 });
    context.close(connection, "done", "bye");
    expect([link.texts, link.calls]).toEqual([['{"type":"moved","x":1}'], ["close 1000 bye"]]);
  });

  test("topics of the service, whose members leave when they end", async () => {
    const { context, service } = await started();
    const parts = connect(service);
    context.topic("all").join(parts.connection);
    context.topic("all").publish("moved", { x: 1 });
    expect(await say(parts)).toEqual([{ type: "moved", x: 1 }]);
    expect(service.topicCount).toBe(1);
    parts.connection.peerClosed(1000, "");
    expect(service.topicCount).toBe(0);
  });

  test("who asked is told how many messages it did not get; they are counted when it ends", async () => {
    const { context, service } = await started();
    const parts = connect(service, { wantsSkipped: true });
    parts.link.slow = true;
    context.send(parts.connection, "moved", { x: 1 });
    parts.turn.end();
    for (let n = 0; n < 3; n++) context.send(parts.connection, "late", {});
    parts.link.slow = false;
    parts.link.unsentBytes = 0;
    parts.connection.drained();
    expect((await say(parts)).slice(1)).toEqual([{ type: "late" }, { type: "skipped", count: 2 }]);
    parts.connection.peerClosed(1000, "");
    await settled();
    expect(service.tally.skipped).toBe(2);
  });
});

test("a service that cannot start leaves no timer and no work behind", async () => {
  const clock = new ManualClock();
  let worked = false;
  const { service } = lab({}, (given) => {
    given.clock.after(1, () => {});
    given.background(async () => {
      await settled();
      worked = true;
    });
    throw new Error("cannot start");
  });
  await expect(startService(service, { clock })).rejects.toThrow("cannot start");
  expect([worked, clock.pending]).toEqual([true, 0]);
});

test("what comes and goes is counted", async () => {
  const { service } = await startService(lab().service);
  const parts = connect(service);
  parts.connection.receiveText('{"type":"erase"}', 16);
  parts.connection.wrote([message("a"), message("b")], 50);
  parts.connection.peerClosed(1001, "");
  await settled();
  const { messagesIn, bytesIn, messagesOut, bytesOut, closes } = service.tally;
  expect([messagesIn, bytesIn, messagesOut, bytesOut, ...closes.entries()]).toEqual([
    1,
    16,
    2,
    50,
    ["1001", 1],
  ]);
});

test("events of a transport that names them are messages too", async () => {
  const { service, log } = lab();
  const started = await startService(service);
  const { connection } = connect(started.service);
  connection.receiveEvent("move", { to: { x: 2 } }, 1);
  await settled();
  expect(log).toEqual(['move {"x":2} ']);
});

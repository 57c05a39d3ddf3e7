/** What the gate bounds: unfinished messages, what comes before authentication, control frames. */
import { describe, expect, test } from "vitest";
import { encodeFrame, opcodes } from "../../../test/support/raw-websocket.ts";
import { held, settled } from "../../kit/kit.fixture.ts";
import { anybody } from "../../kit/principal.ts";
import { gated, times } from "./frame-gate.fixture.ts";

describe("bytes that are not yet a message", () => {
  test("are reserved until the message is complete", async () => {
    const { push, budget, receiver } = await gated();
    const frame = encodeFrame(opcodes.text, "x".repeat(10_000));
    await push(frame.subarray(0, 6000));
    expect(budget.used).toBeGreaterThanOrEqual(6000);
    await push(frame.subarray(6000));
    expect([budget.used, receiver.log.length]).toEqual([0, 1]);
    await push(encodeFrame(opcodes.text, "x".repeat(5000), { fin: false }));
    expect(budget.used).toBeGreaterThanOrEqual(5000);
    await push(encodeFrame(opcodes.ping, ""));
    expect(budget.used).toBeGreaterThanOrEqual(5000);
    await push(encodeFrame(opcodes.continuation, ""));
    expect([budget.used, receiver.log.length]).toEqual([0, 2]);
  });

  test.each([
    ["maxInputBytes", { total: 50_000 }],
    ["maxInputBytesPerAddress", { perAddress: 50_000 }],
  ])(
    "over limits.%s close with 1013, and are released when the socket has gone",
    async (limit, options) => {
      const { socket, push, budget, closed } = await gated(options);
      const frame = encodeFrame(opcodes.text, "x".repeat(100_000));
      await push(frame.subarray(0, 40_000));
      expect(closed()).toBeUndefined();
      await push(frame.subarray(40_000, 60_000));
      expect(closed()).toMatchObject({
        code: 1013,
        reason: expect.stringContaining(`limits.${limit})`),
      });
      expect([budget.refused, budget.used > 0]).toEqual([1, true]);
      socket.destroy();
      await settled();
      expect(budget.used).toBe(0);
    },
  );

  test("in small chunks are held as few buffers, and a bad header is told at once", async () => {
    const { push, budget, receiver, handedChunks, closed } = await gated();
    const frame = encodeFrame(opcodes.text, "x".repeat(20_000));
    for (let at = 0; at < frame.length - 4; at += 4) await push(frame.subarray(at, at + 4));
    expect(handedChunks()).toBeLessThan(10);
    expect(budget.used).toBeLessThan(2 * frame.length);
    await push(frame.subarray(frame.length - 4));
    expect([receiver.log.map((line) => line.length), budget.used]).toEqual([[20_000], 0]);
    const tooLarge = encodeFrame(opcodes.text, "x".repeat((1 << 20) + 1));
    for (let at = 0; at < 14; at++) await push(tooLarge.subarray(at, at + 1));
    expect(closed()).toMatchObject({ code: 1009 });
  });

  test("that come too slowly close with 4408, whatever comes in between", async () => {
    const { clock, turn, push, connection, closed } = await gated();
    const fragment = (opcode: number) => encodeFrame(opcode, "x", { fin: false });
    await push(fragment(opcodes.text));
    for (let second = 0; second < 120; second++) {
      clock.advance(1000);
      turn.end();
      await push(Buffer.concat([encodeFrame(opcodes.pong, ""), fragment(opcodes.continuation)]));
      connection.endIfOverdue(clock.monotonic(), 120_000);
    }
    expect(closed()).toBeUndefined();
    expect(connection.lastHeardMs).toBe(clock.monotonic());
    clock.advance(1000);
    connection.endIfOverdue(clock.monotonic(), 120_000);
    expect(closed()).toMatchObject({
      code: 4408,
      reason: expect.stringContaining("limits.idleTimeoutMs"),
    });
  });

  test("have longer if they are many, and each message has its own time", async () => {
    const { clock, turn, push, connection, receiver, closed } = await gated();
    const frame = encodeFrame(opcodes.text, "x".repeat(300_000));
    for (let nth = 0; nth < 3; nth++) {
      // Every chunk ends within a message.
      for (let at = nth === 0 ? 0 : 1; at < frame.length; at += 50_000) {
        clock.advance(5000);
        turn.end();
        const end = Math.min(at + 50_000, frame.length);
        const next = end === frame.length ? frame.subarray(0, 1) : Buffer.alloc(0);
        await push(Buffer.concat([frame.subarray(at, end), next]));
        connection.endIfOverdue(clock.monotonic(), 20_000);
      }
    }
    expect([closed(), receiver.log.length]).toEqual([undefined, 3]);
    expect(connection.lastHeardMs).toBe(clock.monotonic());
  });
});

describe("a client that has not authenticated", () => {
  const large = encodeFrame(opcodes.text, "x".repeat(1001));

  test("is closed with 1009 by the header of a larger message, in one frame or in fragments", async () => {
    const fragments = Buffer.concat([
      encodeFrame(opcodes.text, "x".repeat(600), { fin: false }),
      encodeFrame(opcodes.continuation, "x".repeat(600)).subarray(0, 8),
    ]);
    for (const bytes of [large.subarray(0, 8), fragments]) {
      const { push, receiver, closed } = await gated({ isAuthenticated: false });
      await push(encodeFrame(opcodes.text, "x".repeat(1000)));
      expect(closed()).toBeUndefined();
      await push(bytes);
      expect(closed()).toMatchObject({
        code: 1009,
        reason: expect.stringContaining("limits.maxUnauthenticatedBytes"),
      });
      expect(receiver.log.filter((line) => line.startsWith("x")).length).toBe(1);
    }
  });

  test("may send a larger message right behind the one that authenticates it", async () => {
    const { turn, push, receiver, connection, closed } = await gated({ isAuthenticated: false });
    const first = held();
    receiver.handle = async (text) => {
      if (text !== "token") return;
      await first.done;
      connection.principal = anybody;
    };
    await push(Buffer.concat([encodeFrame(opcodes.text, "token"), large, large]));
    expect(receiver.log).toEqual(["token"]);
    first.release();
    for (let turns = 0; turns < 5; turns++) {
      await settled();
      turn.end();
    }
    expect(receiver.log.map((line) => line.length)).toEqual([5, 1001, 1001]);
    expect(closed()).toBeUndefined();
  });
});

test("pings and pongs count against the rate of messages, the answer to a ping of ours does not", async () => {
  for (const opcode of [opcodes.ping, opcodes.pong]) {
    const { push, connection, closed } = await gated({ limits: { messagesPerSecond: 5 } });
    connection.ping();
    if (opcode === opcodes.pong) await push(encodeFrame(opcodes.pong, ""));
    await push(times(10, () => encodeFrame(opcode, "")));
    expect(closed()).toBeUndefined();
    await push(encodeFrame(opcode, ""));
    expect(closed()).toMatchObject({
      code: 4429,
      reason: expect.stringContaining("limits.messagesPerSecond"),
    });
  }
});

/** What the gate lets through to `ws` in one turn, and after a close. */
import { describe, expect, test } from "vitest";
import { encodeFrame, opcodes } from "../../../test/support/raw-websocket.ts";
import { ByteBudget } from "../../kit/byte-budget.ts";
import { held, ManualClock, ManualTurn, settled } from "../../kit/kit.fixture.ts";
import { gated, TestSocket, times, upgraded } from "./frame-gate.fixture.ts";
import { FrameGate } from "./frame-gate.ts";

describe("a turn", () => {
  const frames: readonly [string, (nth: number) => Buffer][] = [
    ["messages", () => encodeFrame(opcodes.text, "{}")],
    ["empty messages, which are heartbeats where they were asked for", () => encodeFrame(1, "")],
    ["pings", () => encodeFrame(opcodes.ping, "")],
    ["pongs", () => encodeFrame(opcodes.pong, "x")],
    [
      "fragments of one byte",
      (nth) => encodeFrame(nth === 0 ? opcodes.text : opcodes.continuation, "x", { fin: false }),
    ],
  ];

  test.each(frames)("has 32 %s of one connection, then its socket is paused", async (_, frame) => {
    const { socket, turn, push, handedBytes } = await gated();
    const bytes = times(100, frame);
    await push(bytes);
    for (let turns = 1; turns <= 3; turns++) {
      const handed = handedBytes();
      const expected = times(32 * turns, frame).length;
      expect(handed.length).toBe(expected);
      expect(handed.equals(bytes.subarray(0, expected))).toBe(true);
      expect(socket.isPaused()).toBe(true);
      turn.end();
    }
    expect(handedBytes().equals(bytes)).toBe(true);
    while (turn.scheduled > 0) turn.end();
    await settled();
    expect(socket.isPaused()).toBe(false);
  });

  test("has 64 KiB of one connection, then its socket is paused", async () => {
    const { socket, turn, push, handedBytes } = await gated();
    const bytes = times(5, () => encodeFrame(opcodes.text, "x".repeat(50_000)));
    for (let at = 0; at < bytes.length; at += 65_536) await push(bytes.subarray(at, at + 65_536));
    for (let turns = 1; turns <= 3; turns++) {
      expect(handedBytes().length).toBe(65_536 * turns);
      expect(socket.isPaused()).toBe(true);
      turn.end();
      await settled();
    }
    expect(handedBytes().equals(bytes)).toBe(true);
    expect(socket.isPaused()).toBe(false);
  });

  test("comes when the running message is done, where messages have filled the inbox", async () => {
    const { socket, turn, push, receiver, handedBytes, budget } = await gated();
    const first = held();
    receiver.handle = () => (receiver.log.length === 1 ? first.done : undefined);
    const bytes = times(30, () => encodeFrame(opcodes.text, "x".repeat(50_000)));
    for (let at = 0; at < bytes.length; at += 65_536) await push(bytes.subarray(at, at + 65_536));
    for (let turns = 0; turns < 20; turns++) {
      turn.end();
      await settled();
    }
    expect(socket.isPaused()).toBe(true);
    expect(handedBytes().length).toBeLessThan((1 << 20) + 3 * 65_536);
    expect(budget.used).toBeGreaterThan(900_000);
    first.release();
    for (let turns = 0; turns < 20; turns++) {
      await settled();
      turn.end();
    }
    expect(receiver.log.length).toBe(30);
    expect(budget.used).toBe(0);
  });
});

describe("the end", () => {
  test("nothing reaches the library after a close of ours; 256 KiB later nothing is read", async () => {
    const { socket, clock, turn, push, connection, handedBytes, closed } = await gated();
    await push(times(100, () => encodeFrame(opcodes.ping, "")));
    connection.close("done", "enough");
    const handed = handedBytes().length;
    const flood = times(10_000, () => encodeFrame(opcodes.ping, ""));
    for (let nth = 0; nth < 10; nth++) await push(flood);
    while (turn.scheduled > 0) turn.end();
    expect(handedBytes().length).toBe(handed);
    expect(closed()).toEqual({ code: 1000, reason: "enough" });
    expect(socket.isPaused()).toBe(true);
    expect(socket.readableLength).toBeGreaterThan(4 * flood.length);
    clock.advance(999);
    connection.endIfOverdue(clock.monotonic(), 120_000);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    connection.endIfOverdue(clock.monotonic(), 120_000);
    expect(socket.destroyed).toBe(true);
  });

  test("the peer's answer to our close is found behind what it sent before", async () => {
    const { socket, push, connection, isGone, handedBytes } = await gated();
    const message = encodeFrame(opcodes.text, "x".repeat(1000));
    await push(message.subarray(0, 500));
    connection.close("done", "");
    const before = handedBytes().length;
    await push(message.subarray(500));
    await push(times(1000, () => encodeFrame(opcodes.ping, "")));
    expect(socket.writableEnded).toBe(false);
    const answer = encodeFrame(opcodes.close, Buffer.from([0x03, 0xe8]));
    await push(answer.subarray(0, 3));
    await push(answer.subarray(3));
    expect(socket.writableEnded).toBe(true);
    expect(handedBytes().length).toBe(before);
    socket.push(null);
    await settled();
    await settled();
    expect(isGone()).toBe(true);
  });

  test("a peer that closes while its messages fill the inbox is read to the end of TCP", async () => {
    const { socket, turn, push, receiver, isGone } = await gated();
    receiver.handle = () => held().done;
    await push(
      Buffer.concat([
        times(64, () => encodeFrame(opcodes.text, "{}")),
        encodeFrame(opcodes.close, Buffer.from([0x03, 0xe8])),
      ]),
    );
    for (let turns = 0; turns < 3; turns++) {
      // As in the event loop: what the turn does is followed by ticks, then by promises.
      setImmediate(() => turn.end());
      await settled();
      await settled();
    }
    expect(socket.writableEnded).toBe(true);
    socket.push(null);
    await settled();
    await settled();
    expect(isGone()).toBe(true);
  });

  test("a peer that never answers our close is destroyed after 5 s", async () => {
    const { socket, clock, connection } = await gated();
    connection.close("done", "");
    clock.advance(4999);
    connection.endIfOverdue(clock.monotonic(), 120_000);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    connection.endIfOverdue(clock.monotonic(), 120_000);
    expect(socket.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("what follows a frame that breaks the protocol, or the peer's close, is not read on and on", async () => {
    for (const last of [
      encodeFrame(opcodes.text, "{}", { masked: false }),
      encodeFrame(opcodes.close, Buffer.from([0x03, 0xe8])),
    ]) {
      const { socket, push, handedBytes } = await gated();
      await push(last);
      const handed = handedBytes().length;
      const flood = times(10_000, () => encodeFrame(opcodes.ping, ""));
      for (let nth = 0; nth < 10; nth++) await push(flood);
      expect(handedBytes().length).toBe(handed);
      expect(socket.isPaused()).toBe(true);
    }
  });

  test("of a socket that just ends, what arrived before is handled, up to 1,024 frames", async () => {
    for (const [count, handled] of [
      [100, 100],
      [2000, 32 + 1024],
    ] as const) {
      const { socket, turn, push, receiver, budget, isGone } = await gated();
      await push(times(count, () => encodeFrame(opcodes.text, "{}")));
      socket.destroy();
      await settled();
      for (let turns = 0; turns < 100; turns++) {
        turn.end();
        await settled();
      }
      expect(receiver.log.filter((line) => line === "{}").length).toBe(handled);
      expect(receiver.log.at(-1)).toBe("closed 1006  by peer");
      expect([isGone(), budget.used]).toEqual([true, 0]);
    }
  });
});

test("a library that reads its socket in another way is refused", async () => {
  const parts = {
    turn: new ManualTurn().turn,
    clock: new ManualClock(),
    budget: new ByteBudget({ total: 1, perAddress: 1 }),
    maxUnauthenticatedBytes: 1,
  };
  const { connection } = await gated();
  const socket = new TestSocket();
  const webSocket = await upgraded(socket);
  expect(socket.listenerCount("data")).toBe(1);
  socket.on("data", () => {});
  expect(() => new FrameGate(socket, webSocket, connection, parts)).toThrow(/one data listener/);
  socket.removeAllListeners("data");
  expect(() => new FrameGate(socket, webSocket, connection, parts)).toThrow(/one data listener/);
});

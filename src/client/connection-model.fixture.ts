/** For the state-machine test: a connection, a server that does whatever it is told, and what must be true of both after every step. */
import { expect } from "vitest";
import { comeBack } from "../wire/close-codes.ts";
import { firstDelayMs } from "./backoff.ts";
import { Client, MemoryStore } from "./client.fixture.ts";
import type { SendOptions } from "./delivery.ts";
import type { Outcome } from "./outcome.ts";
import type { ConnectionState } from "./state.ts";
import { VirtualPlatform } from "./virtual-platform.fixture.ts";

/** What a run is made with. */
export interface Setting {
  readonly seed: number;
  readonly identifies: boolean;
  readonly hasStore: boolean;
  readonly canPing: boolean;
  readonly token: "none" | "value" | "function";
  readonly maxDelayMs: number;
  readonly deadlineMs: number | undefined;
  readonly maxMessages: number;
  readonly whenFull: "refuse" | "evict-oldest";
}

/** What a message was accepted with, and what became of it. */
interface Sent {
  readonly number: number;
  readonly text: string;
  readonly id: string;
  readonly resend: boolean;
  readonly awaitsAck: boolean;
  promised: Outcome | undefined;
}

const legal: Readonly<Record<ConnectionState["status"], readonly ConnectionState["status"][]>> = {
  connecting: ["open", "waiting", "closed"],
  open: ["waiting", "closed"],
  waiting: ["connecting", "closed"],
  closed: [],
};

export class Subject {
  readonly client: Client;
  readonly platform: VirtualPlatform;
  readonly store: MemoryStore | undefined;
  readonly #setting: Setting;
  readonly messages: Sent[] = [];
  readonly #acknowledged = new Set<string>();
  /** What the token function does when it is asked next. */
  token: "old" | "new" | "none" | "throws" | "hangs" = "old";
  /** So often yet an outcome's listener sends another message. */
  echoes = 0;
  /** What the next outcome's listener does. */
  atOutcome: "nothing" | "destroy" | "close" = "nothing";
  closing: Promise<void> | undefined;
  #checkedStates = 0;
  #failures = 0;
  /** When each state was told. */
  #lastState: ConnectionState = { status: "connecting", attempt: 1 };

  constructor(setting: Setting) {
    const {
      seed,
      canPing,
      identifies,
      hasStore,
      token,
      maxDelayMs,
      deadlineMs,
      maxMessages,
      whenFull,
    } = setting;
    this.#setting = setting;
    this.platform = new VirtualPlatform(seed);
    this.platform.canPing = canPing;
    this.store = hasStore ? new MemoryStore() : undefined;
    this.client = new Client(
      {
        maxDelayMs,
        outbox: { maxMessages, maxBytes: 1000, whenFull, ...(this.store && { store: this.store }) },
        ...(deadlineMs !== undefined && { deadlineMs }),
        ...(token === "value" && { token: "old" }),
        ...(token === "function" && { token: () => this.#nextToken() }),
        ...(identifies && {
          identify: async ({ send, next }) => {
            const welcome = next((text) => text === "welcome");
            send("hello");
            await welcome;
          },
        }),
      },
      this.platform,
    );
    this.client.connection.on("outcome", () => {
      const act = this.atOutcome;
      this.atOutcome = "nothing";
      if (act === "destroy") this.client.connection.destroy();
      if (act === "close") this.close(1000);
      if (this.echoes === 0) return;
      this.echoes--;
      this.send({}, 3);
    });
  }

  #nextToken(): string | undefined | Promise<string> {
    if (this.token === "throws") throw new Error("no token now");
    if (this.token === "hangs") return new Promise(() => {});
    return this.token === "none" ? undefined : this.token;
  }

  /** The newest socket, if there is one that is not closed. */
  get socket() {
    const socket = this.platform.sockets.at(-1);
    return socket?.status === "closed" ? undefined : socket;
  }

  send(options: SendOptions, padding: number): void {
    const number = this.messages.length;
    const text = `${number}:${"x".repeat(padding)}`;
    try {
      // Its place is that of its acceptance, also where a listener sends while it is accepted.
      const sent: Sent = {
        number,
        text,
        id: `message ${number}`,
        resend: options.resend ?? false,
        awaitsAck: options.awaitsAck ?? false,
        promised: undefined,
      };
      this.messages.push(sent);
      const { outcome } = this.client.send(text, { ...options, id: sent.id });
      void outcome.then((settled) => {
        sent.promised = settled;
      });
    } catch {
      this.messages.splice(
        this.messages.findIndex((sent) => sent.number === number),
        1,
        // Keeps the numbers: refused, so it must never be seen.
        {
          number,
          text: `refused ${number}`,
          id: "",
          resend: false,
          awaitsAck: false,
          promised: "evicted",
        },
      );
    }
  }

  acknowledge(index: number): void {
    const sent = this.messages[index % Math.max(1, this.messages.length)];
    if (sent === undefined) return;
    const wasSettled = this.client.outcomeOf(sent.text) !== undefined;
    const isNew = this.client.connection.acknowledge(sent.id);
    if (isNew) expect(wasSettled).toBe(false);
    if (isNew) this.#acknowledged.add(sent.text);
  }

  close(flushMs: number): void {
    this.closing ??= this.client.connection.close({ flushMs });
  }

  /** What must be true after every step. */
  check(): void {
    this.#checkStates();
    this.#checkSockets();
    this.#checkOrder();
    this.#checkOutcomes();
    const { status } = this.client;
    // Nothing is left after the end, and before it something will happen whatever the server does.
    if (status === "closed") {
      expect(this.platform.pendingTimers, "timers after the end").toBe(0);
      expect(this.platform.signalListeners).toBe(0);
    } else expect(this.platform.pendingTimers, `timers while ${status}`).toBeGreaterThan(0);
  }

  #checkStates(): void {
    const { maxDelayMs } = this.#setting;
    for (const state of this.client.states.slice(this.#checkedStates)) {
      const before = this.#lastState;
      expect(legal[before.status], `${before.status} → ${state.status}`).toContain(state.status);
      if (before.status === "open") this.#failures = 0;
      if (state.status === "connecting" && before.status === "waiting")
        expect(state.attempt).toBe(before.attempt);
      if (state.status === "waiting") {
        const later = comeBack(state.loss.code) === "later";
        const ceilingMs = later
          ? maxDelayMs
          : Math.min(maxDelayMs, firstDelayMs * 2 ** this.#failures);
        expect(state.delayMs).toBeLessThanOrEqual(ceilingMs);
        expect(state.delayMs).toBeGreaterThanOrEqual(later ? maxDelayMs / 2 : 0);
        expect(comeBack(state.loss.code)).not.toBe("no");
        if (!later) this.#failures++;
        expect(state.attempt).toBe(before.status === "connecting" ? before.attempt + 1 : 1);
      }
      this.#lastState = state;
    }
    this.#checkedStates = this.client.states.length;
    expect(this.client.connection.state).toEqual(this.#lastState);
  }

  #checkSockets(): void {
    const { openSockets } = this.platform;
    const { status } = this.client;
    expect(openSockets.length).toBeLessThanOrEqual(1);
    if (status === "waiting" || status === "closed")
      expect(openSockets.length, `sockets while ${status}`).toBe(0);
    for (const socket of this.platform.sockets)
      expect(socket.dropped, "sent where it cannot leave").toEqual([]);
  }

  /** Of what was written: in the order of sending on every socket, and over all of them but for what came again. */
  #checkOrder(): void {
    const written = new Map<number, number>();
    let newest = -1;
    for (const socket of this.platform.sockets) {
      const numbers = socket.sent
        .filter((text) => text !== "hello")
        .map((text) => Number(text.slice(0, text.indexOf(":"))));
      if (this.#setting.identifies && socket.sent.length > 0) expect(socket.sent[0]).toBe("hello");
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      for (const number of numbers) {
        const times = (written.get(number) ?? 0) + 1;
        written.set(number, times);
        if (times > 1)
          expect(
            this.messages[number]?.resend,
            `message ${number} was written ${times} times`,
          ).toBe(true);
        else {
          expect(number, "a newer one was written before").toBeGreaterThan(newest);
          newest = number;
        }
      }
    }
  }

  #checkOutcomes(): void {
    const outcomes = new Map<string, Outcome>();
    for (const [text, outcome] of this.client.outcomes) {
      expect(outcomes.has(text), `${text} has two outcomes`).toBe(false);
      outcomes.set(text, outcome);
    }
    const { sockets } = this.platform;
    for (const { text, resend } of this.messages) {
      const outcome = outcomes.get(text);
      const wasWritten = sockets.some(({ sent }) => sent.includes(text));
      const isOnItsWay = this.socket?.sent.includes(text) ?? false;
      if (outcome === "sent" && this.#setting.canPing) {
        const wasRead = sockets.some(({ sent, read }) => sent.slice(0, read).includes(text));
        expect(wasRead, `${text} is called sent, and was not read`).toBe(true);
      }
      if (outcome === "acked") expect(this.#acknowledged.has(text)).toBe(true);
      if (outcome === "unknown")
        expect(wasWritten, `${text} is called unknown, and never left`).toBe(true);
      if (outcome === "expired" || outcome === "evicted")
        expect(wasWritten, `${text} is called ${outcome}, and may have arrived`).toBe(false);
      if (outcome === "kept") expect(this.client.status).toBe("closed");
      // Lost with its socket, it has an outcome or goes again.
      if (outcome === undefined && wasWritten && !isOnItsWay)
        expect(resend, `${text} is forgotten`).toBe(true);
    }
  }

  /** A server that does all that is right: in the end every message has an outcome by itself. */
  async heal(): Promise<void> {
    this.store?.release();
    if (this.store) this.store.failure = undefined;
    this.token = "new";
    this.echoes = 0;
    this.atOutcome = "nothing";
    await this.platform.settle();
    for (
      let turn = 0;
      turn < 200 && this.client.status !== "closed" && this.#open.length > 0;
      turn++
    ) {
      const { socket } = this;
      if (socket?.status === "connecting") socket.accept();
      await this.platform.settle();
      if (socket?.status === "open") {
        socket.unsentBytes = 0;
        if (this.client.status === "connecting") socket.say("welcome");
        await this.platform.settle();
        for (const { number, awaitsAck } of this.#open) if (awaitsAck) this.acknowledge(number);
        if (socket.status === "open" && socket.awaitsPong) socket.pong();
      } else if (socket?.status === "closing") socket.answerClose();
      await this.platform.pass(1000);
      this.check();
    }
    expect(this.#open.map(({ text }) => text)).toEqual([]);
  }

  /** Those that have no outcome. */
  get #open(): readonly Sent[] {
    const settled = new Set(this.client.outcomes.map(([text]) => text));
    return this.messages.filter(({ text, id }) => id !== "" && !settled.has(text));
  }

  /** Ends it; then everything must have exactly one outcome. */
  async finish(): Promise<void> {
    this.store?.release();
    this.echoes = 0;
    this.atOutcome = "nothing";
    this.client.connection.destroy();
    await this.platform.settle();
    this.check();
    await this.closing;
    expect(this.#open.map(({ text }) => text)).toEqual([]);
    for (const { text, promised, id } of this.messages)
      if (id !== "") expect(promised, text).toBe(this.client.outcomeOf(text));
    const ends = this.client.states.filter(({ status }) => status === "closed");
    expect(ends.length).toBe(1);
  }
}

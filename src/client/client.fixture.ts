/** For tests: a connection on a virtual platform, and what it told. */
import { Connection } from "./connection.ts";
import type { SendOptions } from "./delivery.ts";
import type { ConnectOptions } from "./options.ts";
import type { OutboxStore, StoredMessage } from "./outbox-store.ts";
import type { Outcome } from "./outcome.ts";
import type { ConnectionState } from "./state.ts";
import { VirtualPlatform } from "./virtual-platform.fixture.ts";

/** A connection that notes all it tells. */
export class Client {
  readonly platform: VirtualPlatform;
  readonly connection: Connection;
  readonly states: ConnectionState[] = [];
  readonly messages: string[] = [];
  /** Of the `outcome` event, in order: text and outcome. */
  readonly outcomes: (readonly [string, Outcome])[] = [];

  constructor(options: ConnectOptions = {}, platform = new VirtualPlatform()) {
    this.platform = platform;
    this.connection = new Connection("ws://server.test/", options, platform);
    this.connection.on("state", (state) => this.states.push(state));
    this.connection.on("message", (text) => this.messages.push(text));
    this.connection.on("outcome", ({ text, outcome }) => this.outcomes.push([text, outcome]));
  }

  /** With an open socket. */
  static async open(
    options: ConnectOptions = {},
    platform = new VirtualPlatform(),
  ): Promise<Client> {
    const client = new Client(options, platform);
    await platform.settle();
    await client.accept();
    return client;
  }

  get socket() {
    return this.platform.socket;
  }

  get status() {
    return this.connection.state.status;
  }

  async accept(): Promise<void> {
    this.socket.accept();
    await this.platform.settle();
  }

  /** Waits as long as the connection says, and accepts. */
  async comeBack(): Promise<void> {
    const { state } = this.connection;
    if (state.status !== "waiting")
      throw new Error(`a connection that is ${state.status} does not come back`);
    await this.platform.pass(state.delayMs);
    await this.accept();
  }

  send(text: string, options?: SendOptions) {
    return this.connection.send(text, options);
  }

  /** Lets the question come what the server has read, and has it answered. */
  async confirm(): Promise<void> {
    await this.platform.pass(200);
    this.socket.pong();
    await this.platform.settle();
  }

  outcomeOf(text: string): Outcome | undefined {
    const [found, ...more] = this.outcomes.filter(([of]) => of === text);
    if (more.length > 0) throw new Error(`${text} has ${more.length + 1} outcomes`);
    return found?.[1];
  }
}

/** A store in memory; each of its answers can be held back. */
export class MemoryStore implements OutboxStore {
  readonly messages = new Map<string, StoredMessage>();
  closed = false;
  /** While set, answers wait. */
  #held: (() => void)[] | undefined;
  /** Set: every call fails with it. */
  failure: Error | undefined;

  constructor(messages: readonly StoredMessage[] = []) {
    for (const message of messages) this.messages.set(message.id, message);
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    for (const go of this.#held?.splice(0) ?? []) go();
    this.#held = undefined;
  }

  load(): Promise<readonly StoredMessage[]> {
    return this.#answer(() => [...this.messages.values()]);
  }

  put(message: StoredMessage): Promise<void> {
    return this.#answer(() => void this.messages.set(message.id, message));
  }

  markWritten(id: string): Promise<void> {
    return this.#answer(() => {
      const message = this.messages.get(id);
      if (message !== undefined) this.messages.set(id, { ...message, written: true });
    });
  }

  remove(id: string): Promise<void> {
    return this.#answer(() => void this.messages.delete(id));
  }

  close(): Promise<void> {
    return this.#answer(() => {
      this.closed = true;
    });
  }

  async #answer<T>(act: () => T): Promise<T> {
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    if (this.closed) throw new Error("the store is closed");
    return act();
  }
}

/** Watching an experiment: its log, its variables, and the samples of those that are chosen. */
import { platform } from "#platform";
import type { Handshake } from "../attempt.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import { isObject } from "../json-object.ts";
import type { ConnectOptions } from "../options.ts";
import { pathPart, serviceUrl } from "../service-url.ts";
import { LogText } from "./log-text.ts";
import type { ChainNames, Summary, ViewerEvents } from "./viewer-events.ts";
import { type NamedPiece, readMessage, readNames, readPieces } from "./viewer-message.ts";
import { WatchedVariable } from "./watched-variable.ts";

/** Options of `ExperimentViewer`: those of `connect` that make sense for one who only listens, and which experiment. */
export interface ExperimentViewerOptions
  extends Omit<ConnectOptions, "identify" | "transport" | "outbox"> {
  /** The experiment's id; one that nobody has published to yet is empty. */
  readonly experiment: string;
  /**
   * Sent in the `authorization` message, which every server of this protocol asks for, and nowhere else, so that other servers than
   * Switchboard take it too. Default: an empty one. A function is asked again on every attempt.
   */
  readonly token?: NonNullable<ConnectOptions["token"]>;
}

/**
 * A viewer of one experiment. What is said to it once is told once, over all the connections that it takes:
 * of each subscribed variable every sample from index 0 on, in order, none lost and none twice; where the server leaves some out, a `gap` event
 * says which. A server that resumes (Switchboard) sends only what is new; of one that sends everything again, what is known
 * is passed over by counting. If the experiment has been removed and begun anew meanwhile, `reset` says so, and everything comes
 * again. (Of a server other than Switchboard that shows only in a log, names or samples that do not go on where they were.)
 *
 * A removal while connected ends the connection: `state` is `closed`, with the code 1000 and the reason.
 *
 * ```ts
 * const viewer = new ExperimentViewer("http://127.0.0.1:7400", { experiment: "E1" });
 * viewer.on("names", (names) => { for (const { chain, names: all } of names) viewer.subscribe(chain, all); });
 * viewer.on("samples", ({ chain, variable, from, values }) => console.log(chain, variable, from, values));
 * ```
 *
 * Nothing is buffered: listeners get every event as it comes. What is kept is one counter for each subscribed variable, all names, the last
 * summary and the last 256 Ki characters of the log.
 */
export class ExperimentViewer {
  /** Its states, `whenOpen`, `whenClosed`. It is open when log and names have come. What it says of messages does not matter here: none waits. */
  readonly connection: Connection;
  readonly #events = new Emitter<ViewerEvents>();
  readonly #log = new LogText();
  readonly #names = new Map<string, Set<string>>();
  /** Subscribed variables. */
  readonly #watched = new Map<string, WatchedVariable>();
  /** Unsubscribed from on the present connection: how many samples had been sent. */
  readonly #left = new Map<string, number>();
  /** Speaks to the present server, once it has greeted us. Who is no longer there hears nothing: subscriptions are said anew to the next. */
  #server: Handshake | undefined;
  #token: string | undefined;
  #awaits: "log" | "names" | "anything" = "log";
  #greeted: () => void = () => {};
  #wasGreeted = false;
  #epoch: string | undefined;
  #wantsSummary = false;
  #summary: Summary | undefined;
  #finished = false;
  #error: string | undefined;
  #ignored = 0;
  #wishes = 0;

  /** `url`: the server's base, or the experiment's own address. Throws `bad_url` only. */
  constructor(url: string | URL, { experiment, ...options }: ExperimentViewerOptions) {
    // `errors`: asks Switchboard to say what it does not do.
    const address = serviceUrl(url, `/mcmc/ws/sub/object/${pathPart(experiment)}`, { errors: "1" });
    this.connection = connect(address, {
      ...options,
      transport: (opening, events) => {
        this.#token = opening.token;
        return platform.openWebSocket({ url: opening.url, token: undefined }, events);
      },
      identify: (handshake) => this.#identify(handshake),
    });
    this.connection.on("message", (text) => this.#message(text));
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof ViewerEvents>(
    name: Name,
    listener: (value: ViewerEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** All names that were told, by chain, in the order in which they came. */
  get variables(): readonly ChainNames[] {
    return Array.from(this.#names, ([chain, names]) => ({ chain, names: [...names] }));
  }

  /** The log so far; of a long one the last 262,144 characters. */
  get log(): string {
    return this.#log.tail;
  }

  /** True once the experiment has ended. */
  get finished(): boolean {
    return this.#finished;
  }

  /** The last one, if there is one. */
  get summary(): Summary | undefined {
    return this.#summary;
  }

  /** Messages that broke the protocol, or that this client does not know. */
  get ignored(): number {
    return this.#ignored;
  }

  /**
   * Asks for variables of a chain: all samples so far come as `samples`, then each later one. A variable that does not exist yet is
   * remembered. May be called at any time; what is subscribed to already stays as it is. `maxPoints` (1 to 100,000): of the samples so far only as many
   * that show their shape, with `at`; all later ones come, also those of a reconnect (Switchboard only; others send all).
   */
  subscribe(
    chain: string,
    variables: readonly string[],
    { maxPoints }: { readonly maxPoints?: number } = {},
  ): void {
    const fresh: WatchedVariable[] = [];
    const wish = this.#wishes++;
    for (const name of variables) {
      const key = keyOf(chain, name);
      if (this.#watched.has(key)) continue;
      const variable = new WatchedVariable(chain, name, maxPoints, wish, this.#left.get(key));
      this.#watched.set(key, variable);
      fresh.push(variable);
    }
    this.#ask(fresh);
  }

  /**
   * Forgets variables at once: no `samples` of them any more. A later `subscribe` begins at index 0 again. (A server other than Switchboard does not
   * say which subscription its samples are for: subscribe again when the first answer has come, or some may be told twice. So on Switchboard, too, where
   * both have a `maxPoints`, another one: the answer to the first may be taken for that to the second.)
   */
  unsubscribe(chain: string, variables: readonly string[]): void {
    const forgotten = variables.filter((name) => {
      const key = keyOf(chain, name);
      const variable = this.#watched.get(key);
      if (variable !== undefined)
        this.#left.set(key, Math.max(variable.sent, this.#left.get(key) ?? 0));
      return this.#watched.delete(key);
    });
    if (forgotten.length > 0)
      this.#say({ action: "unsubscribe", data: [{ chain, variables: forgotten }] });
  }

  /** Asks for `summary` events: the diagnostics now, and again as samples come, at most twice a second (Switchboard only). */
  subscribeSummary(): void {
    this.#wantsSummary = true;
    this.#say({ action: "subscribe", summary: true });
  }

  /** No `summary` events any more. */
  unsubscribeSummary(): void {
    this.#wantsSummary = false;
    this.#say({ action: "unsubscribe", summary: true });
  }

  /** Ends it. */
  async close(): Promise<void> {
    await this.connection.close();
  }

  async #identify(handshake: Handshake): Promise<void> {
    this.#server = undefined;
    this.#awaits = "log";
    this.#left.clear();
    this.#log.restart();
    for (const variable of this.#watched.values()) variable.restart();
    const greeted = new Promise<void>((resolve) => {
      this.#greeted = resolve;
    });
    handshake.send(
      JSON.stringify({
        action: "authorization",
        token: this.#token ?? "",
        version: "1.0",
        epoch: true,
      }),
    );
    await greeted;
    this.#server = handshake;
    this.#askAnew();
    if (this.#wantsSummary) this.#say({ action: "subscribe", summary: true });
  }

  /**
   * On a new connection. What has come was granted, and is asked for at once; the rest as it was wished: the server takes a message whole or not at all,
   * and one that it refuses must take no others with it.
   */
  #askAnew(): void {
    const granted: WatchedVariable[] = [];
    const wishes = new Map<number, WatchedVariable[]>();
    for (const variable of this.#watched.values()) {
      const wish = wishes.get(variable.wish);
      if (variable.next > 0) granted.push(variable);
      else if (wish === undefined) wishes.set(variable.wish, [variable]);
      else wish.push(variable);
    }
    this.#ask(granted);
    for (const wish of wishes.values()) this.#ask(wish);
  }

  #ask(variables: readonly WatchedVariable[]): void {
    if (variables.length === 0 || this.#server === undefined) return;
    const items = new Map<string, WatchedVariable[]>();
    for (const variable of variables) {
      const key = JSON.stringify([variable.chain, variable.next > 0 ? null : variable.maxPoints]);
      const item = items.get(key);
      if (item === undefined) items.set(key, [variable]);
      else item.push(variable);
    }
    this.#say({ action: "subscribe", data: [...items.values()].map(wishOf) });
  }

  #say(message: object): void {
    this.#server?.send(JSON.stringify(message));
  }

  #message(text: string): void {
    const message = readMessage(text);
    if (message === undefined || !this.#take(message.action, message.fields)) this.#ignored++;
  }

  /** False for what is to be ignored. */
  #take(action: string, fields: Readonly<Record<string, unknown>>): boolean {
    const { data } = fields;
    if (action === "experiment:output" && typeof data === "string")
      this.#output(data, fields.epoch);
    else if (action === "names") return this.#tellNames(data);
    else if (action === "experiment:event") return this.#samples(data);
    else if (action === "experiment:finish") this.#end();
    else if (action === "experiment:error") this.#fail(data);
    else if (action === "summary" && isObject(data)) {
      this.#summary = data as Summary;
      if (this.#wantsSummary) this.#events.emit("summary", this.#summary);
    } else if (action === "error") {
      this.#events.emit("refused", { code: String(fields.code), message: String(fields.message) });
    } else return false;
    return true;
  }

  #output(text: string, epoch: unknown): void {
    const isGreeting = this.#awaits === "log";
    const isFirst = isGreeting && !this.#wasGreeted;
    let isAnother = false;
    if (isGreeting) {
      this.#awaits = "names";
      const isKnown = typeof epoch === "string";
      isAnother = !isFirst && (isKnown ? epoch !== this.#epoch : !this.#log.goesOnIn(text));
      this.#epoch = isKnown ? epoch : undefined;
      this.#wasGreeted = true;
    }
    if (isAnother) {
      this.#names.clear();
      this.#log.forget();
      this.#reset("the experiment is another one than it was");
    }
    const fresh = this.#log.add(text);
    const initial = isFirst || isAnother;
    if (initial || fresh !== "") this.#events.emit("log", { text: fresh, initial });
  }

  #tellNames(data: unknown): boolean {
    const all = readNames(data);
    if (all === undefined) return false;
    if (this.#awaits === "names") {
      this.#awaits = "anything";
      // Where there is no epoch: all names come in one message, and none ever goes.
      if (this.#epoch === undefined && this.#lacksNames(all)) {
        this.#names.clear();
        this.#reset("variables of the experiment are no longer there");
      }
      this.#greeted();
    }
    const fresh = all.flatMap(({ chain, names }) => {
      const known = this.#names.get(chain) ?? new Set();
      this.#names.set(chain, known);
      const added = names.filter((name) => !known.has(name) && known.add(name));
      return added.length === 0 ? [] : [{ chain, names: added }];
    });
    if (fresh.length > 0) this.#events.emit("names", fresh);
    return true;
  }

  #lacksNames(all: readonly ChainNames[]): boolean {
    const present = new Set(
      all.flatMap(({ chain, names }) => names.map((name) => keyOf(chain, name))),
    );
    return this.variables.some(({ chain, names }) =>
      names.some((name) => !present.has(keyOf(chain, name))),
    );
  }

  #samples(data: unknown): boolean {
    const pieces = readPieces(data);
    if (pieces === undefined) return false;
    const watched = (piece: NamedPiece) => this.#watched.get(keyOf(piece.chain, piece.name));
    // All of them first: where one begins anew, all do.
    if (pieces.some((piece) => watched(piece)?.hasBegunAnew(piece)))
      this.#reset("there are fewer samples than there were");
    for (const piece of pieces) {
      // Unsubscribed from meanwhile: not told.
      const variable = watched(piece);
      if (variable === undefined) continue;
      const { gap, samples } = variable.take(piece);
      const of = { chain: piece.chain, variable: piece.name };
      if (gap !== undefined) this.#events.emit("gap", { ...of, ...gap });
      if (samples !== undefined && watched(piece) === variable)
        this.#events.emit("samples", { ...of, ...samples });
    }
    return true;
  }

  #end(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#events.emit("finish", undefined);
  }

  #fail(data: unknown): void {
    const text = JSON.stringify(data ?? null);
    if (text === this.#error) return;
    this.#error = text;
    this.#events.emit("error", data);
  }

  #reset(reason: string): void {
    for (const variable of this.#watched.values()) variable.forget();
    this.#finished = false;
    this.#error = undefined;
    this.#summary = undefined;
    this.#events.emit("reset", { reason });
  }
}

/** One item of a subscribe message; all its variables are alike. */
function wishOf(variables: readonly WatchedVariable[]): object {
  const [first] = variables;
  const since = variables
    .filter(({ next }) => next > 0)
    .map(({ name, next }) => [name, next] as const);
  return {
    chain: first?.chain,
    variables: variables.map(({ name }) => name),
    ...(since.length === 0 ? {} : { since: Object.fromEntries(since) }),
    ...(first?.next === 0 && first.maxPoints !== undefined ? { max_points: first.maxPoints } : {}),
  };
}

function keyOf(chain: string, name: string): string {
  return JSON.stringify([chain, name]);
}

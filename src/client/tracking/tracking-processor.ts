/** A camera's processor: sends boxes and feature maps, and hands its orders to a main loop. */
import type { SwitchboardError } from "../../wire/error.ts";
import { printJson } from "../../wire/print-json.ts";
import type { Connection } from "../connection.ts";
import type { SendOptions } from "../delivery.ts";
import { Emitter } from "../emitter.ts";
import type { Sending } from "../outcome.ts";
import { type EndpointOptions, openEndpoint } from "./endpoint.ts";
import { type InboundLimits, InboundQueue } from "./inbound-queue.ts";
import type { BoxesMessage } from "./messages/boxes-message.ts";
import { demandString, Fields } from "./messages/fields.ts";
import { StartMessage } from "./messages/start-message.ts";
import { StopMessage } from "./messages/stop-message.ts";
import { UpdateMessage } from "./messages/update-message.ts";

/** Everything but the camera's id has a default. */
export interface TrackingProcessorOptions extends EndpointOptions {
  /** Which camera this is. Who comes later with the same id takes its place, and this one's connection ends (4409). */
  readonly cameraId: string;
  /** How long to try to connect, at first and after each loss, before it fails; default a minute. `Infinity`: for ever. */
  readonly deadlineMs?: number;
  /**
   * As for every connection, but at the bound of the outbox the oldest messages give way (`evict-oldest`): what a camera sees now is worth
   * more than what it saw before, and its main loop need not handle a full outbox.
   */
  readonly outbox?: NonNullable<EndpointOptions["outbox"]>;
  /** How much may wait for the main loop. */
  readonly inbox?: Partial<InboundLimits>;
}

/** What a processor gets: look for an object, forget one, or what one looks like. */
export type ProcessorOrder = StartMessage | StopMessage | UpdateMessage;

/** What a processor tells besides its orders. */
export interface TrackingProcessorEvents {
  /** The main loop did not come: this one gave way, the `count`th. */
  dropped: { readonly order: ProcessorOrder; readonly count: number };
}

const aMinuteMs = 60_000;

/**
 * ```ts
 * const processor = new TrackingProcessor("ws://127.0.0.1:7400", { cameraId: "entrance" });
 * for (;;) {
 *   for (const order of processor.takeAll()) {
 *     if (order instanceof StopMessage) forget(order.objectId);
 *   }
 *   processor.send(new BoxesMessage(detect(await frame())), { expiresInMs: 2000 });
 * }
 * ```
 *
 * On every connection it sends `authenticate` (with a token), then `identifier`, then (when the token was not refused) what waited to be
 * sent, in order, then what is new.
 * The protocol acknowledges nothing: a message's outcome is `sent`, or `unknown` where the connection died with it.
 *
 * Orders wait in a queue, in the order in which they came, over losses of the connection too. After each connect the server gives the
 * feature map of every tracked object anew (and does not say when that is done); a stop or a start that it sent meanwhile does not come
 * again. At the queue's bound the oldest start or featureMap gives way, a stop only to another stop where nothing but stops waits; what
 * gives way is counted, and told as `dropped`.
 *
 * When it cannot connect within `deadlineMs`, or the server does not want it (replaced, a bad token), it is over: `next` and the iteration
 * fail with the reason, and `send` throws. `take` and `takeAll` go on to give what waits.
 */
export class TrackingProcessor implements AsyncIterable<ProcessorOrder> {
  /** States, `whenOpen`, `whenClosed`, `whenRoom`, outcomes. Send with the processor's own `send`. */
  readonly connection: Connection;
  readonly #events = new Emitter<TrackingProcessorEvents>();
  readonly #orders: InboundQueue<ProcessorOrder>;
  #dropped = 0;
  #ignored = 0;

  /**
   * `url`: the server's (ws, wss, http, https), to which `/processor` is added, or the endpoint's with its path. Throws `bad_url` and
   * `bad_message`.
   */
  constructor(
    url: string | URL,
    { cameraId, deadlineMs = aMinuteMs, inbox, outbox, ...options }: TrackingProcessorOptions,
  ) {
    const identifier = printJson({
      type: "identifier",
      id: demandString("identifier.id", cameraId),
    });
    this.#orders = new InboundQueue(
      { maxMessages: 1000, maxLength: 64 << 20, ...inbox },
      (order) => order instanceof StopMessage,
      (order) => this.#events.emit("dropped", { order, count: ++this.#dropped }),
    );
    const limited = deadlineMs === Number.POSITIVE_INFINITY ? {} : { deadlineMs };
    const bounded = { whenFull: "evict-oldest", ...outbox } as const;
    this.connection = openEndpoint(
      url,
      "/processor",
      { ...options, ...limited, outbox: bounded },
      (send) => send(identifier),
    );
    this.connection.on("message", (text) => this.#take(text));
    void this.#watchEnd();
  }

  /** Orders that wait. */
  get waiting(): number {
    return this.#orders.size;
  }

  /** Orders that gave way at the bound of the queue, so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages of the server, so far, that break the protocol. Those of a type that is not known here are not among them. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof TrackingProcessorEvents>(
    name: Name,
    listener: (value: TrackingProcessorEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Sends boxes or a feature map, now or when there is a connection again. Boxes are worth little when they come late, and a tracked object
   * in them is noted as seen when they arrive: give them an `expiresInMs`, and after a loss only the newest frames are sent; feature maps
   * then do not give way to frames, either. Throws `connection_closed`; `outbox_full` if the message alone is over the outbox's bound.
   */
  send(message: BoxesMessage | UpdateMessage, options?: SendOptions): Sending {
    return this.connection.send(message.toMessage(), options);
  }

  /** The oldest order that waits, if one does. */
  take(): ProcessorOrder | undefined {
    return this.#orders.take();
  }

  /** All orders that wait, the oldest first. */
  takeAll(): ProcessorOrder[] {
    return this.#orders.takeAll();
  }

  /** The next order, as soon as there is one. Undefined after `close`; rejects with `connection_closed` when it is over for another reason. */
  next(): Promise<ProcessorOrder | undefined> {
    return this.#orders.next();
  }

  /** Every order from now on; ends and fails as `next`. Of several readers each gets its part. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ProcessorOrder, void, void> {
    for (let order = await this.next(); order !== undefined; order = await this.next()) yield order;
  }

  /** Ends it; `flushMs` as `Connection.close`. Orders that wait can still be taken. */
  close(options?: { readonly flushMs?: number }): Promise<void> {
    return this.connection.close(options);
  }

  #take(text: string): void {
    let order: ProcessorOrder | undefined;
    try {
      order = readOrder(text);
    } catch {
      this.#ignored++;
      return;
    }
    if (order !== undefined) this.#orders.push(order, text.length);
  }

  async #watchEnd(): Promise<void> {
    const { kind } = await this.connection.whenClosed();
    if (kind === "closed") this.#orders.end(undefined);
    // Of a connection that is over, it is the reason.
    else
      await this.connection.whenOpen().catch((error: SwitchboardError) => this.#orders.end(error));
  }
}

/** Undefined for a message of another type. */
function readOrder(text: string): ProcessorOrder | undefined {
  const fields = new Fields(text);
  if (fields.type === "start") return StartMessage.fromMessage(fields);
  if (fields.type === "stop") return StopMessage.fromMessage(fields);
  return fields.type === "featureMap" ? UpdateMessage.fromMessage(fields) : undefined;
}

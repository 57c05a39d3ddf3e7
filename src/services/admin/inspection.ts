/** One connection that is being inspected: what of its frames is told to the console. */
import {
  type Clock,
  type Closed,
  type Connection,
  type Encoded,
  Rate,
  type Tap,
} from "../../kit/index.ts";
import { redact } from "./redaction.ts";
import { beginning } from "./rules.ts";

/** While more than this waits for the console, frames are not told but counted: a quarter of what would close it for being too slow. */
const maxWaitingBytes = 256 * 1024;

/** A frame as it is told; see `frame` in the contract. */
interface ToldFrame {
  readonly connection: string;
  readonly n: number;
  readonly direction: "in" | "out";
  readonly at: number;
  readonly text: string;
  readonly bytes: number;
  readonly truncated?: true;
  readonly dropped?: number;
}

interface InspectionParts {
  readonly inspected: Connection;
  /** Its transport names events, so a frame is a name and a payload. */
  readonly namesEvents: boolean;
  /** Whom it is told. */
  readonly console: Pick<Connection, "unsentBytes">;
  readonly clock: Clock;
  readonly framesPerSecond: number;
  tell(frame: ToldFrame): void;
  /** The inspected connection has ended. */
  ended(closed: Closed, dropped: number): void;
}

/**
 * Frames are told in their order, without secrets. Those beyond `framesPerSecond`, and those that come while the console is behind, are left
 * out and counted, so that neither the inspected connection nor the console pays for a flood: leaving one out costs next to nothing.
 */
export class Inspection implements Tap {
  readonly #parts: InspectionParts;
  readonly #rate: Rate;
  #n = 0;
  #dropped = 0;

  constructor(parts: InspectionParts) {
    this.#parts = parts;
    this.#rate = new Rate(parts.framesPerSecond, parts.clock);
  }

  get inspected(): Connection {
    return this.#parts.inspected;
  }

  text(text: string, bytes: number): void {
    this.#frame("in", bytes, () => text);
  }

  event(name: string, payload: unknown, bytes: number): void {
    this.#frame("in", bytes, () =>
      JSON.stringify(payload === undefined ? [name] : [name, payload]),
    );
  }

  wrote(messages: readonly Encoded[]): void {
    for (const message of messages) {
      const { name, bytes } = message;
      this.#frame("out", bytes, () =>
        this.#parts.namesEvents ? `[${JSON.stringify(name)},${message.text}]` : message.text,
      );
    }
  }

  closed(closed: Closed): void {
    this.#parts.ended(closed, this.#dropped);
  }

  #frame(direction: "in" | "out", bytes: number, print: () => string): void {
    const { inspected, console, clock, tell } = this.#parts;
    this.#n++;
    if (console.unsentBytes > maxWaitingBytes || !this.#rate.take()) {
      this.#dropped++;
      return;
    }
    const { text, isCut } = beginning(printed(print));
    const dropped = this.#dropped;
    this.#dropped = 0;
    tell({
      connection: inspected.id,
      n: this.#n,
      direction,
      at: clock.now(),
      text: redact(text, isCut),
      bytes,
      ...(isCut ? { truncated: true } : {}),
      ...(dropped > 0 ? { dropped } : {}),
    });
  }
}

/** A payload that is nested too deep to be printed must not end who sent it, or the process: a tap never throws. */
function printed(print: () => string): string {
  try {
    return print();
  } catch {
    return '"[nested too deep to be shown]"';
  }
}

/** How long one session may take to end once it is told to. */
import type { Socket as EngineSocket } from "engine.io";
import type { Clock, Timer } from "../../kit/clock.ts";
import { type Fault, guarded } from "../../kit/guard.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { endNow, webSocketOf } from "./engine-internals.ts";

/** What cannot leave over a WebSocket by then never will. */
const webSocketGraceMs = 1000;

/** A polling client has to ask for its goodbye, once or twice. */
export const pollingGraceMs = 5000;

/** A server that restarts waits no longer: its pollers cannot open new connections to it anyway. */
const restartGraceMs = 250;

/** Ends a session at once when its time is over. */
export class Farewell {
  readonly #engineSocket: EngineSocket;
  readonly #clock: Clock;
  readonly #fault: Fault;
  #timer: Timer | undefined;

  constructor(engineSocket: EngineSocket, clock: Clock, fault: Fault) {
    this.#engineSocket = engineSocket;
    this.#clock = clock;
    this.#fault = fault;
  }

  /** The server closes it with this code. */
  begin(code: number): void {
    const polling = this.#engineSocket.transport.name === "polling";
    if (code === closeCodes.restarting.code) this.#after(restartGraceMs, this.#endForRestart);
    else this.#after(polling ? pollingGraceMs : webSocketGraceMs, this.#end);
  }

  /** The engine has closed it, whoever began; its WebSocket has yet to end. */
  beginIfNone(): void {
    if (this.#timer === undefined) this.#after(webSocketGraceMs, this.#end);
  }

  /** It has ended. */
  cancel(): void {
    this.#timer?.cancel();
  }

  readonly #end = (): void => {
    if (this.#engineSocket.readyState !== "closed" || this.#unsentBytes > 0)
      endNow(this.#engineSocket);
  };

  /** Only a WebSocket that still takes what was written is given the whole time. */
  readonly #endForRestart = (): void => {
    if (this.#unsentBytes === 0) endNow(this.#engineSocket);
    else this.#after(webSocketGraceMs - restartGraceMs, this.#end);
  };

  get #unsentBytes(): number {
    return webSocketOf(this.#engineSocket.transport)?.bufferedAmount ?? 0;
  }

  #after(ms: number, run: () => void): void {
    this.#timer = this.#clock.after(ms, guarded(run, this.#fault));
  }
}

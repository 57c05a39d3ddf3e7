/** Keeps what a library's callback throws from ending the process. */
import type { EventEmitter } from "node:events";

/** Hears what a callback threw. Must not throw. */
export type Fault = (error: unknown) => void;

/**
 * Wraps a callback that a library calls from a socket or a timer, where nothing of ours is above it
 * on the stack: what it throws goes to `fault`.
 */
export function guarded<Args extends readonly unknown[]>(
  run: (...args: Args) => void,
  fault: Fault,
): (...args: Args) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      fault(error);
    }
  };
}

/**
 * Does the same for every listener of one emitter, those that a library has added and will add
 * included. Listeners after the one that threw are not called.
 */
export function guardEvents(emitter: EventEmitter, fault: Fault): void {
  const { emit } = emitter;
  emitter.emit = (...args: Parameters<EventEmitter["emit"]>) => {
    try {
      return emit.apply(emitter, args);
    } catch (error) {
      fault(error);
      return true;
    }
  };
}

/** Typed events of one object. */

/**
 * Listeners are called in the order in which they were added, synchronously. One that throws does not keep the others from being called:
 * its error is reported as uncaught, as `EventTarget` does.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Calls `listener` at every such event from now on, until the returned function is called. The same function twice counts once. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Tells all who listen now, but whom an earlier one has taken off. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    for (const listener of [...(listeners ?? [])]) {
      if (!listeners?.has(listener)) continue;
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** Nobody listens any more. */
  clear(): void {
    this.#listeners.clear();
  }
}

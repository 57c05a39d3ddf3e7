/** Something that changes by itself, as `useExternal` takes it. */
export class Changes {
  readonly #listeners = new Set<() => void>();
  #version = 0;

  /** Grows with each change. */
  readonly version = (): number => this.#version;

  /** Calls `listener` after each change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  notify(): void {
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

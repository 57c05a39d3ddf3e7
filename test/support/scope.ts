/** Ends what a test, or a test file, has opened. */
import { afterAll, afterEach } from "vitest";

/** Holds what is to be ended. `end` ends the last opened first, all of them, and throws the first failure afterwards. */
export class Scope {
  readonly #ends: (() => unknown)[] = [];

  /** Has `end` called when the scope ends; returns `thing`. */
  own<T>(thing: T, end: (thing: T) => unknown): T {
    this.#ends.push(() => end(thing));
    return thing;
  }

  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** A scope that ends after each test of the file (or of the `describe` that it is called in). */
export function scopePerTest(): Scope {
  const scope = new Scope();
  afterEach(() => scope.end());
  return scope;
}

/** A scope that ends after the last test of the file (or of the `describe` that it is called in). */
export function scopePerFile(): Scope {
  const scope = new Scope();
  afterAll(() => scope.end());
  return scope;
}

/** How much may be under way at once: a number of messages and of bytes; whoever finds it full waits in line. */

interface WindowLimits {
  readonly messages: number;
  readonly bytes: number;
}

export class NatsWindow {
  readonly #limits: WindowLimits;
  readonly #line: { readonly bytes: number; readonly enter: () => void }[] = [];
  #messages = 0;
  #bytes = 0;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Messages under way. */
  get messages(): number {
    return this.#messages;
  }

  /** Takes a place if there is one and nobody waits. A message always fits when it is alone. */
  tryEnter(bytes: number): boolean {
    if (this.#line.length > 0 || !this.#fits(bytes)) return false;
    this.#count(1, bytes);
    return true;
  }

  /** Resolves when there is a place, in the order of the calls. */
  async enter(bytes: number): Promise<void> {
    if (this.tryEnter(bytes)) return;
    await new Promise<void>((resolve) => this.#line.push({ bytes, enter: resolve }));
  }

  leave(bytes: number): void {
    this.#count(-1, -bytes);
    for (
      let next = this.#line[0];
      next !== undefined && this.#fits(next.bytes);
      next = this.#line[0]
    ) {
      this.#line.shift();
      this.#count(1, next.bytes);
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    return (
      this.#messages === 0 ||
      (this.#messages < this.#limits.messages && this.#bytes + bytes <= this.#limits.bytes)
    );
  }

  #count(messages: number, bytes: number): void {
    this.#messages += messages;
    this.#bytes += bytes;
  }
}

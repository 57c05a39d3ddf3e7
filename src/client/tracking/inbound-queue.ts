/** Messages that wait for a main loop. */

/** How much may wait. */
export interface InboundLimits {
  /** Default 1,000. */
  readonly maxMessages: number;
  /** UTF-16 units of the messages' texts (images and feature maps are long); default 64 Mi. */
  readonly maxLength: number;
}

interface Waiting<Message> {
  readonly message: Message;
  readonly length: number;
}

interface Reader<Message> {
  resolve(message: Message | undefined): void;
  reject(error: Error): void;
}

/**
 * First in, first out. At the bound the oldest message that is not precious gives way, the newcomer if it is the only one, and only if all
 * are precious the oldest of them; `dropped` is called with each. One that alone is over the bound is taken when it is alone: it is as
 * large as its connection allows.
 */
export class InboundQueue<Message> {
  readonly #limits: InboundLimits;
  readonly #isPrecious: (message: Message) => boolean;
  readonly #dropped: (message: Message) => void;
  readonly #waiting: Waiting<Message>[] = [];
  readonly #readers: Reader<Message>[] = [];
  #length = 0;
  /** Set when nothing more comes; the error is that of an end that nobody asked for. */
  #end: { readonly error: Error | undefined } | undefined;

  constructor(
    limits: InboundLimits,
    isPrecious: (message: Message) => boolean,
    dropped: (message: Message) => void,
  ) {
    this.#limits = limits;
    this.#isPrecious = isPrecious;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** `length`: of its text. */
  push(message: Message, length: number): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve(message);
      return;
    }
    while (this.#waiting.length > 0 && !this.#hasRoomFor(length)) {
      if (!this.#dropOne(message)) return;
    }
    this.#waiting.push({ message, length });
    this.#length += length;
  }

  take(): Message | undefined {
    return this.#remove(0)?.message;
  }

  takeAll(): Message[] {
    this.#length = 0;
    return this.#waiting.splice(0).map(({ message }) => message);
  }

  /** Undefined when what waited is taken and nothing more comes; rejects if that was with an error. */
  next(): Promise<Message | undefined> {
    const message = this.take();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#end === undefined)
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const { error } = this.#end;
    return error === undefined ? Promise.resolve(undefined) : Promise.reject(error);
  }

  /** Nothing more comes. What waits can still be taken. */
  end(error: Error | undefined): void {
    this.#end ??= { error };
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.resolve(undefined);
      else reader.reject(error);
    }
  }

  #hasRoomFor(length: number): boolean {
    return (
      this.#waiting.length < this.#limits.maxMessages &&
      this.#length + length <= this.#limits.maxLength
    );
  }

  /** False if it was the newcomer. */
  #dropOne(newcomer: Message): boolean {
    const cheap = this.#waiting.findIndex(({ message }) => !this.#isPrecious(message));
    if (cheap < 0 && !this.#isPrecious(newcomer)) {
      this.#dropped(newcomer);
      return false;
    }
    const gone = this.#remove(Math.max(0, cheap));
    if (gone !== undefined) this.#dropped(gone.message);
    return true;
  }

  #remove(at: number): Waiting<Message> | undefined {
    const [gone] = this.#waiting.splice(at, 1);
    if (gone !== undefined) this.#length -= gone.length;
    return gone;
  }
}

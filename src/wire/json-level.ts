/** The lists and objects of a JSON text that are still open while it is read. Pure. */

/**
 * The place of lists that are kept: keys from the outside to the inside. `"*"` stands for any key
 * or element.
 */
export type JsonPath = readonly string[];

/** What is kept at a place and below it. */
export interface Keeps {
  /** A list at this place is kept. */
  kept: boolean;
  readonly members: Map<string, Keeps>;
}

/** The paths as a tree. */
export function keepsOf(paths: readonly JsonPath[]): Keeps {
  const root: Keeps = { kept: false, members: new Map() };
  for (const path of paths) {
    let at = root;
    for (const key of path) {
      const inner = at.members.get(key) ?? { kept: false, members: new Map() };
      at.members.set(key, inner);
      at = inner;
    }
    at.kept = true;
  }
  return root;
}

/** An open list or object. Places are in the run. */
export class JsonLevel {
  readonly isList: boolean;
  readonly keeps: Keeps | undefined;
  /** What `value` does not have begins here; -1: behind the next comma. */
  start: number;
  /** The last comma behind `start`; -1 if there is none. */
  comma = -1;
  /** The last key, with its quotation marks. */
  keyStart = 0;
  keyEnd = 0;
  #value: unknown[] | Record<string, unknown> | undefined;

  constructor(isList: boolean, keeps: Keeps | undefined, start: number) {
    this.isList = isList;
    this.keeps = keeps;
    this.start = start;
  }

  /** Its value so far; undefined while all of it is in the run. */
  get value(): unknown[] | Record<string, unknown> | undefined {
    return this.#value;
  }

  /** Gives it an empty value, which `fill` and `put` add to. */
  begin(): unknown[] | Record<string, unknown> {
    this.#value = this.isList ? [] : {};
    return this.#value;
  }

  /** The run has lost so many characters at its beginning. */
  shift(length: number): void {
    this.start = 0;
    this.comma = -1;
    this.keyStart -= length;
    this.keyEnd -= length;
  }

  /** The key of what the run ends with; undefined in a list. */
  keyIn(run: { slice(start: number, end: number): string }): string | undefined {
    return this.isList ? undefined : (JSON.parse(run.slice(this.keyStart, this.keyEnd)) as string);
  }

  /** Adds the complete elements or members in `text`. Throws what `JSON.parse` throws. */
  fill(text: string): void {
    if (this.isList) {
      const elements = JSON.parse(`[${text}]`) as unknown[];
      for (const element of elements) this.put(undefined, element);
      return;
    }
    const members = JSON.parse(`{${text}}`) as Record<string, unknown>;
    for (const key of Object.keys(members)) this.put(key, members[key]);
  }

  /** Adds one element or member; of equal keys the last wins. */
  put(key: string | undefined, inner: unknown): void {
    if (Array.isArray(this.#value)) this.#value.push(inner);
    else if (this.#value !== undefined && key !== undefined) set(this.#value, key, inner);
  }
}

/** As `JSON.parse` does: `__proto__` is a member like any other. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
}

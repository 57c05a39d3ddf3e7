/** What the log keeps about objects: subjects and events. Long texts are spread over several events, which any engine takes. */

/** `object.ID`: its creation and image, until its stop purges that. `map.ID.N`, `seen.ID.N`: feature maps and spottings, N counts up. */
export interface Place {
  readonly kind: "object" | "map" | "seen";
  readonly id: number;
  /** 0 for an object's own. */
  readonly nth: number;
}

export function objectSubject(id: number): string {
  return `object.${id}`;
}

export function mapSubject(id: number, nth: number): string {
  return `map.${id}.${nth}`;
}

/** With `nth` absent: what all of them begin with. */
export function seenSubject(id: number, nth?: number): string {
  return `seen.${id}.${nth ?? ""}`;
}

/** Undefined for a subject that is none of ours. */
export function placeOf(subject: string): Place | undefined {
  const [kind, id, nth = "0"] = subject.split(".");
  if (kind !== "object" && kind !== "map" && kind !== "seen") return undefined;
  return { kind, id: Number(id), nth: Number(nth) };
}

/** An object is tracked from now on. The text is its image, empty if it has none. Numbers and image in their JSON spelling. */
export interface Created {
  readonly type: "created";
  readonly cameraId: string;
  /** ms since 1970. */
  readonly atMs: number;
  readonly frameId?: string;
  readonly boxId?: string;
  /** Events that the text is spread over, this one included. */
  readonly parts: number;
}

/** The text is the new feature map. */
export interface Mapped {
  readonly type: "map";
  readonly parts: number;
}

/** `part`: more text. `sealed`: nothing comes behind this in its subject, which may be purged. */
interface Mark {
  readonly type: "part" | "sealed";
}

/** A processor has seen the object. */
interface Seen {
  readonly type: "seen";
  readonly processorId: string;
  readonly second: number;
}

export type ObjectEvent = Created | Mapped | Mark | Seen;

/** Far from the 1 MiB that a NATS server takes, also if each character needs three bytes. */
const maxPartLength = 250_000;

/** One event; `text` comes behind a line feed, so that it is neither escaped nor parsed. */
export function printEvent(event: ObjectEvent, text = ""): string {
  return `${JSON.stringify(event)}\n${text}`;
}

/** The events that hold a long text, the first of them being `event`. */
export function printLong(
  event: Omit<Created, "parts"> | Omit<Mapped, "parts">,
  text: string,
  partLength = maxPartLength,
): string[] {
  const [first = "", ...others] = partsOf(text, partLength);
  return [
    printEvent({ ...event, parts: others.length + 1 }, first),
    ...others.map((part) => printEvent({ type: "part" }, part)),
  ];
}

/** What `printEvent` wrote; undefined for another text. */
export function readEvent(
  data: string,
): { readonly event: ObjectEvent; readonly text: string } | undefined {
  const lineFeed = data.indexOf("\n");
  if (lineFeed < 0) return undefined;
  return {
    event: JSON.parse(data.slice(0, lineFeed)) as ObjectEvent,
    text: data.slice(lineFeed + 1),
  };
}

/** Pieces of at most so many UTF-16 units; none begins in the midst of a character, which would be lost in UTF-8. */
function partsOf(text: string, partLength: number): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + partLength);
    if (to < text.length && isLowSurrogate(text.charCodeAt(to))) to++;
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** A text whose parts come one after another. */
export class Gathering<E extends Created | Mapped> {
  readonly event: E;
  readonly #parts: string[];

  constructor(event: E, text: string) {
    this.event = event;
    this.#parts = [text];
  }

  add(text: string): void {
    this.#parts.push(text);
  }

  /** The whole text; undefined while parts are missing. */
  get text(): string | undefined {
    return this.#parts.length >= this.event.parts ? this.#parts.join("") : undefined;
  }
}

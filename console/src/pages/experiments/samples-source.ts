/** Stored samples of one experiment, over HTTP. */
import type { Session } from "../../session/session.tsx";

/** Few samples out of a span, which show its shape. */
export interface Points {
  /** The index of each. */
  readonly at: readonly number[];
  readonly data: readonly unknown[];
}

/** What of samples is asked for: indices, `to` exclusive. */
export interface SampleSpan {
  readonly from: number;
  readonly to: number;
}

/** The page gets its turn after reading for so long. */
const sliceMs = 8;

export class SamplesSource {
  readonly #session: Pick<Session, "baseUrl" | "token" | "fetchJson">;
  readonly #experiment: string;

  constructor(session: Pick<Session, "baseUrl" | "token" | "fetchJson">, experiment: string) {
    this.#session = session;
    this.#experiment = experiment;
  }

  /** The address of all samples of a variable as CSV, on this server. */
  csvPath(chain: string, variable: string): string {
    return this.#path({ chain, variable, format: "csv" });
  }

  /** At most `maxPoints` samples of the span. Rejects with a RequestError. */
  async points(
    chain: string,
    variable: string,
    { from, to }: SampleSpan,
    maxPoints: number,
    signal: AbortSignal,
  ): Promise<Points> {
    const path = this.#path({
      chain,
      variable,
      from: String(from),
      to: String(to),
      max_points: String(maxPoints),
    });
    return await this.#session.fetchJson<Points>(path, { signal });
  }

  /** All samples of a variable as CSV, with the token; rejects if there is no good answer. */
  async csv(
    chain: string,
    variable: string,
    { from = 0, signal }: { from?: number; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const { baseUrl, token } = this.#session;
    const path = this.#path({
      chain,
      variable,
      format: "csv",
      ...(from === 0 ? {} : { from: String(from) }),
    });
    const response = await fetch(`${baseUrl}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    throw new Error(
      `The server answered ${response.status} when asked for the draws of ${variable}. Reload the page to try again.`,
    );
  }

  /** All draws from an index on, in order, some at a time; NaN for what is no number. Rejects if they cannot be had to their end. */
  async *draws(
    chain: string,
    variable: string,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly number[], void> {
    const { body } = await this.csv(chain, variable, { from, signal });
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const lines = new DrawLines(from);
    let beganMs = performance.now();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield lines.take(value);
      if (performance.now() - beganMs < sliceMs) continue;
      // What has come already is read without a pause: others must have their turn.
      await new Promise((resolve) => setTimeout(resolve));
      beganMs = performance.now();
    }
  }

  #path(query: Readonly<Record<string, string>>): string {
    return `/experiments/${encodeURIComponent(this.#experiment)}/samples?${new URLSearchParams(query).toString()}`;
  }
}

/** Reads CSV with the columns index and value as it comes. Lines that do not begin with the next index (a text's own lines) are passed over. */
export class DrawLines {
  #next: number;
  #rest = "";

  constructor(from: number) {
    this.#next = from;
  }

  /** The draws of all lines that have ended. */
  take(text: string): readonly number[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    const draws: number[] = [];
    for (const line of lines) {
      const comma = line.indexOf(",");
      if (comma < 1 || Number(line.slice(0, comma)) !== this.#next) continue;
      this.#next += 1;
      const value = line.slice(comma + 1).trim();
      draws.push(value === "" ? Number.NaN : Number(value));
    }
    return draws;
  }
}

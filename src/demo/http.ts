/** HTTP requests of participants. */
import { answerDeadlineMs } from "./setting.ts";

/** An answer; `json` is undefined if the body is no JSON. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

/** What goes with a request. */
export interface Asking {
  readonly method?: "GET" | "POST" | "DELETE";
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Rejects if no answer comes in time; any status is an answer. */
export async function ask(url: string, asking: Asking = {}): Promise<Answer> {
  const { body, headers = {}, method = body === undefined ? "GET" : "POST" } = asking;
  const response = await fetch(url, {
    method,
    headers,
    signal: AbortSignal.timeout(answerDeadlineMs),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: jsonOf(text) };
}

/** As `ask`; rejects for an answer that is not good, too. */
export async function demand(url: string, asking: Asking = {}): Promise<Answer> {
  const answer = await ask(url, asking);
  if (answer.status < 200 || answer.status > 299)
    throw new Error(
      `${asking.method ?? ""} ${url} answered ${answer.status} ${answer.text.slice(0, 300)}`.trim(),
    );
  return answer;
}

/** The field `data` of an answer; throws if there is none. */
export function dataOf(answer: Answer): unknown {
  const { json } = answer;
  if (typeof json === "object" && json !== null && "data" in json) return json.data;
  throw new Error(`an answer without data: ${answer.text.slice(0, 300)}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

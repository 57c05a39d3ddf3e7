/** HTTP requests as a script sends them, and ways to look at answers whose exact shape is not laid down. */

/** An answer; `json` is undefined if the body is no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

/** `request(server.url, "POST /devices/x/commands", {body})`. A string is sent as it is, anything else as JSON. */
export async function request(
  base: string,
  methodAndPath: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const [method = "GET", path = "/"] = methodAndPath.split(" ", 2);
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers.authorization ??= `Bearer ${options.token}`;
  if (options.body !== undefined) headers["content-type"] ??= "application/json";
  const { body } = options;
  const response = await fetch(`${base}${path}`, {
    method,
    headers,
    signal: AbortSignal.timeout(15_000),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Not JSON: metrics, or the text of an error page. The caller sees `text`.
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** The `data` of a good answer; throws with the whole answer if it is not one. */
export function dataOf(answer: Answer): unknown {
  const { json } = answer;
  if (
    answer.status < 200 ||
    answer.status > 299 ||
    typeof json !== "object" ||
    json === null ||
    !("data" in json)
  ) {
    throw new Error(`not a good answer: ${answer.status} ${answer.text.slice(0, 500)}`);
  }
  return json.data;
}

/** The `error.code` of an answer that has the form `{"error":{"code","message"}}`; throws with the whole answer if it has not. */
export function errorCodeOf(answer: Answer): string {
  const { json } = answer;
  const error =
    typeof json === "object" && json !== null && "error" in json ? json.error : undefined;
  if (typeof error === "object" && error !== null && "code" in error && "message" in error) {
    if (typeof error.code === "string" && typeof error.message === "string" && error.message !== "")
      return error.code;
  }
  throw new Error(`not an error answer: ${answer.status} ${answer.text.slice(0, 500)}`);
}

/** Every key and scalar in a JSON value, as text. */
function wordsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(wordsIn);
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => [key, ...wordsIn(inner)]);
  return [String(value)];
}

/** The smallest object or list inside a JSON value that holds all of `words` as keys or scalars, whatever its fields are called. */
export function mentioning(value: unknown, ...words: readonly unknown[]): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const has = new Set(wordsIn(value));
  if (!words.every((word) => has.has(String(word)))) return undefined;
  for (const inner of Object.values(value)) {
    const smaller = mentioning(inner, ...words);
    if (smaller !== undefined) return smaller;
  }
  return value;
}

/** The scalars in a JSON value that are times of the last `withinMs` (ms since 1970, or ISO text). */
export function recentTimesIn(value: unknown, withinMs = 60_000): number[] {
  const now = Date.now();
  return wordsIn(value)
    .map((word) =>
      /^\d{13}(\.\d+)?$/.test(word)
        ? Number(word)
        : /^\d{4}-\d\d-\d\dT/.test(word)
          ? Date.parse(word)
          : Number.NaN,
    )
    .filter((timeMs) => timeMs > now - withinMs && timeMs < now + 5_000);
}

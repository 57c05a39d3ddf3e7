/** What a request to the server failed with, in words for a person. */

/** `status` is 0 and `code` is "unreachable" where no answer came at all. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;
  /** A code of the server's error table, `unreachable`, or `unexpected_answer` where the answer was not the server's. */
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** An answer, and when the server gave it. */
export interface JsonAnswer<T> {
  readonly json: T;
  /** In ms since 1970 by the server's clock, to the second (rounded down); undefined if the answer has no `Date`. */
  readonly serverAtMs: number | undefined;
}

/**
 * Asks the server and returns the answer's JSON; rejects with a RequestError whose message can be shown as it is. `T` is what the route's
 * contract says; it is not checked again here.
 */
export async function requestJson<T>(
  url: string,
  token: string | undefined,
  init: RequestInit = {},
): Promise<JsonAnswer<T>> {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  if (typeof init.body === "string" && !headers.has("content-type"))
    headers.set("content-type", "application/json");
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, headers });
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new RequestError(
      0,
      "unreachable",
      "The server does not answer. Is it running, and is the network up?",
      { cause: error },
    );
  }
  const json = parsed(text);
  if (response.ok && json !== undefined) {
    const serverAtMs = Date.parse(response.headers.get("date") ?? "");
    return { json: json as T, serverAtMs: Number.isNaN(serverAtMs) ? undefined : serverAtMs };
  }
  const { code, message } = errorIn(json) ?? {
    code: "unexpected_answer",
    message: `The server answered ${response.status}, which says nothing of what went wrong. A proxy may be in between.`,
  };
  throw new RequestError(response.status, code, message);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorIn(json: unknown): { readonly code: string; readonly message: string } | undefined {
  if (typeof json !== "object" || json === null || !("error" in json)) return undefined;
  const { error } = json;
  if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error))
    return undefined;
  const { code, message } = error;
  return typeof code === "string" && typeof message === "string" ? { code, message } : undefined;
}

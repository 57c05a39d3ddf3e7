/** A transport over HTTP: each message is one POST, one at a time, and its answer comes back as a text. Browsers and Node. */
import { platform } from "#platform";
import { httpCloseCode } from "../http-status.ts";
import { isObject, jsonObject } from "../json-object.ts";
import type { Opening, Socket, SocketEvents, Transport } from "../transport.ts";

/** How the server answered the POST of one message. */
export interface PostAnswer {
  readonly id: string;
  /** It has it; else it will never take it. */
  readonly ok: boolean;
  readonly status: number;
  /** The server's own, where it has one. */
  readonly code: string;
  readonly message: string;
}

/** The text of a message: its id, which comes back with the answer, and the body. */
export function postText(id: string, body: string): string {
  return `${id}\n${body}`;
}

/** Undefined if that text is none. */
export function readPostAnswer(text: string): PostAnswer | undefined {
  const answer = jsonObject(text);
  return answer !== undefined && typeof answer.id === "string"
    ? (answer as unknown as PostAnswer)
    : undefined;
}

/**
 * Posts to the connection's URL. Send it texts of `postText` with `awaitsAck`, and `acknowledge` or `refuse` by the answers, which come as texts
 * (`readPostAnswer`). It is open when a GET of the same URL was answered well, and asks that again when it is idle.
 *
 * A 2xx whose JSON says `"status": "ok"` is an answer that is `ok`; one that says `"error"`, and any 4xx but those below, an answer that
 * is not. Everything else loses the connection: 401 as 4401, 403 as 4403, 429 as 4429, 503 as 1013 (1012 where the server says
 * `draining`), other failures, and no answer within `timeoutMs`, as 1006. Redirects are not followed: they would turn a POST into a GET.
 */
export function postTransport(timeoutMs: number): Transport {
  return (opening, events) => new PostSocket(opening, events, timeoutMs);
}

class PostSocket implements Socket {
  readonly canPing = true;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #events: SocketEvents;
  readonly #timeoutMs: number;
  readonly #abort = new AbortController();
  #isPosting = false;
  #isAsking = false;
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #closed = false;

  constructor({ url, token }: Opening, events: SocketEvents, timeoutMs: number) {
    this.#url = url.replace(/^ws/, "http");
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#events = events;
    this.#timeoutMs = timeoutMs;
    void this.#get(() => events.opened());
  }

  /** Without end while a message is under way: so only one is at stake when the connection is lost. */
  get unsentBytes(): number {
    return this.#isPosting || this.#closing !== undefined ? Number.POSITIVE_INFINITY : 0;
  }

  send(text: string): void {
    void this.#post(text);
  }

  ping(): void {
    if (!this.#isAsking) void this.#get(() => this.#events.pong());
  }

  close(code: number, reason: string): void {
    this.#closing = { code, reason };
    if (!this.#isPosting) this.#end(code, reason, true);
  }

  destroy(): void {
    this.#end(1006, "ended by the client", false);
  }

  async #get(good: () => void): Promise<void> {
    this.#isAsking = true;
    const answer = await this.#request("GET");
    this.#isAsking = false;
    if (answer === undefined) return;
    if (answer.ok) good();
    else
      this.#end(
        4400,
        `GET ${this.#url} was answered with ${answer.status} ${answer.message}: is this the right address?`,
        false,
      );
  }

  async #post(text: string): Promise<void> {
    this.#isPosting = true;
    const at = text.indexOf("\n");
    const answer = await this.#request("POST", text.slice(at + 1));
    this.#isPosting = false;
    if (answer === undefined) return;
    this.#events.text(JSON.stringify({ id: text.slice(0, at), ...answer }));
    if (this.#closing !== undefined) this.#end(this.#closing.code, this.#closing.reason, true);
  }

  /** Undefined if the connection is lost. */
  async #request(
    method: "GET" | "POST",
    body?: string,
  ): Promise<Omit<PostAnswer, "id"> | undefined> {
    const expiry = new AbortController();
    const timer = platform.after(this.#timeoutMs, () =>
      expiry.abort(new Error(`no answer within ${this.#timeoutMs} ms`)),
    );
    const stop = () => expiry.abort();
    this.#abort.signal.addEventListener("abort", stop);
    try {
      const headers =
        body === undefined
          ? this.#headers
          : { ...this.#headers, "content-type": "application/json" };
      const response = await fetch(this.#url, {
        method,
        headers,
        redirect: "error",
        signal: expiry.signal,
        ...(body === undefined ? {} : { body }),
      });
      return this.#judge(response.status, await response.text());
    } catch (error) {
      this.#end(1006, `${method} ${this.#url}: ${reasonOf(error)}`, false);
      return undefined;
    } finally {
      timer.cancel();
      this.#abort.signal.removeEventListener("abort", stop);
    }
  }

  #judge(status: number, text: string): Omit<PostAnswer, "id"> | undefined {
    if (this.#closed) return undefined;
    const json = jsonObject(text);
    const said = isObject(json?.error) ? json.error : json;
    const code = typeof said?.code === "string" ? said.code : "";
    const message = typeof said?.message === "string" ? said.message : text.slice(0, 200);
    if (status >= 200 && status < 300 && json?.status === "ok")
      return { ok: true, status, code, message: "" };
    const loss = json?.status === "error" && status < 300 ? undefined : lossOf(status, code);
    if (loss === undefined) return { ok: false, status, code, message };
    this.#end(loss, `${status} ${message}`, false);
    return undefined;
  }

  #end(code: number, reason: string, clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    this.#events.closed({ code, reason, clean });
  }
}

/** The close code of a connection that was answered so; undefined where only the message is refused. */
function lossOf(status: number, code: string): number | undefined {
  if (status === 503 && code === "draining") return 1012;
  const closeCode = httpCloseCode(status);
  if (closeCode !== undefined) return closeCode;
  return status >= 400 && status < 500 && status !== 408 ? undefined : 1006;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

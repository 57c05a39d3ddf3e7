/** Tracking's two HTTP endpoints: which objects there were, and where each has been seen. */
import { platform } from "#platform";
import { messageOf, SwitchboardError } from "../../wire/error.ts";
import { httpErrorCode } from "../http-status.ts";
import type { Token } from "../options.ts";
import { wrong } from "./messages/wrong.ts";

/** An object has been seen. */
export interface TimelineEntry {
  /** `YYYY/MM/DD | HH:MM:SS` in the server's local time. */
  readonly timeStamp: string;
  /** The camera. */
  readonly processorId: string;
}

/** Where and as whom to ask. */
export interface HistoryParts {
  /** The interfaces' endpoint. */
  readonly url: string | URL;
  readonly token: Token | undefined;
  readonly timeoutMs: number;
}

export class History {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  async objectIds(): Promise<readonly number[]> {
    const data = dataOf(await this.#get("objectIds"));
    if (!data.every((id) => typeof id === "number"))
      throw wrong("the answer to /objectIds", data, "expected a list of numbers");
    return data;
  }

  async timeline(objectId: number): Promise<readonly TimelineEntry[]> {
    const answer = await this.#get(`timelines?objectId=${objectId}`);
    // How the servers say that an object was never seen.
    if (answer.status === 400 && answer.text.includes("not present")) return [];
    return dataOf(answer).map((entry) => {
      const { timeStamp, processorId } = Object(entry) as Readonly<Record<string, unknown>>;
      if (typeof timeStamp === "string" && typeof processorId === "string")
        return { timeStamp, processorId };
      throw wrong("an entry of the timeline", entry, "expected timeStamp and processorId");
    });
  }

  /**
   * The token is shown only to a server that asks for it: the original's never does, and a page that showed one unasked would have its
   * request refused by the browser.
   */
  async #get(path: string): Promise<Answer> {
    const { token } = this.#parts;
    const answer = await this.#fetch(path, undefined);
    if (answer.status !== 401 || token === undefined) return answer;
    return this.#fetch(path, typeof token === "function" ? await token() : token);
  }

  async #fetch(path: string, token: string | undefined): Promise<Answer> {
    const { url, timeoutMs } = this.#parts;
    const address = new URL(path, baseOf(url));
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const expiry = new AbortController();
    const timer = platform.after(timeoutMs, () =>
      expiry.abort(new Error(`not within ${timeoutMs} ms`)),
    );
    try {
      const response = await fetch(address, { headers, signal: expiry.signal });
      return { path, status: response.status, text: await response.text() };
    } catch (error) {
      const why = messageOf(error);
      throw new SwitchboardError(
        "timeout",
        `${address.href} gave no answer (${why}): is the server there?`,
        {},
        { cause: error },
      );
    } finally {
      timer.cancel();
    }
  }
}

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

/** The folder of the endpoint; Switchboard's `/tracking/client` has its HTTP beside `/client`. */
function baseOf(url: string | URL): URL {
  const base = new URL(url, globalThis.location?.href);
  base.protocol = base.protocol.replace("ws", "http");
  base.search = "";
  base.hash = "";
  base.pathname = base.pathname.replace(/(\/tracking)?\/client\/?$/, "/");
  return base;
}

function dataOf({ path, status, text }: Answer): readonly unknown[] {
  if (status !== 200) {
    throw new SwitchboardError(
      httpErrorCode(status),
      `/${path} was answered with ${status}: ${text.slice(0, 200) || "no text"}`,
    );
  }
  let data: unknown;
  try {
    ({ data } = Object(JSON.parse(text)) as { readonly data?: unknown });
  } catch {
    // As an answer without data.
  }
  if (!Array.isArray(data))
    throw wrong(
      `the answer to /${path}`,
      text,
      "expected {data: […]}: is this the tracking server?",
    );
  return data;
}

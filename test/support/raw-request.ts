/** An HTTP request by hand, on a TCP connection of its own: with the headers that a browser would send, and no others. */
import { connect } from "node:net";
import { within } from "./inbox.ts";

/** What came back; of an upgrade that succeeded, the head alone. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawRequestOptions {
  /** In this order. A `host` of the caller's takes the place of the server's; `undefined` sends none. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** Default HTTP/1.1. */
  readonly version?: "1.0" | "1.1";
}

/** `rawRequest(server.url, "POST /lobbies/1/prompt-updates", {headers: {origin: "https://evil.example"}})`. */
export async function rawRequest(
  base: string,
  methodAndPath: string,
  { headers = {}, body = "", version = "1.1" }: RawRequestOptions = {},
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(base);
  const socket = connect(Number(port), hostname);
  const all = { host, ...headers, "content-length": body === "" ? undefined : body.length };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  socket.write(`${[`${methodAndPath} HTTP/${version}`, ...lines].join("\r\n")}\r\n\r\n${body}`);
  let text = "";
  const answered = new Promise<void>((resolve, reject) => {
    socket.setEncoding("latin1").on("data", (piece: string) => {
      text += piece;
      if (isWhole(text)) resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve());
  });
  try {
    await within(answered, `the answer to ${methodAndPath}`);
  } finally {
    socket.destroy();
  }
  return parsed(text);
}

/** Headers with which a browser asks for a WebSocket. */
export const upgradeHeaders = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  "sec-websocket-version": "13",
};

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const { status, headers } = parsed(text);
  if (status === 101 || status === 204) return true;
  const length = headers.get("content-length");
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return headers.get("transfer-encoding") === "chunked" && text.endsWith("\r\n0\r\n\r\n");
}

function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  return { status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4) };
}

/** The text of HTTP requests and upgrades. */
import type { Random } from "./random.ts";

/** Written as it stands: a broken one is the point. */
export interface RequestParts {
  readonly method?: string;
  readonly target: string;
  readonly version?: string;
  /** `Name: value`, without an end of line. `Host` is added unless `host` is false. */
  readonly headers?: readonly string[];
  readonly host?: boolean;
  readonly body?: Buffer;
  /** Default: a Content-Length that is right, where there is a body. */
  readonly framing?: string;
  readonly endOfLine?: string;
}

export function requestBytes(parts: RequestParts): Buffer {
  const { method = "GET", target, version = "HTTP/1.1", headers = [], body } = parts;
  const { host = true, endOfLine = "\r\n" } = parts;
  const framing = parts.framing ?? (body === undefined ? "" : `Content-Length: ${body.length}`);
  const lines = [
    `${method} ${target} ${version}`,
    ...(host ? ["Host: 127.0.0.1"] : []),
    ...headers,
    ...(framing === "" ? [] : [framing]),
    "",
    "",
  ];
  // latin1: a header may hold any byte.
  return Buffer.concat([Buffer.from(lines.join(endOfLine), "latin1"), body ?? Buffer.alloc(0)]);
}

/** The body in chunks of random sizes, with the last one. */
export function chunked(body: Buffer, random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = random.between(1, Math.max(1, body.length >> 1));
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
    at += part.length;
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

/** The headers of an upgrade to a WebSocket. */
export function upgradeHeaders(random: Random): readonly string[] {
  return [
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${random.bytes(16).toString("base64")}`,
    "Sec-WebSocket-Version: 13",
  ];
}

/** The path with these parameters as its query; those that are undefined are left out. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? "")}`)
    .join("&");
  return query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

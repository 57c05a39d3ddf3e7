/** Requests that parsers disagree about: RFC 9112 §§2, 3, 6 and 9. */
import type { Random } from "./random.ts";
import { chunked, type RequestParts, requestBytes } from "./request-text.ts";

const targets = [
  "*",
  "/%",
  "/%00",
  "/%ff%fe",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/../../etc/passwd",
  "/console/..%2f..%2fpackage.json",
  "/console/%2e%2e/%2e%2e/package.json",
  "//",
  "///healthz",
  "/healthz?",
  "/healthz#x",
  "/healthz%20",
  "/\\healthz",
  "http://127.0.0.1/healthz",
  "http://evil.example/healthz",
  "https://user:pass@127.0.0.1:1/",
  "127.0.0.1:443",
  "healthz",
  "",
  `/${"a".repeat(9000)}`,
  `/${"%41".repeat(3000)}`,
  `/experiments/${"x/".repeat(1000)}`,
  "/experiments/%E0%A4%A",
  "/\u00e9",
] as const;

const methods = [
  "HEAD",
  "OPTIONS",
  "PUT",
  "PATCH",
  "DELETE",
  "TRACE",
  "CONNECT",
  "PRI",
  "get",
  "G\u00cbT",
  "A".repeat(500),
  "",
] as const;

const versions = [
  "HTTP/1.0",
  "HTTP/0.9",
  "HTTP/2.0",
  "HTTP/1.2",
  "HTTP/11",
  "http/1.1",
  "",
  "RTSP/1.0",
] as const;

const framings = [
  "Content-Length: 0",
  "Content-Length: 1",
  "Content-Length: 100000",
  "Content-Length: -1",
  "Content-Length: +5",
  "Content-Length: 0x10",
  "Content-Length: 99999999999999999999",
  "Content-Length: 5, 5",
  "Content-Length: 5\r\nContent-Length: 6",
  "Content-Length:",
  "Content-Length: 4\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nContent-Length: 4",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding:\tchunked",
  "Content-Encoding: gzip\r\nContent-Length: 4",
] as const;

const chunks = [
  "0\r\n\r\n",
  "1\r\nx\r\n0\r\n\r\n",
  "ffffffffffffffff\r\nx",
  "-1\r\nx\r\n",
  "1;ext=1\r\nx\r\n0\r\n\r\n",
  "1\r\nxx\r\n0\r\n\r\n",
  "0\r\nTrailer: x\r\n\r\n",
  "x\r\n",
  "1\nx\n0\n\n",
  `1;${"e".repeat(20_000)}\r\nx\r\n0\r\n\r\n`,
] as const;

const headers = [
  "Expect: 100-continue",
  "Expect: 200-ok",
  "Connection: close",
  "Connection: keep-alive, close",
  "Upgrade: h2c\r\nConnection: Upgrade",
  "Host: evil.example",
  "Host:",
  "Host: 127.0.0.1\r\nHost: evil.example",
  "X: \u0000",
  "X: \u00ff",
  "X\u00e9: 1",
  " folded: 1",
  "X: a\r\n b",
  "NoColon",
  ": no name",
  "Cookie: a=b; a=c",
  "Range: bytes=0-0,1-1,-1",
  "Range: bytes=9999-",
  "If-None-Match: *",
  "If-Modified-Since: never",
  "Accept: ,;q=",
  "Accept-Encoding: gzip;q=2, br, *",
  "Authorization: Bearer  x y",
  "Authorization: bearer",
  "Content-Type: application/json; charset=utf-16",
  "X-Forwarded-For: 1.2.3.4",
  "Origin: null",
  "Access-Control-Request-Method: DELETE",
  "TE: trailers",
  `X: ${"y".repeat(20_000)}`,
] as const;

/** No HTTP at all: another protocol's first bytes. */
const otherProtocols = [
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000",
  "\u0016\u0003\u0001\u0000\u00c8\u0001\u0000\u0000\u00c4\u0003\u0003",
  "\u0000\u0000\u0000\u0000",
  "\r\n\r\n\r\n",
  "GET",
  "GET / HTTP/1.1\r\nHost",
  "SSH-2.0-x\r\n",
  "*1\r\n$4\r\nPING\r\n",
  "\u00ff".repeat(200),
] as const;

/** The request, wrong in one way. */
export function oddRequest(request: RequestParts, random: Random): Buffer {
  switch (
    random.weighted({
      target: 4,
      method: 2,
      version: 1,
      framing: 4,
      chunks: 2,
      header: 4,
      many: 1,
      lines: 1,
      protocol: 1,
      half: 2,
    })
  ) {
    case "target":
      return requestBytes({ ...request, target: random.pick(targets) });
    case "method":
      return requestBytes({ ...request, method: random.pick(methods) });
    case "version":
      return requestBytes({ ...request, version: random.pick(versions), host: random.chance(0.5) });
    case "framing":
      return requestBytes({
        ...request,
        framing: random.pick(framings),
        body: request.body ?? Buffer.from("{}"),
      });
    case "chunks":
      return requestBytes({
        ...request,
        method: "POST",
        framing: "Transfer-Encoding: chunked",
        body: random.chance(0.7)
          ? Buffer.from(random.pick(chunks))
          : chunked(Buffer.from("{}"), random).subarray(0, -2),
      });
    case "header":
      return requestBytes({
        ...request,
        headers: [...(request.headers ?? []), random.pick(headers)],
      });
    case "many": {
      const count = random.pick([100, 1000, 2500]);
      return requestBytes({
        ...request,
        headers: Array.from({ length: count }, (_, n) => `X-${n}: 1`),
      });
    }
    case "lines":
      return requestBytes({ ...request, endOfLine: random.pick(["\n", "\r", "\n\r"]) });
    case "protocol":
      return Buffer.from(random.pick(otherProtocols), "latin1");
    case "half": {
      const whole = requestBytes(request);
      return whole.subarray(0, random.below(whole.length));
    }
  }
}

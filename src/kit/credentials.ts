/** Where the token of an HTTP request or an upgrade may be, and how it is kept out of logs. Pure. */

/** The subprotocol that carries a token starts with this; offered beside `switchboard.v1`, never selected. */
const tokenProtocol = "switchboard.token.";

/** The raw parts of a request that may hold a token, each as it came; absent parts are undefined. */
export interface CredentialSources {
  /** The header Authorization. */
  readonly authorization?: string | undefined;
  /** The query of the address, with or without its question mark. */
  readonly query?: string | undefined;
  /** The header Sec-WebSocket-Protocol: the offered subprotocols, with commas between. */
  readonly protocols?: string | undefined;
}

/**
 * The token of a request: `Authorization: Bearer TOKEN` (the word in any case), else `?token=TOKEN`, else the subprotocol
 * `switchboard.token.TOKEN`. Undefined if there is none; an empty one is none. Another scheme than Bearer is passed over.
 */
export function tokenOf({
  authorization,
  query,
  protocols,
}: CredentialSources): string | undefined {
  return (
    bearerToken(authorization ?? "") ?? queryToken(query ?? "") ?? protocolToken(protocols ?? "")
  );
}

/** The query (without a question mark) less every `token` in it, for logs and for services. The rest keeps its spelling and order. */
export function withoutToken(query: string): string {
  return query
    .replace(/^\?/, "")
    .split("&")
    .filter((parameter) => !new URLSearchParams(parameter).has("token"))
    .join("&");
}

function bearerToken(authorization: string): string | undefined {
  return /^\s*bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
}

function queryToken(query: string): string | undefined {
  return new URLSearchParams(query).getAll("token").find((token) => token !== "");
}

function protocolToken(protocols: string): string | undefined {
  const offered = protocols.split(",").map((protocol) => protocol.trim());
  const carrier = offered.find(
    (protocol) => protocol.startsWith(tokenProtocol) && protocol.length > tokenProtocol.length,
  );
  return carrier?.slice(tokenProtocol.length);
}

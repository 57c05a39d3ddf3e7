/** Which server a command talks to, and as whom. */
import { type Command, InvalidArgumentError } from "commander";
import { httpErrorCode } from "../client/http-status.ts";
import { SwitchboardError } from "../wire/error.ts";
import { errors } from "../wire/errors.ts";
import type { Surroundings } from "./surroundings.ts";

/** Flags as commander has read them. */
export interface ServerOptions {
  readonly url?: string;
  readonly token?: string;
}

/** A server to talk to. */
export interface Server {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
}

const defaultUrl = "http://127.0.0.1:7400";

/** Adds the flags of every command that is a client. */
export function addServerOptions(command: Command): Command {
  return command
    .option("--url <url>", `the server (default: SWITCHBOARD_URL, or ${defaultUrl})`, httpUrl)
    .option(
      "--token <token>",
      "the token, where auth is on (default: SWITCHBOARD_TOKEN, which other users of the machine cannot see)",
    );
}

export function serverOf(options: ServerOptions, { env }: Surroundings): Server {
  const fromEnvironment = env.SWITCHBOARD_URL;
  const url = options.url ?? (fromEnvironment ? urlInEnvironment(fromEnvironment) : defaultUrl);
  return { url, token: options.token ?? env.SWITCHBOARD_TOKEN };
}

/** The options of a client of ours that carry the token. */
export function tokenOption({ token }: Server): { readonly token?: string } {
  return token === undefined ? {} : { token };
}

/** Asks the server over HTTP. Throws what it answers instead of a result, and that it is not there. */
export async function request(
  server: Server,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (server.token !== undefined) headers.set("authorization", `Bearer ${server.token}`);
  let response: Response;
  try {
    response = await fetch(`${server.url}${path}`, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new SwitchboardError(
      "timeout",
      `${server.url} cannot be reached${causeOf(error)}: is the server running there? (--url says where)`,
    );
  }
  if (!response.ok) throw refusal(response.status, await response.text());
  return response;
}

/** The server's own error, where the answer is one, or what else it says. */
function refusal(status: number, body: string): SwitchboardError {
  const remedy = status === 401 ? " (--token gives one)" : "";
  try {
    const parsed = JSON.parse(body);
    const { code, message } = parsed.error ?? parsed;
    if (Object.hasOwn(errors, code)) return new SwitchboardError(code, `${message}${remedy}`);
  } catch {
    // Some of the protocols answer in plain text.
  }
  return new SwitchboardError(
    httpErrorCode(status),
    `the server answered ${status}: ${body.trim().slice(0, 1000) || "nothing more"}${remedy}`,
  );
}

function causeOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code === undefined ? "" : ` (${cause.code})`;
}

function urlInEnvironment(text: string): string {
  try {
    return httpUrl(text);
  } catch (error) {
    throw new SwitchboardError(
      "bad_config",
      `SWITCHBOARD_URL is ${JSON.stringify(text)}. ${(error as Error).message}`,
    );
  }
}

function httpUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `http://${text}`);
  } catch {
    throw new InvalidArgumentError(`Write it as ${defaultUrl}.`);
  }
  if (!/^(http|ws)s?:$/.test(url.protocol))
    throw new InvalidArgumentError(`Write it as ${defaultUrl}.`);
  if (url.pathname !== "/" || url.search !== "")
    throw new InvalidArgumentError(`Write it without a path, as ${defaultUrl}.`);
  return `${url.protocol.replace("ws", "http")}//${url.host}`;
}

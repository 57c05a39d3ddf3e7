/** Experiments as a publisher and a subscriber of today speak them. */
import { request } from "./http.ts";
import type { Scope } from "./scope.ts";
import type { ServerProcess } from "./server-process.ts";
import { type OpenOptions, TextSocket } from "./text-socket.ts";

/** One item of an `experiment:event`. */
export interface SampleItem {
  readonly chain: string;
  readonly data: Readonly<Record<string, readonly unknown[]>>;
  readonly from: Readonly<Record<string, number>>;
}

/** A post of samples as the SDK sends it; `vars` as JSON text keeps its spelling. */
export function samplesBody(
  vars: object | string,
  iteration: Readonly<Record<string, readonly [number, number]>>,
  run = "run",
): string {
  const bounds = Object.entries(iteration).map(
    ([chain, [first, last]]) => `${JSON.stringify(chain)}:[${first},${last},17000000000000000000]`,
  );
  const logs = `{"vars":${typeof vars === "string" ? vars : JSON.stringify(vars)},"iteration":{${bounds.join(",")}}}`;
  return `{"payload":{"object_type":"experiment.protobuf_message","logs":${logs},"batch_id":"B1","run_id":"${run}"}}`;
}

/** A post of a message, as the SDK's `sendmsg` sends it. */
export function textBody(xid: string, message: object): string {
  const datas = [{ group: `object_${xid}`, type: "object_broadcast", message }];
  return JSON.stringify({ payload: { object_type: "experiment.text_message", datas } });
}

/** Posts a body without a Content-Type; throws if it is not acknowledged. */
export async function publish(
  url: string,
  xid: string,
  body: string,
  token?: string,
): Promise<void> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `bearer ${token}` };
  const response = await fetch(`${url}/api/object/${xid}`, {
    method: "POST",
    body: new Blob([body]),
    headers,
    signal: AbortSignal.timeout(15_000),
  });
  const answer = await response.text();
  if (response.status !== 200 || answer !== '{"status":"ok","data":null}')
    throw new Error(`${response.status} ${answer}`);
}

/** The text of all samples of a variable. */
export async function storedText(
  url: string,
  xid: string,
  chain: string,
  variable: string,
): Promise<string> {
  const query = new URLSearchParams({ chain, variable }).toString();
  return (await request(url, `GET /experiments/${xid}/samples?${query}`)).text;
}

/** All samples of a variable; none if it does not exist. */
export async function storedSamples(
  url: string,
  xid: string,
  chain: string,
  variable: string,
): Promise<unknown[]> {
  const text = await storedText(url, xid, chain, variable);
  return (JSON.parse(text) as { data?: unknown[] }).data ?? [];
}

/** A subscriber that was greeted. */
export class ExperimentSocket {
  readonly socket: TextSocket;
  readonly log: string;
  readonly names: readonly { readonly chain: string; readonly names: readonly string[] }[];

  private constructor(socket: TextSocket, log: string, names: ExperimentSocket["names"]) {
    this.socket = socket;
    this.log = log;
    this.names = names;
  }

  static async open(
    scope: Scope,
    server: ServerProcess,
    xid: string,
    options: OpenOptions & { readonly token?: string } = {},
  ): Promise<ExperimentSocket> {
    const { token = "any", ...rest } = options;
    const socket = await TextSocket.open(scope, server.ws(`/mcmc/ws/sub/object/${xid}`), rest);
    socket.send({ action: "authorization", token, version: "1.0" });
    const log = await messageOf(socket, "experiment:output");
    const names = await messageOf(socket, "names");
    return new ExperimentSocket(socket, String(log), names as ExperimentSocket["names"]);
  }

  send(message: object): void {
    this.socket.send(message);
  }

  /** The data of the next message, which must be of this action. */
  next(action: string): Promise<unknown> {
    return messageOf(this.socket, action);
  }

  /** The next samples; other messages are passed over. */
  async nextSamples(): Promise<readonly SampleItem[]> {
    const frame = await this.socket.frames.until((text) =>
      text.startsWith('{"message":{"action":"experiment:event"'),
    );
    return (JSON.parse(frame) as { message: { data: SampleItem[] } }).message.data;
  }
}

/** The data of the next message of a subscriber, which must be of this action. */
export async function messageOf(socket: TextSocket, action: string): Promise<unknown> {
  const { message } = (await socket.json()) as { message?: { action?: string; data?: unknown } };
  if (message?.action !== action)
    throw new Error(`${JSON.stringify(message)?.slice(0, 300)} came where ${action} was due`);
  return message.data;
}

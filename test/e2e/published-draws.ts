/** Draws that a test publishes: normal ones, over HTTP as the SDK of today's users does. */
import { request } from "../support/http.ts";

/** What is published. */
interface Draws {
  readonly xid: string;
  /** So many of each variable of each chain. */
  readonly draws: number;
  /** Index of the first. Default 0. */
  readonly from?: number;
  /** `v1`, `v2`, … Default 1. */
  readonly variables?: number;
  /** `chain_1`, `chain_2`, … Default 4. */
  readonly chains?: number;
  /** Of the publisher, with auth on. */
  readonly token?: string;
}

/** Resolves when they are stored. */
export async function publishDraws(
  url: string,
  { xid, draws, from = 0, variables = 1, chains = 4, token }: Draws,
): Promise<void> {
  const vars: Record<string, Record<string, number[]>> = {};
  const iteration: Record<string, [number, number]> = {};
  for (let chain = 1; chain <= chains; chain += 1) {
    const ofChain: Record<string, number[]> = {};
    for (let variable = 1; variable <= variables; variable += 1) {
      ofChain[`v${variable}`] = Array.from({ length: draws }, (_, nth) =>
        normal((chain * 31 + variable) * 1_000_003 + from + nth),
      );
    }
    vars[`chain_${chain}`] = ofChain;
    iteration[`chain_${chain}`] = [from + 1, from + draws];
  }
  const logs = { vars, iteration };
  await post(
    url,
    xid,
    { object_type: "experiment.protobuf_message", logs, batch_id: "b", run_id: "r" },
    token,
  );
}

/** Sends log text, the end or an error. */
export async function say(url: string, xid: string, message: object): Promise<void> {
  const datas = [{ group: `object_${xid}`, type: "object_broadcast", message }];
  await post(url, xid, { object_type: "experiment.text_message", datas });
}

async function post(url: string, xid: string, payload: object, token?: string): Promise<void> {
  const { status, text } = await request(url, `POST /api/object/${encodeURIComponent(xid)}`, {
    body: { payload },
    ...(token === undefined ? {} : { token }),
  });
  if (status !== 200) throw new Error(`the post was answered with ${status} ${text.slice(0, 300)}`);
}

/** About normal, with three digits; the same for the same seed. */
function normal(seed: number): number {
  let sum = 0;
  for (let nth = 0; nth < 4; nth += 1) sum += uniform(seed * 4 + nth);
  return Math.round((sum - 2) * Math.sqrt(3) * 1000) / 1000;
}

/** From 0 up to before 1: a finaliser of 32 bits. */
function uniform(seed: number): number {
  let bits = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

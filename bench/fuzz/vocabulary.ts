/** Words that the fuzzed messages are made of: few ids, so that its clients meet each other. */
import type { Random } from "./random.ts";

/** Names of members that stand for an id, and the ids that the fuzzer uses. */
const ids: Readonly<Record<string, readonly (string | number)[]>> = {
  lobby_id: [1, 2, "3", "fuzz", 4.5],
  lobby: ["1", "2", "3", "fuzz"],
  prompt_id: [1, 2, "3"],
  prompt: ["1", "2", "3"],
  user: ["ann", "bob", "cho", "also ann"],
  monitor_id: ["0".repeat(32), "1".repeat(32), "f".repeat(32), "short"],
  xid: ["fuzz-1", "fuzz-2", "fuzz-3"],
  chain: ["chain_0", "chain_1", "chain_default"],
  variable: ["theta", "mu", "tau.1"],
  cameraId: ["fuzz-cam-1", "fuzz-cam-2"],
  objectId: [1, 2, 3, 7],
  frameId: [1, 2, 3.5],
  boxId: [0, 1, 2],
  worker: ["fuzz-ann", "fuzz-bob"],
  worker_name: ["fuzz-ann", "fuzz-bob", "fuzz-cho"],
  agent_registration_id: ["registration-1", "registration-2"],
  USED_AGENT_ID: ["agent-1", "agent-2"],
  study: ["fuzz-study-1", "fuzz-study-2"],
  service: ["lobby", "devices", "experiments", "tracking", "crowd", "admin", "none"],
  idempotency_key: ["key-1", "key-2"],
  original_id: ["1", "2"],
};

/** `id` alone is of a camera in one message and of a study in another. */
const anyIds = ["fuzz-cam-1", "fuzz-study-1", "fuzz-study-2", "fuzz-ann", "1"] as const;

const words = [
  "",
  "a",
  "soup",
  "A robot is walking his dog in the park.",
  "2,0,1",
  "0",
  "true",
  "null",
  "naïve café",
  "日本語",
  "🐕‍🦺",
  "e\u0301",
  "\u202eright to left",
  "\u0000",
  "line\nfeed",
  '"quoted"',
  "\\",
  "%00",
  "%ff",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "toString",
  "$where",
  "a.b.*.>",
  "' OR 1=1 --",
  "<script>alert(1)</script>",
  "\ufeff",
  "\uffff",
] as const;

/** What strings and numbers are made of. */
export class Vocabulary {
  /** What `token` and `jwt` may be: a good token, where there is one, and bad ones. */
  readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  /** A string for a member of this name: an id of the fuzzer's, or any word. */
  wordFor(member: string, random: Random): string {
    const known = this.#known(member);
    if (known !== undefined && random.chance(0.85)) return String(random.pick(known));
    return random.pick(words);
  }

  /** A number for a member of this name. */
  numberFor(member: string, random: Random): number {
    const known = this.#known(member)?.filter((id) => typeof id === "number");
    if (known !== undefined && known.length > 0 && random.chance(0.85)) return random.pick(known);
    return random.chance(0.7) ? random.below(20) : random.pick([-1, 0, 0.5, 1e6, 2 ** 31, 1e15]);
  }

  #known(member: string): readonly (string | number)[] | undefined {
    if (member === "token" || member === "jwt") return this.tokens;
    if (member === "id") return anyIds;
    return Object.hasOwn(ids, member) ? ids[member] : undefined;
  }
}

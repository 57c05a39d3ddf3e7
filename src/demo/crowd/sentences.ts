/** The sentences that workers are asked about: real ones, with versions of them written by people. */
import { readFile } from "node:fs/promises";

/** As a study is loaded with it. */
export interface Sentence {
  readonly original_id: string;
  readonly original: string;
  /** Counterfactual versions that are known already. */
  readonly cads: readonly string[];
}

/** Beside `src` and `dist` alike; its README says where it comes from. */
const file = new URL("../../../examples/data/crowd_sentences.json", import.meta.url);

/** Rejects if the file is not there or is none of sentences. */
export async function readSentences(): Promise<readonly Sentence[]> {
  const data: unknown = JSON.parse(await readFile(file, "utf8"));
  const sentences =
    typeof data === "object" && data !== null && "sentences" in data ? data.sentences : undefined;
  if (!Array.isArray(sentences) || sentences.length === 0)
    throw new Error(`${file.pathname} has no sentences`);
  return sentences.map(({ original_id, original, cads }) => ({ original_id, original, cads }));
}

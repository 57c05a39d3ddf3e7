/** A worker's unit, and what is done in it. Pure. */
import { SwitchboardError } from "../../wire/error.ts";
import { isObject } from "../json-object.ts";

interface Unit {
  /** Unguessable: who has it can act for the worker. */
  readonly agentId: string;
  /** Asked for with it again, also after a crash, the same unit is given again. */
  readonly registrationId: string;
}

/** Write a counterfactual (CAD) of a sentence. */
export interface CadUnit extends Unit {
  readonly stage: "CAD";
  readonly original: string;
  /** What was saved before (Switchboard only). */
  readonly draft?: string;
}

/** Rank sentences. */
export interface RankingUnit extends Unit {
  readonly stage: "RANKING";
  readonly sentences: readonly string[];
  /** What was saved before (Switchboard only). */
  readonly draft?: readonly number[];
}

export type CrowdUnit = CadUnit | RankingUnit;

/** There is nothing to do. */
export interface NoUnit {
  readonly stage: "none";
  /** For the worker to read. */
  readonly reason: string;
}

/**
 * A unit's result. `permutation`: at place k the index of the sentence at rank k; the **last** is the best; each of 0 to n − 1 once.
 */
export type Work = { readonly cad: string } | { readonly permutation: readonly number[] };

/** Reads the answer to `/request_agent`. Throws `bad_message` if it is none. */
export function readAgentDetails(
  answer: Readonly<Record<string, unknown>>,
  registrationId: string,
): CrowdUnit | NoUnit {
  const { data } = answer;
  if (answer.packet_type !== "agent_details" || !isObject(data))
    throw notUnderstood("the answer to /request_agent", answer);
  const { agent_id: agentId, failure_reason: reason, init_task_data: task } = data;
  if (agentId === null || agentId === undefined)
    return { stage: "none", reason: String(reason ?? "") };
  if (typeof agentId !== "string" || !isObject(task)) throw notUnderstood("the unit", data);
  const draft = isObject(task.draft) ? task.draft : {};
  const { stage, original, sentences } = task;
  if (stage === "CAD" && typeof original === "string") {
    return {
      agentId,
      registrationId,
      stage,
      original,
      ...(typeof draft.cad === "string" ? { draft: draft.cad } : {}),
    };
  }
  if (
    stage === "RANKING" &&
    Array.isArray(sentences) &&
    sentences.every((sentence) => typeof sentence === "string")
  ) {
    const { permutation } = draft;
    const saved =
      Array.isArray(permutation) && isPermutation(permutation, sentences.length)
        ? { draft: permutation }
        : {};
    return { agentId, registrationId, stage, sentences, ...saved };
  }
  throw notUnderstood("the unit", task);
}

/**
 * The `final_data` of a result. Throws `wrong_state` if the unit is of the other stage, `bad_message` if the permutation is none: an original server takes
 * such work without a word, and drops it.
 */
export function finalDataOf(unit: CrowdUnit, work: Work): object {
  if ("cad" in work) {
    if (unit.stage !== "CAD")
      throw new SwitchboardError("wrong_state", "the unit is a RANKING: give a permutation");
    return { sentence: unit.original, cad: work.cad };
  }
  if (unit.stage !== "RANKING")
    throw new SwitchboardError("wrong_state", "the unit is a CAD: give a cad");
  const { sentences } = unit;
  if (!isPermutation(work.permutation, sentences.length)) {
    const given = JSON.stringify(work.permutation);
    throw new SwitchboardError(
      "bad_message",
      `${given} is no permutation of the ${sentences.length} sentences: give each of 0 to ${sentences.length - 1} once`,
    );
  }
  return { sentences, permutation: work.permutation };
}

/** The `final_data` of a skip. Throws `wrong_state` for a RANKING: the protocol has none. */
export function skipDataOf(unit: CrowdUnit, explanation: string): object {
  if (unit.stage !== "CAD")
    throw new SwitchboardError("wrong_state", "the unit is a RANKING: only a CAD can be skipped");
  return { sentence: unit.original, explanation };
}

function isPermutation(list: readonly unknown[], length: number): boolean {
  return (
    list.length === length &&
    new Set(list).size === length &&
    list.every((n) => Number.isInteger(n) && Number(n) >= 0 && Number(n) < length)
  );
}

function notUnderstood(what: string, json: unknown): SwitchboardError {
  return new SwitchboardError(
    "bad_message",
    `${what} is not understood: ${JSON.stringify(json).slice(0, 300)}`,
  );
}

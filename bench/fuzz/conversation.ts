/** What the fuzzer does on one TCP connection: the bytes it writes, and how it ends. */

/** One thing to do. */
export type Step =
  /** Writes bytes. `inputs`: how many inputs they are, for the count. */
  | { readonly do: "write"; readonly bytes: Buffer; readonly inputs: number }
  /**
   * Writes text in which `SESSION` is replaced by the Engine.IO session that the server has
   * given to this conversation, and the Content-Length of a POST is left as it is.
   */
  | { readonly do: "write-with-session"; readonly text: string; readonly inputs: number }
  /** Waits until the server has written something since the last write, at most 250 ms. */
  | { readonly do: "await-answer" }
  /** Waits, for what has to come in two parts. */
  | { readonly do: "pause"; readonly ms: number };

/** How the client leaves, unless the server has closed before. */
export type Ending = "end" | "reset" | "half-open";

/** Everything that the fuzzer does on one connection. */
export interface Conversation {
  /** Its number in the run. */
  readonly number: number;
  /** Which generator made it, and what of: for the report. */
  readonly label: string;
  readonly steps: readonly Step[];
  readonly ending: Ending;
  /** Reads nothing until its end. */
  readonly deaf: boolean;
}

/** The Engine.IO session in the text of a step. Always 20 characters, as a session's id is. */
export const sessionMark = "SESSIONSESSIONSESSIO";

/** How many inputs a conversation is. */
export function inputsOf({ steps }: Conversation): number {
  return steps.reduce((sum, step) => sum + ("inputs" in step ? step.inputs : 0), 0);
}

/** As it is kept in a file; bytes are base64. */
export function conversationJson(conversation: Conversation): object {
  return {
    ...conversation,
    steps: conversation.steps.map((step) =>
      step.do === "write" ? { ...step, bytes: step.bytes.toString("base64") } : step,
    ),
  };
}

/** Reads what `conversationJson` has made. */
export function parseConversation(json: unknown): Conversation {
  const { steps, ...rest } = json as Conversation & { readonly steps: readonly unknown[] };
  return {
    ...rest,
    steps: steps.map((step) => {
      const { bytes, ...others } = step as { readonly bytes?: string };
      return (
        bytes === undefined ? others : { ...others, bytes: Buffer.from(bytes, "base64") }
      ) as Step;
    }),
  };
}

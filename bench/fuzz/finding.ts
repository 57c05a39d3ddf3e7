/** What a run found: which rule was broken, by what, and the file that repeats it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Conversation, conversationJson, parseConversation } from "./conversation.ts";

export interface Finding {
  /** The rule that did not hold: "the process ends", "an internal error" and so on. */
  readonly rule: string;
  readonly detail: string;
  /** Whether auth was on. */
  readonly auth: boolean;
  readonly seed: number;
  /** What was sent: one conversation where it is known which it was, else all that may be. */
  readonly conversations: readonly Conversation[];
}

/** Writes the finding where `--replay` reads it. */
export function writeFinding(file: string, finding: Finding): void {
  mkdirSync(dirname(file), { recursive: true });
  const json = { ...finding, conversations: finding.conversations.map(conversationJson) };
  writeFileSync(file, `${JSON.stringify(json, null, 1)}\n`);
}

export function readFinding(file: string): Finding {
  const json = JSON.parse(readFileSync(file, "utf8")) as Finding;
  return { ...json, conversations: json.conversations.map(parseConversation) };
}

/** The bytes of a conversation, as far as they fit into a report. */
export function excerpt({ steps, label, number, ending }: Conversation): string {
  const written = steps.map((step) => {
    if (step.do === "write") return JSON.stringify(shortened(step.bytes.toString("latin1")));
    if (step.do === "write-with-session") return JSON.stringify(shortened(step.text));
    return step.do;
  });
  return [`conversation ${number} (${label}; ${ending}):`, ...written.slice(0, 20)].join("\n    ");
}

function shortened(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)} … ${text.length} bytes`;
}

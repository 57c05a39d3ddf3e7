/** The log's subjects: an experiment's facts, its text, and the samples of each variable. */
import { createHash } from "node:crypto";
import { fromSubjectToken, SwitchboardError, subjectToken } from "../../kit/index.ts";

/** Longest experiment id as it stands in a subject, which leaves room for the rest. */
const maxTokenLength = 120;

/** The one subject that belongs to no experiment: purged at each start, to find the log's end. */
export const startSubject = "start";

/** What all subjects with experiments' facts start with. */
export const factsPrefix = "x.";

/** The id as part of a subject; throws `bad_message` for one that is too long. */
export function tokenOf(xid: string): string {
  const token = subjectToken(xid);
  if (xid === "" || token.length > maxTokenLength) {
    throw new SwitchboardError(
      "bad_message",
      `${JSON.stringify(xid.slice(0, 100))} is no experiment id: give 1 to 100 letters, digits or -_`,
    );
  }
  return token;
}

/** Names, end and removal. */
export function factsSubject(token: string): string {
  return `${factsPrefix}${token}`;
}

/** The id of a facts subject. */
export function xidOf(subject: string): string {
  return fromSubjectToken(subject.slice(factsPrefix.length));
}

/** Log text. `generation`: changes when the experiment is removed, so that what is left over of before is never taken for its own. */
export function outputSubject(token: string, generation: number): string {
  return `o.${token}.${generation}`;
}

/** The samples of one variable: reading it touches no other's. */
export function samplesSubject(
  token: string,
  generation: number,
  chain: string,
  variable: string,
): string {
  return `s.${token}.${generation}.${digest(JSON.stringify([chain, variable]))}`;
}

/** What the text and sample subjects of one experiment start with. */
export function contentPrefixes(token: string): readonly string[] {
  return [`o.${token}.`, `s.${token}.`];
}

/** Whose samples an event has; undefined if it has none. */
export function sampledToken(subject: string): string | undefined {
  return subject.startsWith("s.") ? subject.slice(2, subject.indexOf(".", 2)) : undefined;
}

/** Short and safe, for what is only compared. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 20);
}

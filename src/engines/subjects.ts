/** Which subjects, keys, prefixes and log names every engine takes. */
import { SwitchboardError } from "../wire/error.ts";
import { maxSubjectLength } from "../wire/subject.ts";

const tokens = /^[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+)*$/;
const logName = /^[a-z][a-z0-9_]{0,30}$/;

function isSubject(text: string): boolean {
  return text.length <= maxSubjectLength && tokens.test(text);
}

function refuse(what: string, text: string, rule: string): never {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  throw new SwitchboardError(
    "log_bad_subject",
    `${what} ${JSON.stringify(shown)} is not allowed: ${rule}`,
    { subject: shown },
  );
}

/** Throws `log_bad_subject` unless `subject` (or lease key) keeps the rule stated at `Log`. */
export function checkSubject(subject: string): void {
  if (!isSubject(subject)) {
    refuse(
      "subject",
      subject,
      `it must be 1–${maxSubjectLength} of A-Z a-z 0-9 _ . = -, without a dot at an end or two in a row`,
    );
  }
}

/** Throws `log_bad_subject` unless `prefix` can be subscribed to: a whole subject, or one with a dot at its end. */
export function checkBusPrefix(prefix: string): void {
  if (!isSubject(prefix.endsWith(".") ? prefix.slice(0, -1) : prefix)) {
    refuse("bus prefix", prefix, "it must be a subject, or a subject and a dot");
  }
}

/** Throws `log_bad_subject` unless a log may have this name. */
export function checkLogName(name: string): void {
  if (!logName.test(name))
    refuse("log name", name, "it must be a small letter and up to 30 small letters, digits or _");
}

/** Takes secrets out of the text of frames, before anybody is shown it. Pure. */

/** What stands in the place of a secret. */
export const redacted = "[redacted]";

/**
 * The one table of secret fields. A field is secret whose name, in lower case and without `-`, `_`, `.` and spaces, ends in one of these:
 * `accessToken`, `x-api-key` and `client_secret` are.
 */
const secretNames = [
  "token",
  "tokens",
  "jwt",
  "password",
  "passwd",
  "passphrase",
  "secret",
  "secrets",
  "authorization",
  "apikey",
  "privatekey",
  "credential",
  "credentials",
  "cookie",
  "cookies",
  "resume",
  "resumekey",
  "sessionid",
  // Of crowd: who has the id of a worker's agent may act as it.
  "subjectid",
  "agentid",
  "registrationid",
] as const;

const looseName = `(?:${secretNames.map((name) => [...name].join("[-_. ]?")).join("|")})`;

/** What is a secret wherever it stands: a JWT, a static token of ours, what follows `Bearer`, a secret parameter of an address, or who it is for. */
const secretWords = new RegExp(
  [
    // Not within a word: it would be looked through again from each place in it.
    String.raw`(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*`,
    String.raw`sb_[\w-]{43}`,
    String.raw`(?<=\bbearer\s{1,8})[^\s"'\\,]{16,}`,
    String.raw`(?<=[?&][\w-]{0,20}${looseName}=)[^&\s"'\\#]+`,
    String.raw`(?<=:\/\/)[^\s\/@"'\\]+(?=@)`,
  ].join("|"),
  "gi",
);

/** The beginning of one that was cut off. */
const cutWord = /(?:eyJ|sb_)[\w.-]*$/;

/** In text that is no JSON, or only the beginning of some: a secret name, with or without quotes, `:` or `=`, and its value. */
const looseFields = new RegExp(
  String.raw`(${looseName}(?:\\*["'])?\s*[:=]\s*)(?!\\*"?\[redacted\])` +
    String.raw`(?:\\*"(?:[^"\\]|\\[^"])*\\*"?|'[^']*'?|(?:(?:bearer|basic)\s+)?[^\s,;&}\]"']+)`,
  "gi",
);

/** Text in text in text is looked into so deep; deeper, it is taken out whole. */
const maxDepth = 4;

/** Whether the value of a field of this name must not be shown. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_.\s]/g, "");
  return secretNames.some((secret) => plain.endsWith(secret));
}

/**
 * The text without secrets. In JSON, the whole value of each secret field becomes `"[redacted]"`, at any depth, also in JSON that stands
 * within a string; everything else keeps its spelling, and the result is JSON again. In other text, and in the beginning of a JSON
 * text that was cut off (`isCut`), what looks like such a field is replaced. JWTs and static tokens are replaced everywhere.
 */
export function redact(text: string, isCut = false): string {
  const clean = redactFields(text, 0);
  if (!isCut && isJson(text)) return clean;
  const loose = redactLoose(clean);
  return isCut ? loose.replace(cutWord, redacted) : loose;
}

/** Of text that is no JSON. */
function redactLoose(text: string): string {
  return redactWords(text).replace(looseFields, `$1${redacted}`);
}

function redactWords(text: string): string {
  return text.replace(secretWords, redacted);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Goes through the strings of `text`: those that are names of secret fields have their values taken out. Of JSON it makes JSON. */
function redactFields(text: string, depth: number): string {
  let out = "";
  let copied = 0;
  let at = text.indexOf('"');
  while (at !== -1) {
    const end = stringEnd(text, at);
    const colon = skipSpace(text, end);
    if (text[colon] !== ":") {
      out += text.slice(copied, at) + redactString(text.slice(at, end), depth);
      copied = end;
      at = text.indexOf('"', end);
      continue;
    }
    const start = skipSpace(text, colon + 1);
    if (start < text.length && isSecretName(decoded(text.slice(at + 1, end - 1)))) {
      const after = valueEnd(text, start);
      out += `${text.slice(copied, start)}"${redacted}"`;
      copied = after;
      at = text.indexOf('"', after);
    } else {
      at = text.indexOf('"', start);
    }
  }
  return out + text.slice(copied);
}

/** A string with its quotes (the closing one may be cut off): JSON in it is gone through too, other text as such text is. */
function redactString(quoted: string, depth: number): string {
  const isClosed = quoted.length > 1 && quoted.endsWith('"');
  const inner = quoted.slice(1, isClosed ? -1 : undefined);
  const text = decoded(inner);
  let clean: string;
  if (inner.includes('\\"') && /^\s*[[{"]/.test(text)) {
    if (depth === maxDepth) return `"${redacted}"`;
    clean = redactWords(redactFields(text, depth + 1));
  } else clean = redactLoose(text);
  if (clean === text) return quoted;
  const printed = JSON.stringify(clean);
  return isClosed ? printed : printed.slice(0, -1);
}

/** What a string's text between its quotes means; where it was cut off in an escape, without that. */
function decoded(inner: string): string {
  if (!inner.includes("\\")) return inner;
  for (let cut = 0; cut <= 6; cut++) {
    try {
      return JSON.parse(`"${inner.slice(0, inner.length - cut)}"`) as string;
    } catch {
      // An escape has up to six characters.
    }
  }
  return inner;
}

/** Place after the string whose opening quote is at `start`; the text's end if it does not end. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at + 1;
  }
  return text.length;
}

/** Place after the value that starts at `start`. */
function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first !== "{" && first !== "[") {
    const rest = /[,}\]\s]/g;
    rest.lastIndex = start;
    return rest.exec(text)?.index ?? text.length;
  }
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return text.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \n\r\t".includes(text.charAt(at))) at++;
  return at;
}

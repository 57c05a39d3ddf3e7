/** Which names of fields are names of secrets. Pure. */

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

/** Headers whose values have spaces, commas and semicolons in them: where such a name has no quotes, its value is the rest of the line. */
const lineNames = /^(?:cookies?|authorization)$/;

/** Whether the value of a field of this name must not be shown. */
export function isSecretName(name: string): boolean {
  const plain = plainName(name);
  return secretNames.some((secret) => plain.endsWith(secret));
}

/** Whether a value of this name, which is one of the table, is a whole line. */
export function isLineName(name: string): boolean {
  return lineNames.test(plainName(name));
}

/** A pattern of one of the names wherever it stands in a text, with a `-`, `_`, `.` or space between any two letters. It has no groups. */
export const secretNamePattern = `(?:${[...secretNames]
  // The longest first, so that `tokens` is not taken for `token`.
  .sort((a, b) => b.length - a.length)
  .map((name) => [...name].join("[-_. ]?"))
  .join("|")})`;

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_.\s]/g, "");
}

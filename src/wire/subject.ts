/** Any text as one token of an engine subject, reversibly. */

/** The longest subject an engine takes. */
export const maxSubjectLength = 200;

const encoder = new TextEncoder();
// A leading U+FEFF is part of the text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Letters, digits, `-` and `_` stay; every other byte of the UTF-8 becomes `=XX`; the empty text becomes `=`. */
export function subjectToken(text: string): string {
  if (text === "") return "=";
  return text.replace(/[^A-Za-z0-9_-]+/gu, (others) =>
    Array.from(
      encoder.encode(others),
      (byte) => `=${byte.toString(16).padStart(2, "0").toUpperCase()}`,
    ).join(""),
  );
}

/** The text that `subjectToken` was given (lone surrogates excepted: they became U+FFFD). */
export function fromSubjectToken(token: string): string {
  if (token === "=") return "";
  return token.replace(/(?:=[0-9A-F]{2})+/g, (escaped) =>
    decoder.decode(Uint8Array.from(escaped.slice(1).split("="), (hex) => Number.parseInt(hex, 16))),
  );
}

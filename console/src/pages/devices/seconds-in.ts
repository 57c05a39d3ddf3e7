/** Seconds as they are written into a field. */

/** 30 days: what the server takes. */
const mostMs = 2_592_000_000;

/** Whole ms; undefined for an empty text, "wrong" for what is no number, below `least` seconds or too long. */
export function secondsIn(text: string, least: number): number | undefined | "wrong" {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const ms = Math.round(Number(trimmed) * 1000);
  return /^\d*\.?\d+$/.test(trimmed) && ms >= least * 1000 && ms <= mostMs ? ms : "wrong";
}

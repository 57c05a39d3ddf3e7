/** Numbers with units, for people. Pure. */

/** 0 B, 812 B, 4.1 kB, 187 MB: of 1,000. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, at] = [Math.max(0, bytes), 0];
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  const shown = at === 0 || value >= 99.5 ? Math.round(value) : Number(value.toPrecision(2));
  return `${shown} ${units[at]}`;
}

/** 12 s, 4 min, 3 h 20 min, 12 d 4 h. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** A share of one core: 0.199 is "20 %". */
export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Milliseconds: 0.8 ms, 13 ms, 1.2 s. */
export function millisecondsText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${Number(ms.toFixed(1))} ms` : `${Math.round(ms)} ms`;
}

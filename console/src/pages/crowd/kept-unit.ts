/** Who works in this tab, and at which unit: kept over a reload, gone with the tab. */

/** What is kept. */
export interface Kept {
  readonly worker: string;
  /** Undefined: of any study. */
  readonly study: string | undefined;
  /** Of the unit that is not done yet: with it the same unit is given again. */
  readonly registrationId: string | undefined;
}

const key = "switchboard.crowd.unit";

/** Undefined where nothing is kept, or storage is forbidden. */
export function readKept(): Kept | undefined {
  try {
    return keptIn(sessionStorage.getItem(key));
  } catch {
    return undefined;
  }
}

/** Where storage is forbidden, a reload begins anew. */
export function keep(kept: Kept | undefined): void {
  try {
    if (kept === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // See above.
  }
}

/** What a stored text says; undefined if it is none of ours. */
export function keptIn(text: string | null): Kept | undefined {
  if (text === null) return undefined;
  try {
    const { worker, study, registrationId } = JSON.parse(text) as Partial<
      Record<keyof Kept, unknown>
    >;
    if (typeof worker !== "string" || worker === "") return undefined;
    const textOr = (value: unknown) => (typeof value === "string" ? value : undefined);
    return { worker, study: textOr(study), registrationId: textOr(registrationId) };
  } catch {
    return undefined;
  }
}

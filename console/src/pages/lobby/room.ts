/** The rooms of `GET /lobbies`: a prompt of a lobby, and who waits for it. Pure. */

/** As the server says it. */
export interface Room {
  readonly lobby_id: string;
  readonly prompt_id: string;
  readonly users: readonly string[];
  readonly host: string | null;
  /** Since when each of `users` waits, ms since 1970. */
  readonly since: readonly number[];
  /** When it was last started; null where that is not known. */
  readonly started_at: number | null;
}

/** Where somebody waits. */
export interface Place {
  readonly lobby: string;
  readonly prompt: string;
}

/** One who waits. */
export interface Waiting {
  /** The place in the order of joining, from 1. */
  readonly place: number;
  readonly name: string;
  readonly sinceMs: number | undefined;
  readonly isHost: boolean;
}

export function placeOf({ lobby_id, prompt_id }: Room): Place {
  return { lobby: lobby_id, prompt: prompt_id };
}

export function isSamePlace(a: Place | undefined, b: Place | undefined): boolean {
  return a !== undefined && b !== undefined && a.lobby === b.lobby && a.prompt === b.prompt;
}

/** Unique: ids cannot run into each other. */
export function placeKey({ lobby, prompt }: Place): string {
  return JSON.stringify([lobby, prompt]);
}

/** Who waits, in the order of joining. */
export function waitingIn({
  users,
  host,
  since,
}: Pick<Room, "users"> & Partial<Pick<Room, "host" | "since">>): readonly Waiting[] {
  return users.map((name, at) => ({
    place: at + 1,
    name,
    sinceMs: since?.[at],
    isHost: name === host,
  }));
}

/**
 * The rooms by lobby and prompt, numbers as numbers, so that they keep their places from answer to answer. With `search` those whose lobby or
 * prompt is that, or where a player's name has it in it.
 */
export function roomsShown<R extends Room>(rooms: readonly R[], search: string): readonly R[] {
  const sought = search.trim().toLowerCase();
  return rooms
    .filter(
      ({ lobby_id, prompt_id, users }) =>
        sought === "" ||
        lobby_id.toLowerCase() === sought ||
        prompt_id.toLowerCase() === sought ||
        users.some((user) => user.toLowerCase().includes(sought)),
    )
    .sort((a, b) => compare(a.lobby_id, b.lobby_id) || compare(a.prompt_id, b.prompt_id));
}

/** What is wrong with an id that a person has typed; undefined if nothing is. */
export function idProblem(id: string): string | undefined {
  if (id.trim() === "") return "Give a number or a word";
  return id.length > 200 ? "At most 200 characters" : undefined;
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

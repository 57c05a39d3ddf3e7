/** A command as the server lists it, and its life in steps. */

export const statuses = ["queued", "sent", "done", "failed", "expired", "cancelled"] as const;

/** How far a command has come. */
export type Status = (typeof statuses)[number];

/** An entry of `GET /devices/:monitor_id/commands`. Times in ms since 1970, by the server's clock. */
export interface ListedCommand {
  readonly command_id: string;
  readonly command: string;
  readonly status: Status;
  readonly late?: true;
  readonly reason?: string;
  readonly attempts: number;
  readonly queued_at: number;
  readonly sent_at?: number;
  readonly ended_at?: number;
  readonly retry: boolean;
  readonly offset: number;
}

/** One step of a life. */
export interface Step {
  /** A status; in full: "done late", "sent 2 times". */
  readonly name: string;
  readonly is: "over" | "now" | "ahead";
  /** When it was reached; undefined if it was not, or nobody said when. */
  readonly atMs: number | undefined;
}

/** Whether nothing is to come, as far as the list says. */
export function isOver({ status }: ListedCommand): boolean {
  return status !== "queued" && status !== "sent";
}

/** queued, sent, and the end: those that were, and those that should come. One that ended before it was sent has no `sent`. */
export function lifeOf(command: ListedCommand): readonly Step[] {
  const { status, late, attempts, queued_at, sent_at, ended_at } = command;
  const queued: Step = {
    name: "queued",
    is: status === "queued" ? "now" : "over",
    atMs: queued_at,
  };
  if (status === "queued") return [queued, ahead("sent"), ahead("done")];
  const sent: Step = {
    name: attempts > 1 ? `sent ${attempts} times` : "sent",
    is: status === "sent" ? "now" : "over",
    atMs: sent_at,
  };
  if (status === "sent") return [queued, sent, ahead("done")];
  const end: Step = { name: late === true ? `${status} late` : status, is: "now", atMs: ended_at };
  return attempts === 0 ? [queued, end] : [queued, sent, end];
}

function ahead(name: string): Step {
  return { name, is: "ahead", atMs: undefined };
}

/** How long a step took: "0.2 s", "14 s", "3 min", "2 h". */
export function tookText(fromMs: number, toMs: number): string {
  const seconds = Math.max(0, toMs - fromMs) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

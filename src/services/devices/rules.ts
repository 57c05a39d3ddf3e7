/** The life of a command, and what is to be done with a monitor's commands. Pure. */
import type { CommandEvent, Queued, Sent } from "./command-event.ts";

export type Status = "queued" | "sent" | "done" | "failed" | "expired" | "cancelled";

/** How far a command has come. */
export interface Life {
  readonly status: Status;
  /** How often it was handed over. */
  readonly attempts: number;
  /** How often more than once it may be. */
  readonly retries: number;
  /** The monitor has it and has not answered: it has its place in the matching, expired or not. */
  readonly inHands: boolean;
  /** Its end came after it had expired. */
  readonly late: boolean;
}

/** A command that has no end yet. */
export interface Command {
  readonly id: string;
  /** Empty once it cannot be handed over any more. */
  readonly text: string;
  readonly sender: string | null;
  readonly life: Life;
  readonly queuedAtMs: number;
  readonly waitMs: number;
  readonly answerMs: number;
  readonly key: string | undefined;
  /** Of the last hand-over: when, at which offset, to which connection. */
  readonly sentAtMs: number;
  readonly sentAt: number;
  readonly connection: string | undefined;
}

/** A monitor's commands in the order of sending, by id. */
export type Commands = ReadonlyMap<string, Command>;

/** What is known beside the commands when it is decided what to do. */
export interface Situation {
  readonly nowMs: number;
  /** The monitor's connection, if it is on this node. */
  readonly holder: { readonly connection: string; readonly session: string } | undefined;
  /** Since when no node has the monitor, if none has. */
  readonly absentSinceMs: number | undefined;
}

/** The bounds of the decisions, from the config. */
export interface Bounds {
  readonly restartGraceMs: number;
  readonly maxUnanswered: number;
}

/** What a monitor says about a command. */
export interface Answer {
  /** Undefined: the oldest in its hands. */
  readonly commandId: string | undefined;
  /** Undefined: it was done. */
  readonly failure: string | undefined;
}

/** Why a command failed whose monitor went with it in its hands. */
export const disconnected = "monitor disconnected";

/**
 * The next state of a life; undefined if the event is refused.
 *
 * queued → sent | failed | expired | cancelled; sent → done | failed | expired; in the monitor's hands and expired → done late |
 * failed late. `dropped` takes it out of the monitor's hands; sent, it can then be sent again, `retries` times.
 */
export function step(life: Life | undefined, event: CommandEvent): Life | undefined {
  if (life === undefined) {
    if (event.type !== "queued") return undefined;
    return { status: "queued", attempts: 0, retries: event.retries, inHands: false, late: false };
  }
  const { status, inHands } = life;
  switch (event.type) {
    case "sent": {
      const may =
        event.attempt === life.attempts + 1 &&
        (status === "queued" || (status === "sent" && !inHands && maySendAgain(life)));
      return may ? { ...life, status: "sent", attempts: event.attempt, inHands: true } : undefined;
    }
    case "dropped":
      return inHands && (status === "expired" || maySendAgain(life))
        ? { ...life, inHands: false }
        : undefined;
    case "done":
      return inHands
        ? { ...life, status: "done", inHands: false, late: status === "expired" }
        : undefined;
    case "failed":
      return inHands || status === "queued"
        ? { ...life, status: "failed", inHands: false, late: status === "expired" }
        : undefined;
    case "expired":
      return status === "queued" || status === "sent" ? { ...life, status: "expired" } : undefined;
    case "cancelled":
      return status === "queued" ? { ...life, status: "cancelled" } : undefined;
    default:
      return undefined;
  }
}

/** Whether nothing can happen to it any more. */
export function isOver({ status, inHands }: Life): boolean {
  return (
    status === "done" ||
    status === "failed" ||
    status === "cancelled" ||
    (status === "expired" && !inHands)
  );
}

/** Whether it may be handed over once more, or for the first time. */
function maySendAgain({ attempts, retries }: Life): boolean {
  return attempts <= retries;
}

/** A command that has just been queued. */
export function newCommand(event: Queued, life: Life, timeMs: number): Command {
  return {
    id: event.command_id,
    text: event.command,
    sender: event.sender,
    life,
    queuedAtMs: timeMs,
    waitMs: event.wait_ms,
    answerMs: event.answer_ms,
    key: event.idempotency_key,
    sentAtMs: 0,
    sentAt: 0,
    connection: undefined,
  };
}

/** The command after a step that was allowed. */
export function after(
  command: Command,
  event: CommandEvent,
  life: Life,
  at: { readonly offset: number; readonly timeMs: number },
): Command {
  const keepsText = !isOver(life) && life.status !== "expired" && maySendAgain(life);
  const text = keepsText ? command.text : "";
  if (event.type !== "sent") return { ...command, life, text };
  return {
    ...command,
    life,
    text,
    sentAtMs: at.timeMs,
    sentAt: at.offset,
    connection: event.connection,
  };
}

/** When a command expires by itself; undefined for one that has. */
export function deadlineMs({
  life,
  queuedAtMs,
  waitMs,
  sentAtMs,
  answerMs,
}: Command): number | undefined {
  if (life.status === "queued") return queuedAtMs + waitMs;
  return life.status === "sent" ? sentAtMs + answerMs : undefined;
}

/** All that is due now: what expires, what counts as dropped because its monitor stays away, what is handed over. */
export function due(commands: Commands, situation: Situation, bounds: Bounds): CommandEvent[] {
  const { nowMs, holder, absentSinceMs } = situation;
  const stayedAway =
    holder === undefined &&
    absentSinceMs !== undefined &&
    nowMs >= absentSinceMs + bounds.restartGraceMs;
  const expired: CommandEvent[] = [];
  const dropped: CommandEvent[] = [];
  const ready: Command[] = [];
  for (const command of commands.values()) {
    const atMs = deadlineMs(command);
    if (atMs !== undefined && nowMs >= atMs)
      expired.push({ type: "expired", command_id: command.id });
    else if (command.life.inHands) dropped.push(...(stayedAway ? [whenDropped(command)] : []));
    else if (holder !== undefined) ready.push(command);
  }
  return [
    ...expired,
    ...dropped,
    ...(holder === undefined ? [] : handOver(commands, ready, holder, bounds.maxUnanswered)),
  ];
}

/** The monitor has gone: what becomes of all that is in its hands, or only of what was handed to one connection. */
export function drop(commands: Commands, connection?: string): CommandEvent[] {
  return inHands(commands)
    .filter((command) => connection === undefined || command.connection === connection)
    .map(whenDropped);
}

/** What a monitor's answer says about which command; undefined if it is about none in its hands. */
export function answered(
  commands: Commands,
  { commandId, failure }: Answer,
): CommandEvent | undefined {
  const command = commandId === undefined ? oldestInHands(commands) : commands.get(commandId);
  if (command?.life.inHands !== true) return undefined;
  return failure === undefined
    ? { type: "done", command_id: command.id }
    : { type: "failed", command_id: command.id, reason: failure };
}

/** Takes back a command that was not yet sent; undefined if it is not there to be taken back. */
export function cancelled(commands: Commands, commandId: string): CommandEvent | undefined {
  return commands.get(commandId)?.life.status === "queued"
    ? { type: "cancelled", command_id: commandId }
    : undefined;
}

/** The commands in the monitor's hands in the order of handing over. */
function inHands(commands: Commands): Command[] {
  return [...commands.values()]
    .filter(({ life }) => life.inHands)
    .sort((a, b) => a.sentAt - b.sentAt);
}

function oldestInHands(commands: Commands): Command | undefined {
  let oldest: Command | undefined;
  for (const command of commands.values()) {
    if (command.life.inHands && (oldest === undefined || command.sentAt < oldest.sentAt))
      oldest = command;
  }
  return oldest;
}

function whenDropped({ id, life }: Command): CommandEvent {
  if (life.status === "expired" || maySendAgain(life)) return { type: "dropped", command_id: id };
  return { type: "failed", command_id: id, reason: disconnected };
}

/** Hands over in the order of sending while there is room; of those in hand, expired ones make room. */
function handOver(
  commands: Commands,
  ready: readonly Command[],
  holder: NonNullable<Situation["holder"]>,
  most: number,
): CommandEvent[] {
  if (ready.length === 0) return [];
  const held = inHands(commands);
  const room = most - held.length;
  const missing = Math.max(0, ready.length - room);
  const givenUp = held.filter(({ life }) => life.status === "expired").slice(0, missing);
  const handed = ready.slice(0, Math.max(0, room + givenUp.length));
  return [
    ...givenUp.map(({ id }): CommandEvent => ({ type: "dropped", command_id: id })),
    ...handed.map(
      ({ id, life }): Sent => ({
        type: "sent",
        command_id: id,
        attempt: life.attempts + 1,
        ...holder,
      }),
    ),
  ];
}

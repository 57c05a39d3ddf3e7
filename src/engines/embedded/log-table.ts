/** One log in the data file: its tables, their statements, and the numbers that are kept about it. */
import type { Appended, LogEvent, NewEvent, ReadOptions, ReadResult } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { History } from "../local/follow-slot.ts";
import { gapAfter } from "../local/gap-after.ts";
import type { DataFile, Statement } from "./data-file.ts";

/** An answer ends early, with `more`, at about this many characters. */
const maxAnswerChars = 1024 * 1024;
/** Events of the history that a follow gets in one turn. */
const historyPerTurn = 500;
const subjectsPerTurn = 1_000;
const sweepRows = 32;

/** The numbers of the `logs` row. */
interface Numbers {
  head: number;
  events: number;
  floor: number;
}

export class LogTable implements History {
  readonly name: string;
  readonly epoch: string;
  readonly #sql: ReturnType<typeof statements>;
  /** As committed. */
  #numbers: Numbers;
  /** As the open transaction will leave them. */
  #draft: Numbers | undefined;
  /** Stored by the open transaction. */
  #fresh: LogEvent[] = [];

  /** Creates the log's tables if they are missing. Runs a transaction; throws what SQLite throws. */
  constructor(file: DataFile, name: string, synced: boolean, newEpoch: () => string) {
    this.name = name;
    const row = file.transaction(() => {
      file.exec(tables(name));
      file
        .prepare("INSERT INTO logs VALUES (?, ?, 0, 0, 0, 0) ON CONFLICT (name) DO NOTHING")
        .run(name, newEpoch());
      file.prepare("UPDATE logs SET synced = ? WHERE name = ?").run(synced ? 1 : 0, name);
      return (
        file.prepare("SELECT epoch, head, events, floor FROM logs WHERE name = ?").get(name) ?? []
      );
    });
    this.epoch = String(row[0]);
    this.#numbers = { head: Number(row[1]), events: Number(row[2]), floor: Number(row[3]) };
    this.#sql = statements(file, name);
  }

  /** Inside a transaction: stores what is not there already. Throws `log_conflict` with the events before it stored. */
  append(
    subject: string,
    events: readonly NewEvent[],
    expect: number | undefined,
    timeMs: number,
  ): Appended[] {
    let expected = expect;
    return events.map(({ data, id }) => {
      const known = id === undefined ? undefined : this.#sql.idOffset.get(id);
      if (known === undefined && expected !== undefined) {
        const last = this.last(subject);
        if (last !== expected) {
          const message = `the last event of ${subject} in log ${this.name} is ${last}, not ${expected}: catch up and decide again`;
          throw new SwitchboardError("log_conflict", message, { last });
        }
      }
      const offset = known === undefined ? this.#store(subject, data, timeMs) : Number(known[0]);
      if (known === undefined && id !== undefined) this.#sql.addId.run(offset, id, timeMs);
      if (expected !== undefined) expected = offset;
      return { offset, duplicate: known !== undefined };
    });
  }

  /** Inside a transaction: stores the purge event. What is before it is not read any more, and removed by `sweepPurged`. */
  purge(subject: string, timeMs: number): Appended {
    const offset = this.#store(subject, null, timeMs);
    this.#sql.addPurge.run(subject, offset);
    return { offset, duplicate: false };
  }

  /** Inside a transaction: its last call. */
  save(): void {
    const { head, events, floor } = this.#draft ?? this.#numbers;
    if (this.#draft !== undefined) this.#sql.save.run(head, events, floor, this.name);
  }

  /** After the transaction: what it stored, if it was committed. */
  settle(stored: boolean): readonly LogEvent[] {
    const fresh = this.#fresh;
    if (stored) this.#numbers = this.#draft ?? this.#numbers;
    this.#draft = undefined;
    this.#fresh = [];
    return stored ? fresh : [];
  }

  read(subject: string, after: number, options: ReadOptions): ReadResult {
    const { limit = 1_000, upTo = Number.MAX_SAFE_INTEGER, epoch = this.epoch } = options;
    const foreign = epoch !== this.epoch;
    const purgedAt = Number(this.#sql.purgedAt.get(subject)?.[0] ?? 0);
    const start = Math.max(foreign ? 0 : after, purgedAt - 1);
    const { rows, more } = readRows(
      (from, count) => this.#sql.read.all(subject, from, upTo, count),
      start,
      limit,
    );
    const events = rows.map(([offset, timeMs, data]) =>
      eventOf(Number(offset), subject, Number(timeMs), data),
    );
    const { head, floor } = this.#numbers;
    const gap = foreign
      ? ({ from: 1, to: Math.max(head, after, 1), reason: "epoch" } as const)
      : gapAfter(after, upTo, floor, purgedAt);
    return { events, ...(gap === undefined ? {} : { gap }), more };
  }

  last(subject: string): number {
    return Number(this.#sql.last.get(subject)?.[0] ?? 0);
  }

  /** Some of the subjects with this prefix that come after `after`, sorted; none if there are no more. */
  subjects(prefix: string, after: string): string[] {
    // "~" comes after every character that a subject can have.
    return this.#sql.subjects
      .all(prefix, after, `${prefix}~`, subjectsPerTurn)
      .map(([subject]) => String(subject));
  }

  head(): number {
    return this.#numbers.head;
  }

  next(after: number): ReturnType<History["next"]> {
    const gap = gapAfter(after, Number.MAX_SAFE_INTEGER, this.#numbers.floor, 0);
    const { rows, more } = readRows(
      (from, count) => this.#sql.readAll.all(from, count),
      after,
      historyPerTurn,
    );
    const events = rows.map(([offset, timeMs, data, subject]) =>
      eventOf(Number(offset), String(subject), Number(timeMs), data),
    );
    return { events, ...(gap === undefined ? {} : { gap }), more };
  }

  /** Inside a transaction: removes some of what is before a purge event. Gives how many; undefined if there was nothing to do. */
  sweepPurged(): number | undefined {
    const purge = this.#sql.unswept.get();
    if (purge === undefined) return undefined;
    const removed = this.#sql.removePurged.run(...purge, sweepRows);
    this.#edit().events -= removed;
    if (removed < sweepRows) this.#sql.markSwept.run(...purge);
    return removed;
  }

  /** Inside a transaction: drops some of the oldest events, as far as they are too many or too old. Gives how many. */
  sweepOldest(maxEvents: number, keepSinceMs: number): number {
    const { events, floor } = this.#draft ?? this.#numbers;
    const oldest = this.#sql.oldest.all(floor, sweepRows);
    const young = oldest.findIndex(
      ([, timeMs], index) => index >= events - maxEvents && Number(timeMs) >= keepSinceMs,
    );
    const newest = oldest[(young === -1 ? oldest.length : young) - 1];
    if (newest === undefined) return 0;
    const draft = this.#edit();
    draft.floor = Number(newest[0]);
    const removed = this.#sql.removeOldest.run(draft.floor);
    draft.events -= removed;
    this.#sql.removePurges.run(draft.floor);
    return removed;
  }

  /** Inside a transaction: forgets some of the ids that are older than that. True if it did something. */
  sweepIds(keepSinceMs: number): boolean {
    const oldest = this.#sql.oldestIds.all(sweepRows);
    const young = oldest.findIndex(([, timeMs]) => Number(timeMs) >= keepSinceMs);
    const newest = oldest[(young === -1 ? oldest.length : young) - 1];
    if (newest !== undefined) this.#sql.removeIds.run(newest[0]);
    return newest !== undefined;
  }

  /** `data` null: a purge event. */
  #store(subject: string, data: string | null, timeMs: number): number {
    const draft = this.#edit();
    draft.head++;
    draft.events++;
    // The library ends a text at its first NUL.
    this.#sql.add.run(draft.head, subject, timeMs, data?.includes("\0") ? Buffer.from(data) : data);
    this.#fresh.push(eventOf(draft.head, subject, timeMs, data));
    return draft.head;
  }

  #edit(): Numbers {
    this.#draft ??= { ...this.#numbers };
    return this.#draft;
  }
}

function eventOf(offset: number, subject: string, timeMs: number, data: unknown): LogEvent {
  const text =
    data === null ? "" : data instanceof Uint8Array ? Buffer.from(data).toString() : String(data);
  return { offset, subject, timeMs, data: text, purged: data === null };
}

type Rows = readonly (readonly unknown[])[];

/** Reads rows `[offset, time, data, …]` in growing portions, so that large events do not fill the memory. */
function readRows(
  read: (after: number, count: number) => Rows,
  after: number,
  limit: number,
): { rows: Rows; more: boolean } {
  const rows: (readonly unknown[])[] = [];
  let from = after;
  let chars = 0;
  for (let portion = 8; ; portion *= 4) {
    const wanted = Math.min(portion, limit + 1 - rows.length);
    const part = read(from, wanted);
    for (const row of part) {
      rows.push(row);
      const [offset, , data] = row;
      from = Number(offset);
      chars += typeof data === "string" || data instanceof Uint8Array ? data.length : 0;
      if (rows.length > limit || (chars > maxAnswerChars && rows.length > 1)) {
        rows.pop();
        return { rows, more: true };
      }
    }
    if (part.length < wanted) return { rows, more: false };
  }
}

/** The index on the subject holds the offset (the rowid) as well, so that it serves every question about one subject. */
function tables(name: string): string {
  return `
    CREATE TABLE IF NOT EXISTS events_${name} ("offset" INTEGER PRIMARY KEY, subject TEXT NOT NULL, time INTEGER NOT NULL, data);
    CREATE INDEX IF NOT EXISTS events_${name}_subject ON events_${name} (subject);
    CREATE TABLE IF NOT EXISTS ids_${name} ("offset" INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, time INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS purges_${name} (subject TEXT PRIMARY KEY, "offset" INTEGER NOT NULL, swept INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS purges_${name}_offset ON purges_${name} ("offset");
    CREATE INDEX IF NOT EXISTS purges_${name}_unswept ON purges_${name} (swept) WHERE swept = 0;
  `;
}

function statements(file: DataFile, name: string) {
  const [events, ids, purges] = [`events_${name}`, `ids_${name}`, `purges_${name}`];
  const sql = {
    add: `INSERT INTO ${events} VALUES (?, ?, ?, ?)`,
    idOffset: `SELECT "offset" FROM ${ids} WHERE id = ?`,
    addId: `INSERT INTO ${ids} VALUES (?, ?, ?)`,
    addPurge: `INSERT INTO ${purges} VALUES (?, ?, 0) ON CONFLICT (subject) DO UPDATE SET "offset" = excluded."offset", swept = 0`,
    save: "UPDATE logs SET head = ?, events = ?, floor = ? WHERE name = ?",
    read: `SELECT "offset", time, data FROM ${events} WHERE subject = ? AND "offset" > ? AND "offset" <= ? ORDER BY "offset" LIMIT ?`,
    readAll: `SELECT "offset", time, data, subject FROM ${events} WHERE "offset" > ? ORDER BY "offset" LIMIT ?`,
    purgedAt: `SELECT "offset" FROM ${purges} WHERE subject = ?`,
    last: `SELECT max("offset") FROM ${events} WHERE subject = ?`,
    subjects: `
      WITH RECURSIVE next (subject) AS (
        SELECT min(subject) FROM ${events} WHERE subject >= ?1 AND subject > ?2 AND subject < ?3
        UNION ALL
        SELECT (SELECT min(subject) FROM ${events} WHERE subject > next.subject AND subject < ?3)
          FROM next WHERE next.subject IS NOT NULL
      )
      SELECT subject FROM next WHERE subject IS NOT NULL LIMIT ?4`,
    unswept: `SELECT subject, "offset" FROM ${purges} WHERE swept = 0 LIMIT 1`,
    removePurged: `
      DELETE FROM ${events} WHERE "offset" IN (
        SELECT "offset" FROM ${events} WHERE subject = ? AND "offset" < ? ORDER BY "offset" LIMIT ?
      )`,
    markSwept: `UPDATE ${purges} SET swept = 1 WHERE subject = ? AND "offset" = ?`,
    oldest: `SELECT "offset", time FROM ${events} WHERE "offset" > ? ORDER BY "offset" LIMIT ?`,
    removeOldest: `DELETE FROM ${events} WHERE "offset" <= ?`,
    removePurges: `DELETE FROM ${purges} WHERE "offset" <= ?`,
    oldestIds: `SELECT "offset", time FROM ${ids} ORDER BY "offset" LIMIT ?`,
    removeIds: `DELETE FROM ${ids} WHERE "offset" <= ?`,
  };
  const prepared = Object.entries(sql).map(([key, text]) => [key, file.prepare(text)] as const);
  return Object.fromEntries(prepared) as Readonly<Record<keyof typeof sql, Statement>>;
}

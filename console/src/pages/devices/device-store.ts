/** All that the page knows of one monitor's commands, around the SDK's user. */
import type { Connection } from "switchboard/client";
import {
  type CommandNews,
  type CommandOptions,
  DeviceUser,
  type DeviceUserOptions,
} from "switchboard/client/devices";
import { CommandHistory } from "./command-history.ts";
import type { ListedCommand, Status } from "./listed-command.ts";

/** Something that was told of a command. */
export interface News {
  readonly id: number;
  readonly atMs: number;
  readonly what: "accepted" | "done" | "failed";
  readonly late: boolean;
  readonly reason?: string;
  readonly commandId?: string;
  /** Undefined where nobody said it: see `find`. */
  readonly text?: string;
  /** It was sent from this page. */
  readonly isOwn: boolean;
}

/** The oldest of more go. */
const mostNews = 100;

export class DeviceStore {
  readonly user: DeviceUser;
  readonly #history = new CommandHistory();
  readonly #listeners = new Set<() => void>();
  #news: readonly News[] = [];
  #newsCount = 0;
  #version = 0;

  constructor(baseUrl: string, options: Pick<DeviceUserOptions, "token" | "monitorId">) {
    this.user = new DeviceUser(baseUrl, { ...options, watch: true, switchboard: true });
    this.user.connection.on("state", () => this.#changed());
    this.user.on("ok", (news) => this.#tell("accepted", news));
    this.user.on("finish", (news) => this.#tell("done", news));
    this.user.on("failed", (news) => this.#tell("failed", news, news.reason));
  }

  get connection(): Connection {
    return this.user.connection;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number after each change. */
  readonly version = (): number => this.#version;

  /** The newest first. */
  get news(): readonly News[] {
    return this.#news;
  }

  /** Where the history is to be read on. */
  get after(): number {
    return this.#history.after;
  }

  /** Commands that have left this page and that the server has not confirmed. */
  get unconfirmed(): number {
    return this.user.commands.filter(({ status }) => status !== "accepted").length;
  }

  list(status: Status | undefined): readonly ListedCommand[] {
    return this.#history.list(status);
  }

  find(commandId: string): ListedCommand | undefined {
    return this.#history.find(commandId);
  }

  take(page: readonly ListedCommand[]): void {
    this.#history.take(page);
    this.#changed();
  }

  /** Throws what the SDK throws: its message is for a person. */
  send(text: string, options: CommandOptions): void {
    this.user.command(text, options);
    this.#changed();
  }

  close(): void {
    this.#listeners.clear();
    // What was sent leaves; what became of it is in the history.
    void this.user.close({ flushMs: 1000 });
  }

  #tell(what: News["what"], { id, text, commandId, late }: CommandNews, reason?: string): void {
    this.#newsCount += 1;
    if (late && commandId !== undefined) this.#history.reopen(commandId);
    const news: News = {
      id: this.#newsCount,
      atMs: Date.now(),
      what,
      late,
      isOwn: id !== undefined,
      ...(reason === undefined ? {} : { reason }),
      ...(commandId === undefined ? {} : { commandId }),
      ...(text === undefined ? {} : { text }),
    };
    this.#news = [news, ...this.#news].slice(0, mostNews);
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

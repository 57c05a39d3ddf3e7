/** A player of the lobby: readies up, may lose the network on the way, and starts with the others. */
import { Changes } from "../changes.ts";
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { type Message, TextLink } from "../text-link.ts";
import { count } from "../words.ts";

/** A prompt of a lobby: where players wait for one round. */
export interface Room {
  readonly lobby: number;
  readonly prompt: number;
}

/** Joins round after round, each time with a new connection, as a page does that is opened anew. */
export class Player implements Participant {
  readonly name: string;
  readonly user: string;
  readonly #setting: Setting;
  readonly #changes: Changes;
  readonly #expected: Expectation;
  readonly #secret: string;
  #link: TextLink | undefined;
  #room: Room = { lobby: 0, prompt: 0 };
  #users: readonly string[] = [];
  /** Who must stay on the list: nobody, or all who wait for the start together. */
  #together: readonly string[] = [];
  #starts = 0;
  #resumed = 0;
  #startedAtMs: number | undefined;

  /** `secret` is what it shows to get its place back. */
  constructor(user: string, secret: string, setting: Setting) {
    this.name = `player ${user}`;
    this.user = user;
    this.#secret = secret;
    this.#setting = setting;
    this.#changes = new Changes(setting.clock);
    this.#expected = new Expectation("messages", setting.clock);
  }

  /** When the start of this round came, by the monotonic clock. */
  get startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }

  /** Waits in a room; resolves when it is on the list. `late`: asks for a start that it may have come too late for. */
  async join(room: Room, late = false): Promise<void> {
    this.#room = room;
    this.#startedAtMs = undefined;
    if (late) this.startIsDue();
    await this.#open(late);
    await this.#hears("the list with its own name", () => this.#users.includes(this.user));
  }

  /** Resolves when all of them are on the list; from then on nobody of them may vanish before the start. */
  async togetherWith(users: readonly string[]): Promise<void> {
    await this.#hears("a list with all players", () =>
      users.every((user) => this.#users.includes(user)),
    );
    this.#together = users;
  }

  /** Loses the network for a while and takes its place again, which the others must not notice. */
  async dropAndResume(awayMs: number): Promise<void> {
    await this.#link?.drop();
    await this.#setting.pause(awayMs);
    this.#users = [];
    await this.#open(false);
    this.#resumed++;
    await this.#hears("the list after coming back", () => this.#users.includes(this.user));
  }

  /** Everybody who waits is about to be started. */
  startIsDue(): void {
    this.#expected.due(this.#key("the start"));
  }

  /** Starts everybody who waits. */
  start(countdownMs: number): void {
    this.#link?.send({
      type: "start",
      lobby_id: this.#room.lobby,
      prompt_id: this.#room.prompt,
      in: countdownMs,
    });
  }

  /** Resolves when the start has come, or is late beyond all patience. */
  async started(): Promise<void> {
    await this.#changes.until(() => this.#startedAtMs !== undefined, answerDeadlineMs);
  }

  async leave(): Promise<void> {
    this.#together = [];
    this.#users = [];
    await this.#link?.leave();
    this.#link = undefined;
  }

  /** Tells the viewers of the leaderboard that there is a new result, and is gone at once, as the site's pages are. */
  async signalResult(): Promise<void> {
    const link = await TextLink.open(this.#setting.wsUrl, { message: () => {} });
    link.send({
      type: "leaderboard_update",
      lobby_id: this.#room.lobby,
      prompt_id: this.#room.prompt,
    });
    await link.leave();
  }

  saw(): string {
    const resumed =
      this.#resumed === 0 ? "" : `; kept its place over ${count(this.#resumed, "lost connection")}`;
    return `${count(this.#starts, "start")}${resumed}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  /** Waits for what must come. */
  async #hears(what: string, holds: () => boolean): Promise<void> {
    const key = this.#key(what);
    this.#expected.due(key);
    if (await this.#changes.until(holds, answerDeadlineMs)) this.#expected.seen(key);
  }

  async #open(late: boolean): Promise<void> {
    const room = this.#room;
    this.#link = await TextLink.open(this.#setting.wsUrl, {
      message: (message) => this.#take(message),
      lost: (code, reason) =>
        this.#expected.fault(
          `round ${room.prompt}: the connection was closed with ${code} ${reason}`,
        ),
    });
    this.#link.send({
      type: "wait_start",
      user: this.user,
      lobby_id: room.lobby,
      prompt_id: room.prompt,
      resume: this.#secret,
      ...(late ? { late } : {}),
    });
  }

  #take(message: Message | undefined): void {
    if (message?.type === "update" && Array.isArray(message.users)) {
      this.#users = message.users;
      const gone = this.#together.filter((user) => !this.#users.includes(user));
      if (gone.length > 0)
        this.#expected.fault(`${this.#key("the list")} went without ${gone.join(", ")}`);
    } else if (message?.type === "start") {
      this.#startedAtMs = this.#setting.clock.monotonic();
      // From now on the players leave.
      this.#together = [];
      this.#starts++;
      this.#expected.seen(this.#key("the start"));
    }
    this.#changes.notify();
  }

  #key(what: string): string {
    return `${what} of round ${this.#room.prompt}`;
  }
}

/** A monitor: a box in a greenhouse that does one command after another, some of them badly. */
import { Changes } from "../changes.ts";
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import type { Random } from "../random.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { count } from "../words.ts";
import type { CommandFates } from "./command-fates.ts";
import { DeviceLink, type Payload } from "./device-link.ts";

/** What kind of box it is. */
export interface MonitorMake {
  readonly name: string;
  /** How often a command fails, of 1. */
  readonly errorShare: number;
  /** What it says then. */
  readonly errorReason: string;
  /** Newer firmware says which command it answers; older answers in order. */
  readonly echoesId: boolean;
  /** About how long it stays connected before it drops; undefined: always. */
  readonly staysMs?: number;
}

interface Task {
  readonly id: string;
  readonly command: string;
}

export class Monitor implements Participant {
  readonly name: string;
  readonly id: string;
  readonly #make: MonitorMake;
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #fates: CommandFates;
  readonly #expected: Expectation;
  readonly #changes: Changes;
  /** What is to be done, the one that is being done first. */
  #tasks: Task[] = [];
  #link: DeviceLink | undefined;
  #welcome = false;
  #leaving = false;
  #connections = 0;
  #done = 0;
  #failed = 0;

  /** `id`: 32 characters. */
  constructor(
    make: MonitorMake,
    id: string,
    parts: { readonly setting: Setting; readonly random: Random; readonly fates: CommandFates },
  ) {
    this.name = `monitor ${make.name}`;
    this.id = id;
    this.#make = make;
    this.#setting = parts.setting;
    this.#random = parts.random;
    this.#fates = parts.fates;
    this.#expected = new Expectation("welcomes", parts.setting.clock);
    this.#changes = new Changes(parts.setting.clock);
  }

  /** It has dropped and is not back yet. */
  get isAway(): boolean {
    return this.#connections > 0 && !this.#welcome;
  }

  /** Connects, and works until `leave`. Rejects if the server cannot be reached. */
  async connect(): Promise<void> {
    this.#connections++;
    this.#welcome = false;
    const key = `con ok no. ${this.#connections}`;
    this.#expected.due(key);
    this.#link = await DeviceLink.open(this.#setting.url, "device", {
      event: (name, payload) => this.#take(name, payload),
      lost: (reason) =>
        this.#expected.fault(`the server ended connection ${this.#connections}: ${reason}`),
    });
    this.#link.emit("con", { monitor_id: this.id });
    if (await this.#changes.until(() => this.#welcome, answerDeadlineMs)) this.#expected.seen(key);
  }

  /** Drops and comes back, again and again, until the setting ends; it is connected then. For a make that stays for ever, nothing. */
  async comeAndGo(): Promise<void> {
    const { staysMs } = this.#make;
    while (staysMs !== undefined && !this.#setting.ending) {
      await this.#setting.pause(staysMs * this.#random.between(0.5, 1.5));
      if (this.#setting.ending) return;
      this.#drop();
      await this.#setting.pause(this.#random.between(500, 2500));
      await this.connect();
    }
  }

  leave(): void {
    this.#leaving = true;
    this.#link?.leave();
    this.#changes.notify();
  }

  /** Does its work until it has left. */
  async work(): Promise<void> {
    for (;;) {
      await this.#changes.until(() => this.#tasks.length > 0 || this.#leaving, answerDeadlineMs);
      if (this.#leaving) return;
      const [task] = this.#tasks;
      if (task === undefined) continue;
      await this.#setting.pause(this.#random.between(200, 900));
      // It may have dropped meanwhile, and forgotten what it had to do.
      if (this.#tasks[0] !== task) continue;
      this.#tasks.shift();
      this.#answer(task);
    }
  }

  saw(): string {
    const dropped =
      this.#connections > 1 ? `; dropped and came back ${this.#connections - 1} times` : "";
    return `${count(this.#done + this.#failed, "command")}: ${this.#done} done, ${this.#failed} with an error${dropped}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  #take(name: string, payload: Payload): void {
    if (name === "con ok") this.#welcome = true;
    else if (
      name === "command do" &&
      payload.command_id !== undefined &&
      payload.command !== undefined
    ) {
      this.#accept({ id: payload.command_id, command: payload.command });
    } else this.#expected.fault(`${name} ${payload.reason ?? ""}`);
    this.#changes.notify();
  }

  #accept(task: Task): void {
    const fate = this.#fates.of(task.id);
    // Only what was in its hands when it dropped may come again.
    if (fate !== undefined && fate.did !== "dropped")
      this.#expected.fault(`was told to do ${task.command} again`);
    this.#tasks.push(task);
  }

  #answer({ id }: Task): void {
    const echo = this.#make.echoesId ? { command_id: id } : undefined;
    if (this.#random.chance(this.#make.errorShare)) {
      this.#failed++;
      this.#fates.write(id, { did: "error", reason: this.#make.errorReason });
      this.#link?.emit("command error", { reason: this.#make.errorReason, ...echo });
    } else {
      this.#done++;
      this.#fates.write(id, { did: "done" });
      this.#link?.emit("command done", echo);
    }
  }

  #drop(): void {
    this.#link?.drop();
    this.#welcome = false;
    for (const { id } of this.#tasks) this.#fates.write(id, { did: "dropped" });
    this.#tasks = [];
  }
}

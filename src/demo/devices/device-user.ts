/** A user of a monitor: sends commands and hears what became of them, of its own or, as a watcher, of everybody's. */
import { Changes } from "../changes.ts";
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import type { Random } from "../random.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { count } from "../words.ts";
import type { CommandFates } from "./command-fates.ts";
import { DeviceLink, type Payload } from "./device-link.ts";

/** How the server calls it when a monitor drops with a command in its hands. */
const disconnected = "monitor disconnected";

/** How many commands that may be handed over again are remembered. */
const maxRetried = 1000;

export interface UserParts {
  readonly setting: Setting;
  readonly random: Random;
  readonly fates: CommandFates;
}

export class DeviceUser implements Participant {
  readonly name: string;
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #fates: CommandFates;
  readonly #answers: Expectation;
  readonly #ends: Expectation;
  readonly #changes: Changes;
  /** Sent, and not yet answered with `command ok`: whether they may be handed over again. */
  readonly #sent: { readonly retry: boolean }[] = [];
  /** Commands of its own that may be handed over again. */
  readonly #retried = new Set<string>();
  #onCommand: (commandId: string) => void = () => {};
  #link: DeviceLink | undefined;
  #queried = false;
  #number = 0;
  #finished = 0;
  #failed = 0;

  constructor(name: string, parts: UserParts) {
    this.name = name;
    this.#setting = parts.setting;
    this.#random = parts.random;
    this.#fates = parts.fates;
    this.#answers = new Expectation("answers", parts.setting.clock);
    this.#ends = new Expectation("ends of commands", parts.setting.clock);
    this.#changes = new Changes(parts.setting.clock);
  }

  /** Commands that have ended, well or badly. */
  get ended(): { readonly finished: number; readonly failed: number; readonly open: number } {
    return { finished: this.#finished, failed: this.#failed, open: this.#ends.open };
  }

  /** Has `run` told of each command that the server takes from this user. */
  onCommand(run: (commandId: string) => void): void {
    this.#onCommand = run;
  }

  /** Connects and says which monitor it is about. `watch`: hears of everybody's commands, too. */
  async query(monitorId: string, watch = false): Promise<void> {
    this.#answers.due("query ok");
    this.#link = await DeviceLink.open(this.#setting.url, "page", {
      event: (name, payload) => this.#take(name, payload),
      lost: (reason) => this.#answers.fault(`the server ended the connection: ${reason}`),
    });
    this.#link.emit("query", { monitor_id: monitorId, ...(watch ? { watch } : {}) });
    await this.#changes.until(() => this.#queried, answerDeadlineMs);
  }

  /** Sends one of these commands every now and then, until the setting ends. */
  async sendUntilTheEnd(commands: readonly string[], everyMs: number): Promise<void> {
    while (!this.#setting.ending) {
      this.#send(this.#random.pick(commands));
      await this.#setting.pause(everyMs * this.#random.between(0.5, 1.5));
    }
  }

  /** The end of this command, which is somebody else's, is due too. */
  endIsDue(commandId: string): void {
    this.#ends.due(commandId);
  }

  /** Waits for all that is due, then leaves. */
  async leave(): Promise<void> {
    await this.#answers.settled(answerDeadlineMs);
    await this.#ends.settled(answerDeadlineMs);
    this.#link?.leave();
  }

  saw(): string {
    return `${count(this.#ends.met, "command")}: ${this.#finished} finished, ${this.#failed} failed`;
  }

  missed(): readonly string[] {
    return [...this.#answers.missed(), ...this.#ends.missed()];
  }

  #send(command: string): void {
    this.#number++;
    const retry = this.#random.chance(0.5);
    this.#sent.push({ retry });
    this.#answers.due(`command ok no. ${this.#number}`);
    this.#link?.emit("command send", { command, retry });
  }

  #take(name: string, payload: Payload): void {
    const { command_id: id, reason = "" } = payload;
    if (name === "query ok") {
      this.#queried = true;
      this.#answers.seen(name);
    } else if (name === "command ok" && id !== undefined) this.#accepted(id);
    else if (name === "command finish" && id !== undefined) this.#finish(id);
    else if (name === "command failed" && id !== undefined) this.#fail(id, reason);
    else this.#answers.fault(`${name} ${reason}`);
    this.#changes.notify();
  }

  /** The answers come in the order of sending. */
  #accepted(id: string): void {
    const sent = this.#sent.shift();
    if (sent === undefined) this.#answers.fault("command ok for a command that was not sent");
    else this.#answers.seen(`command ok no. ${this.#number - this.#sent.length}`);
    if (sent?.retry === true) this.#remember(id);
    this.#ends.due(id);
    this.#onCommand(id);
  }

  #finish(id: string): void {
    this.#finished++;
    const fate = this.#fates.of(id);
    if (this.#ends.isDue(id) && fate?.did !== "done") {
      this.#ends.fault(
        `a command finished that its monitor has not done (${fate?.did ?? "never had it"})`,
      );
    }
    this.#ends.seen(id);
  }

  #fail(id: string, reason: string): void {
    this.#failed++;
    const fate = this.#fates.of(id);
    const lost = fate === undefined || fate.did === "dropped";
    const isTrue =
      fate?.did === "error"
        ? fate.reason === reason
        : lost && reason === disconnected && !this.#retried.has(id);
    // A visitor's command may fail in other ways: it is not due.
    if (this.#ends.isDue(id) && !isTrue)
      this.#ends.fault(
        `a command failed with "${reason}", and its monitor ${fate?.did ?? "never had it"}`,
      );
    this.#ends.seen(id);
  }

  #remember(id: string): void {
    this.#retried.add(id);
    const [oldest] = this.#retried;
    if (this.#retried.size > maxRetried && oldest !== undefined) this.#retried.delete(oldest);
  }
}

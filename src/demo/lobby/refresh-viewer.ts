/** A page that fetches again whenever it is told `refresh`: a leaderboard, or a lobby's list of prompts. */
import { Expectation } from "../expectation.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { TextLink } from "../text-link.ts";
import { count } from "../words.ts";

export class RefreshViewer implements Participant {
  readonly name: string;
  readonly #setting: Setting;
  readonly #expected: Expectation;
  #link: TextLink | undefined;
  #signals = 0;
  #refreshes = 0;

  constructor(name: string, setting: Setting) {
    this.name = name;
    this.#setting = setting;
    this.#expected = new Expectation("refreshes", setting.clock);
  }

  /** Opens the page: `first` says what it views. */
  async open(first: object): Promise<void> {
    this.#link = await TextLink.open(this.#setting.wsUrl, {
      message: (_, text) => this.#take(text),
      lost: (code, reason) =>
        this.#expected.fault(`the connection was closed with ${code} ${reason}`),
    });
    this.#link.send(first);
  }

  /** Somebody is about to signal that there is something new. */
  refreshIsDue(): void {
    this.#signals++;
    this.#expected.due(`refresh ${this.#signals}`);
  }

  /** Sends a message of its own. */
  send(message: object): void {
    this.#link?.send(message);
  }

  /** Waits for every refresh that is due, then closes the page. */
  async close(): Promise<void> {
    await this.#expected.settled(answerDeadlineMs);
    await this.#link?.leave();
    this.#link = undefined;
  }

  saw(): string {
    return `${count(this.#refreshes, "refresh").replace(/hs$/, "hes")} after ${count(this.#signals, "signal")}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  #take(text: string): void {
    if (text !== "refresh") {
      this.#expected.fault(`${text.slice(0, 100)} came where only refresh may come`);
      return;
    }
    // A signal of a visitor's makes one refresh more than there were signals of ours.
    if (this.#expected.open === 0) return;
    this.#refreshes++;
    this.#expected.seen(`refresh ${this.#refreshes}`);
  }
}

/** A script that sends commands by HTTP, as cron would run it, and looks up what became of them. */
import { Expectation } from "../expectation.ts";
import { dataOf, demand } from "../http.ts";
import type { Participant } from "../participant.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { count } from "../words.ts";

/** Between two looks at what became of a command. */
const lookEveryMs = 300;

export class CommandScript implements Participant {
  readonly name = "cron script";
  readonly #setting: Setting;
  readonly #expected: Expectation;
  readonly #commandsUrl: string;
  /** The place in the list of the last command that has ended. */
  #after = 0;

  constructor(monitorId: string, setting: Setting) {
    this.#setting = setting;
    this.#commandsUrl = `${setting.url}/devices/${monitorId}/commands`;
    this.#expected = new Expectation("ends of commands", setting.clock);
  }

  /** Sends one command after another, until the setting ends. */
  async sendUntilTheEnd(command: string, everyMs: number): Promise<void> {
    while (!this.#setting.ending) {
      const id = idIn(dataOf(await demand(this.#commandsUrl, { body: { command } })));
      this.#expected.due(id);
      if (await this.#hasEnded(id)) this.#expected.seen(id);
      await this.#setting.pause(everyMs);
    }
  }

  saw(): string {
    return `${count(this.#expected.met, "command")} in the list, each with its end`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }

  /** Looks again and again: nobody tells a script. */
  async #hasEnded(id: string): Promise<boolean> {
    const { clock } = this.#setting;
    for (const endMs = clock.monotonic() + answerDeadlineMs; clock.monotonic() < endMs; ) {
      if ((await this.#statusOf(id)) === "done") return true;
      await new Promise<void>((resolve) => clock.after(lookEveryMs, resolve));
    }
    return false;
  }

  /** Reads the list on from the command before. */
  async #statusOf(id: string): Promise<unknown> {
    const listed = dataOf(await demand(`${this.#commandsUrl}?after=${this.#after}`));
    const entries: readonly Readonly<Record<string, unknown>>[] = Array.isArray(listed)
      ? listed
      : [];
    const found = entries.find((entry) => entry.command_id === id);
    if (found?.status === "done" && typeof found.offset === "number") this.#after = found.offset;
    return found?.status;
  }
}

/** The id in the answer to a command. */
function idIn(data: unknown): string {
  const id =
    typeof data === "object" && data !== null && "command_id" in data ? data.command_id : undefined;
  if (typeof id !== "string")
    throw new Error(`an answer without command_id: ${JSON.stringify(data)?.slice(0, 300)}`);
  return id;
}

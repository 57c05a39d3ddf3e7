/** The lobby: four players ready up and start together, a fifth comes late, two pages are told to refresh. */
import { demand } from "../http.ts";
import type { Participant, Scene } from "../participant.ts";
import type { Random } from "../random.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import { Player, type Room } from "./player.ts";
import { RefreshViewer } from "./refresh-viewer.ts";

const lobby = 10;
const countdownMs = 1000;

export class LobbyScene implements Scene {
  readonly service = "lobby";
  readonly about =
    "four players ready up and start together, one loses the network on the way, a fifth comes late";
  readonly command: string;
  readonly participants: readonly Participant[];
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #players: readonly Player[];
  readonly #latecomer: Player;
  readonly #leaderboard: RefreshViewer;
  readonly #prompts: RefreshViewer;
  #round = 0;
  #doing = "nobody is here yet";

  constructor(setting: Setting, random: Random) {
    this.#setting = setting;
    this.#random = random;
    const player = (user: string) =>
      new Player(user, `secret of ${user} ${random.next()}`, setting);
    this.#players = ["ann", "ben", "cleo", "dev"].map(player);
    this.#latecomer = player("lee");
    this.#leaderboard = new RefreshViewer("leaderboard page", setting);
    this.#prompts = new RefreshViewer("prompts page", setting);
    this.participants = [...this.#players, this.#latecomer, this.#leaderboard, this.#prompts];
    this.command = `curl -s ${setting.url}/lobbies`;
  }

  async play(): Promise<void> {
    await this.#prompts.open({ type: "lobby_prompts", lobby_id: lobby });
    while (!this.#setting.ending) {
      this.#round++;
      await this.#play({ lobby, prompt: this.#round });
      await this.#setting.pause(2000);
    }
    await this.#prompts.close();
  }

  line(): string {
    return `round ${this.#round}: ${this.#doing}`;
  }

  /** One round. From the setting's end on every pause is over at once, so it is played to its end quickly. */
  async #play(room: Room): Promise<void> {
    await this.#announce(room);
    await this.#leaderboard.open({
      type: "leaderboard",
      lobby_id: room.lobby,
      prompt_id: room.prompt,
    });

    this.#doing = "players are coming";
    await Promise.all(
      this.#players.map(async (player) => {
        await this.#setting.pause(this.#random.between(0, 1200));
        await player.join(room);
        await player.togetherWith(this.#players.map(({ user }) => user));
      }),
    );

    const [host, ...others] = this.#players;
    if (host === undefined) return;
    const unlucky = this.#random.pick(others);
    this.#doing = `all are here, ${unlucky.user} has lost the network`;
    await unlucky.dropAndResume(this.#random.between(300, 1500));

    for (const player of this.#players) player.startIsDue();
    host.start(countdownMs);
    await Promise.all(this.#players.map((player) => player.started()));
    this.#doing = `started ${this.#together()}; ${unlucky.user} had lost the network and kept the place`;
    await this.#latecomer.join(room, true);
    await this.#setting.pause(countdownMs);

    await Promise.all(
      [...this.#players, this.#latecomer].map(async (player) => {
        await player.leave();
        await this.#setting.pause(this.#random.between(500, 3000));
        this.#leaderboard.refreshIsDue();
        await player.signalResult();
      }),
    );
    await this.#leaderboard.close();
  }

  /** A new prompt: somebody on the page says so, or the web server by HTTP. */
  async #announce(room: Room): Promise<void> {
    this.#prompts.refreshIsDue();
    if (room.prompt % 2 === 1) this.#prompts.send({ type: "lobby_prompts_update" });
    else
      await demand(`${this.#setting.url}/lobbies/${room.lobby}/prompt-updates`, { method: "POST" });
  }

  /** How far apart the players' starts came. */
  #together(): string {
    const times = this.#players.flatMap(({ startedAtMs }) =>
      startedAtMs === undefined ? [] : [startedAtMs],
    );
    const apartMs = Math.max(...times) - Math.min(...times);
    return `${count(times.length, "player")} within ${Math.max(1, Math.ceil(apartMs))} ms of each other`;
  }
}

/** Devices: users and a script command three greenhouse monitors, one of which often fails and one often drops. */
import type { Participant, Scene } from "../participant.ts";
import type { Random } from "../random.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import { CommandFates } from "./command-fates.ts";
import { CommandScript } from "./command-script.ts";
import { DeviceUser } from "./device-user.ts";
import { Monitor, type MonitorMake } from "./monitor.ts";

/** A monitor, and somebody who commands it. */
interface Kind {
  readonly make: MonitorMake;
  readonly user: string;
  readonly commands: readonly string[];
}

const pump: Kind = {
  make: { name: "pump", errorShare: 0, errorReason: "", echoesId: true },
  user: "user uma",
  commands: ["water bed 1", "water bed 2", "water bed 3"],
};

/** Its firmware is old: it does not say which command it answers. */
const vent: Kind = {
  make: { name: "vent", errorShare: 0.4, errorReason: "the vent is stuck", echoesId: false },
  user: "user vic",
  commands: ["open", "close", "open halfway"],
};

const lamp: Kind = {
  make: { name: "lamp", errorShare: 0, errorReason: "", echoesId: true, staysMs: 5000 },
  user: "user wen",
  commands: ["on", "off", "dim to 40 %"],
};

const sendEveryMs = 1800;
const scriptEveryMs = 4000;

export class DevicesScene implements Scene {
  readonly service = "devices";
  readonly about =
    "users command a pump, a vent that often fails and a lamp that drops and comes back";
  readonly command: string;
  readonly participants: readonly Participant[];
  readonly #monitors: readonly Monitor[];
  readonly #users: readonly {
    readonly user: DeviceUser;
    readonly monitorId: string;
    readonly commands: readonly string[];
  }[];
  readonly #watcher: DeviceUser;
  readonly #ventId: string;
  readonly #script: CommandScript;

  /** `mark` makes the ids of the monitors new, where others may have stored before. */
  constructor(setting: Setting, random: Random, mark: string) {
    const fates = new CommandFates();
    const parts = (name: string) => ({ setting, random: random.for(name), fates });
    const idOf = ({ make }: Kind) => monitorId(`${make.name}${mark}`);
    const kinds = [pump, vent, lamp];
    this.#monitors = kinds.map((kind) => new Monitor(kind.make, idOf(kind), parts(kind.make.name)));
    this.#users = kinds.map((kind) => ({
      user: new DeviceUser(kind.user, parts(kind.user)),
      monitorId: idOf(kind),
      commands: kind.commands,
    }));
    this.#ventId = idOf(vent);
    this.#watcher = new DeviceUser("watcher of the vent", parts("watcher"));
    this.#script = new CommandScript(idOf(pump), setting);
    this.participants = [
      ...this.#monitors,
      ...this.#users.map(({ user }) => user),
      this.#watcher,
      this.#script,
    ];
    this.command = `curl -s ${setting.url}/devices/${idOf(pump)}/commands -d '{"command":"water the cat"}'`;
  }

  async play(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.connect()));
    const working = this.#monitors.map((monitor) => monitor.work());

    await this.#watcher.query(this.#ventId, true);
    await Promise.all(
      this.#users.map(async ({ user, monitorId }) => {
        await user.query(monitorId);
        if (monitorId === this.#ventId)
          user.onCommand((commandId) => this.#watcher.endIsDue(commandId));
      }),
    );

    await Promise.all([
      ...this.#users.map(({ user, commands }) => user.sendUntilTheEnd(commands, sendEveryMs)),
      this.#script.sendUntilTheEnd("report the level", scriptEveryMs),
      ...this.#monitors.map((monitor) => monitor.comeAndGo()),
    ]);
    await Promise.all(
      [...this.#users.map(({ user }) => user), this.#watcher].map((user) => user.leave()),
    );
    for (const monitor of this.#monitors) monitor.leave();
    await Promise.all(working);
  }

  line(): string {
    const ends = this.#users.map(({ user }) => user.ended);
    const sum = (of: "finished" | "failed" | "open") =>
      ends.reduce((total, end) => total + end[of], 0);
    const away = this.#monitors
      .filter((monitor) => monitor.isAway)
      .map(({ name }) => `; ${name} is away`);
    return `${count(sum("finished"), "command")} finished, ${sum("failed")} failed, ${sum("open")} under way${away.join("")}`;
  }
}

/** A monitor_id must have exactly 32 characters. */
function monitorId(name: string): string {
  return `${name}-`.padEnd(32, "0");
}

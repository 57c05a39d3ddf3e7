/** Each scene against a real server: content when nothing is lost, and not when a single message is. */
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../kit/index.ts";
import { TestServer } from "../testing/index.ts";
import { CrowdScene } from "./crowd/crowd-scene.ts";
import { DevicesScene } from "./devices/devices-scene.ts";
import { ExperimentsScene } from "./experiments/experiments-scene.ts";
import { LobbyScene } from "./lobby/lobby-scene.ts";
import { startLossyProxy } from "./lossy-proxy.fixture.ts";
import type { Scene } from "./participant.ts";
import { Random } from "./random.ts";
import { Setting } from "./setting.ts";
import { TrackingScene } from "./tracking/tracking-scene.ts";

/** A clock on which time passes so many times as fast: the participants', not the server's. */
function hastyClock(haste: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * haste,
    after: (ms, run) => systemClock.after(ms / haste, run),
  };
}

/** Where everything must come in time, the deadlines stay long enough for a busy machine. */
const mildHaste = 4;

/** Where something is lost, somebody waits for it in vain until the deadline. */
const greatHaste = 10;

/** How long the participants think that they play. */
const playMs = 10_000;

/** How long they go on after the loss. */
const afterLossMs = 1000;

const random = () => new Random("scenes test");

const scenes: readonly {
  readonly make: (setting: Setting) => Scene;
  readonly lost: string;
  readonly nth: number;
  readonly missedBy: RegExp;
}[] = [
  {
    make: (setting) => new LobbyScene(setting, random()),
    lost: '"type":"start"',
    nth: 3,
    missedBy: /^player/,
  },
  {
    make: (setting) => new LobbyScene(setting, random()),
    lost: "refresh",
    nth: 4,
    missedBy: /page$/,
  },
  {
    make: (setting) => new DevicesScene(setting, random(), ""),
    lost: '["command finish"',
    nth: 3,
    missedBy: /^(user|watcher)/,
  },
  {
    make: (setting) => new DevicesScene(setting, random(), ""),
    lost: '["command failed"',
    nth: 2,
    missedBy: /^(user|watcher)/,
  },
  {
    make: (setting) => new ExperimentsScene(setting, random(), "x"),
    lost: '"theta[8]":[',
    nth: 3,
    missedBy: /dashboard|latecomer/,
  },
  {
    make: (setting) => new ExperimentsScene(setting, random(), "x"),
    lost: '"experiment:finish"',
    nth: 2,
    missedBy: /dashboard|phone|latecomer/,
  },
  {
    make: (setting) => new TrackingScene(setting, random()),
    lost: '"type":"stop"',
    nth: 2,
    missedBy: /camera|operator|wall/,
  },
  {
    make: (setting) => new TrackingScene(setting, random()),
    lost: '"type":"featureMap"',
    nth: 2,
    missedBy: /camera/,
  },
  {
    make: (setting) => new TrackingScene(setting, random()),
    lost: '"type":"newObject"',
    nth: 2,
    missedBy: /operator|wall/,
  },
  {
    make: (setting) => new CrowdScene(setting, random(), ""),
    lost: '"update_status"',
    nth: 2,
    missedBy: /Mephisto/,
  },
  {
    make: (setting) => new CrowdScene(setting, random(), ""),
    lost: '"submitted"',
    nth: 2,
    missedBy: /^worker/,
  },
];

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Plays a scene while the proxy loses what it is told to; a scene that loses something ends soon after. Returns who missed what. */
async function play(
  make: (setting: Setting) => Scene,
  haste: number,
  loses: (text: string) => boolean,
) {
  const clock = hastyClock(haste);
  const server = await TestServer.start();
  stops.push(() => server.stop());
  const proxy = await startLossyProxy(server.url, (text) => {
    const lost = loses(text);
    if (lost) clock.after(afterLossMs, () => setting.end());
    return lost;
  });
  stops.push(() => proxy.stop());
  const setting = new Setting(proxy.url, clock);
  const scene = make(setting);
  clock.after(playMs, () => setting.end());
  await scene.play();
  return scene.participants
    .map((participant) => ({ name: participant.name, what: participant.missed() }))
    .filter(({ what }) => what.length > 0);
}

describe("a scene in which nothing is lost", () => {
  const kinds = [
    ...new Map(
      scenes.map(({ make }) => [
        make(new Setting("http://127.0.0.1:1", systemClock)).service,
        make,
      ]),
    ),
  ];

  it.each(kinds)("%s: nobody misses anything", async (_, make) => {
    expect(await play(make, mildHaste, () => false)).toEqual([]);
  });
});

describe("a scene in which one message is lost", () => {
  it.each(scenes)("somebody misses $lost, number $nth", async ({ make, lost, nth, missedBy }) => {
    let seen = 0;
    const missed = await play(make, greatHaste, (text) => text.includes(lost) && ++seen === nth);
    expect(seen, `frames with ${lost}`).toBeGreaterThanOrEqual(nth);
    expect(missed.map(({ name }) => name)).toEqual(
      expect.arrayContaining([expect.stringMatching(missedBy)]),
    );
  });
});

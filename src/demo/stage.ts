/** Plays all scenes at once, with a line for each every few seconds. */
import { messageOf } from "../wire/error.ts";
import type { Scene } from "./participant.ts";
import { answerDeadlineMs, type Setting } from "./setting.ts";
import type { SceneResult } from "./summary.ts";

/** Between two blocks of live lines. */
const lineEveryMs = 5000;

/** How long the scenes may take to come to their ends: a few answers, one after another. */
const longestEndingMs = 4 * answerDeadlineMs;

/** What the stage needs to know. */
export interface Staging {
  readonly setting: Setting;
  readonly scenes: readonly Scene[];
  print(line: string): void;
}

/** Resolves when all scenes are over, which is some time after `setting.end()`. A scene that cannot go on ends the others, too. */
export async function play({ setting, scenes, print }: Staging): Promise<readonly SceneResult[]> {
  const failures = new Map<Scene, string>();
  const open = new Set(scenes);
  const all = Promise.all(
    scenes.map(async (scene) => {
      try {
        await scene.play();
      } catch (error) {
        failures.set(scene, messageOf(error));
      } finally {
        open.delete(scene);
        setting.end();
      }
    }),
  );
  await tell({ setting, scenes, print });
  print("Coming to an end…\n");
  await within(setting, all);
  for (const scene of open)
    failures.set(scene, `was not over ${longestEndingMs / 1000} s after the end`);
  return scenes.map((scene) => ({
    service: scene.service,
    participants: scene.participants,
    failed: failures.get(scene),
  }));
}

/** Prints a block of lines every now and then until the setting ends. */
async function tell({ setting, scenes, print }: Staging): Promise<void> {
  const { clock } = setting;
  const width = Math.max(...scenes.map(({ service }) => service.length));
  const startMs = clock.monotonic();
  for (let block = 1; !setting.ending; block++) {
    await setting.pause(startMs + block * lineEveryMs - clock.monotonic());
    if (setting.ending) return;
    const at = `${Math.round((clock.monotonic() - startMs) / 1000)} s`;
    for (const [nth, scene] of scenes.entries())
      print(
        `${(nth === 0 ? at : "").padStart(7)}  ${scene.service.padEnd(width)}  ${scene.line()}`,
      );
    print("");
  }
}

/** Resolves when `work` is over, or when it has taken too long. */
async function within({ clock }: Setting, work: Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(longestEndingMs, resolve);
    void work.then(() => {
      timer.cancel();
      resolve();
    });
  });
}

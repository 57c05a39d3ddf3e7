/** The viewer against a server as it was before Switchboard: by counting alone. */
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { startProxy } from "../cut-proxy.fixture.ts";
import { Watch } from "./experiments.fixture.ts";
import { OriginalExperiments } from "./original-experiments.fixture.ts";

const scope = scopePerTest();
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, nth) => from + nth);

async function start() {
  const original = await OriginalExperiments.start(scope);
  const proxy = scope.own(await startProxy(original.url), (started) => started.stop());
  /** Cuts, and does something before the viewer can come back. */
  const away = (work: () => void) => {
    proxy.refuse(true);
    proxy.cut();
    work();
    proxy.refuse(false);
  };
  return { original, proxy, away };
}

describe("a viewer of the original", () => {
  it("shows its token in the message and nowhere else", async () => {
    const { original } = await start();
    original.token = "secret";
    const { viewer } = new Watch(scope, original.url, { token: "secret" });
    await within(viewer.connection.whenOpen(), "open");
    const bad = new Watch(scope, original.url, { token: "bad" });
    expect(await within(bad.viewer.connection.whenClosed(), "the end")).toMatchObject({
      kind: "refused",
      loss: { code: 4401 },
    });
    expect(original.tokens).toEqual(["secret", "bad"]);
  });

  it("tells everything once over many lost connections, though everything comes again", async () => {
    const { original, proxy, away } = await start();
    const watch = new Watch(scope, proxy.url);
    watch.viewer.subscribe("c", ["x", "y"]);
    let log = "";
    for (let nth = 0; nth < 8; nth++) {
      original.sample("x", ...numbers(nth * 10, nth * 10 + 5));
      original.write(`${nth}\n`);
      const more = () => {
        original.sample("x", ...numbers(nth * 10 + 5, nth * 10 + 10));
        original.sample("y", nth);
        original.write("away\n");
      };
      if (nth % 2 === 0) away(more);
      else {
        more();
        await watch.until("what came", () => watch.of("x").length > nth * 10);
        proxy.cut();
      }
      log += `${nth}\naway\n`;
    }
    await watch.until(
      "all",
      () =>
        watch.of("x").length === 80 &&
        watch.of("y").length === 8 &&
        watch.log.length === log.length,
    );
    expect(watch.of("x")).toEqual(numbers(0, 80));
    expect(watch.of("y")).toEqual(numbers(0, 8));
    expect(watch.log).toBe(log);
    expect(watch.names.flatMap(({ names }) => names)).toEqual(["x", "y"]);
    expect([watch.wrong, watch.gaps, watch.resets, watch.viewer.ignored]).toEqual([[], [], [], 0]);
  });

  it.each<
    [
      string,
      { readonly log: string; readonly name: string; readonly values: readonly number[] },
      string,
    ]
  >([
    ["a shorter log", { log: "be", name: "x", values: [7, 8, 9, 10] }, "be"],
    ["another log", { log: "other log", name: "x", values: [7, 8, 9, 10] }, "other log"],
    ["other names", { log: "before", name: "y", values: [7] }, "before"],
    ["fewer samples", { log: "before", name: "x", values: [7] }, "before"],
  ])(
    "says `reset` when it comes back to %s, and starts over",
    async (_, { log, name, values }, shown) => {
      const { original, proxy, away } = await start();
      original.write("before");
      original.sample("x", 1, 2, 3);
      const watch = new Watch(scope, proxy.url);
      watch.viewer.subscribe("c", ["x", "y"]);
      await watch.until("x", () => watch.of("x").length === 3);
      away(() => {
        original.forget();
        original.write(log);
        original.sample(name, ...values);
      });
      await watch.until(
        "a reset",
        () => watch.resets.length === 1 && watch.of(name).length === values.length,
      );
      expect(watch.of(name)).toEqual(values);
      expect(watch.log).toBe(shown);
      expect(watch.viewer.variables).toEqual([{ chain: "c", names: [name] }]);
      original.sample(name, 99);
      await watch.until("more", () => watch.of(name).length === values.length + 1);
      expect([watch.wrong, watch.resets.length]).toEqual([[], 1]);
    },
  );

  it("ignores and counts what it does not know or cannot read", async () => {
    const { original, proxy } = await start();
    const watch = new Watch(scope, proxy.url);
    await within(watch.viewer.connection.whenOpen(), "open");
    watch.viewer.subscribe("c", ["x"]);
    for (const text of [
      "no JSON",
      "[]",
      '{"message":5}',
      '{"message":{"action":"dance"}}',
      '{"message":{"action":"names","data":5}}',
      '{"message":{"action":"experiment:event","data":[{"chain":"c","data":{"x":5}}]}}',
    ])
      original.say(text);
    original.say(
      '{"message":{"type":"experiment:event","unknown":1,"data":[{"chain":"c","data":{"x":[NaN]},"more":2}]}}',
    );
    await watch.until("x", () => watch.of("x").length === 1);
    expect(watch.of("x")).toEqual(["NaN"]);
    expect(watch.viewer.ignored).toBe(6);
  });
});

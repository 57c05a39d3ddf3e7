/** What is told has been stored before, however long that takes; and what needs no storing does not wait for it. */
import { expect, onTestFinished, test } from "vitest";
import { defaultLimits } from "../../contract/index.ts";
import { openMemoryEngine } from "../../engines/memory/index.ts";
import type { Engine, Log } from "../../kit/index.ts";
import { type Fakes, fakeConnection, held, ManualClock, settled } from "../../kit/kit.fixture.ts";
import { RunningService } from "../../kit/running-service.ts";
import { configSchema } from "./config.ts";
import { tracking } from "./service.ts";

/** An engine that stores nothing until it is told to. */
class SlowEngine {
  gate = Promise.resolve();
  readonly #engine: Engine;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  static async open(): Promise<SlowEngine> {
    const engine = await openMemoryEngine();
    onTestFinished(() => engine.close());
    return new SlowEngine(engine);
  }

  async start(clock: ManualClock): Promise<RunningService> {
    const { session, bus, leases, kind } = this.#engine;
    const log = await this.#engine.log("tracking");
    const append: Log["append"] = async (...call) => {
      await this.gate;
      return await log.append(...call);
    };
    const slow = new Proxy(log, {
      get(target, name) {
        if (name === "append") return append;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const engine = { kind, session, bus, leases, log: async () => slow } as unknown as Engine;
    const silent = () => {};
    const logger = { debug: silent, info: silent, warn: silent, error: silent };
    let lastId = 0;
    const parts = {
      config: configSchema.parse({}),
      limits: defaultLimits,
      engine,
      clock,
      logger,
      authEnabled: false,
    };
    return await RunningService.start(tracking, { ...parts, newId: () => `id${++lastId}` });
  }
}

/** Everything that came, after all has run that can. */
async function came({ link, turn }: Fakes): Promise<string[]> {
  for (let n = 0; n < 10; n++) {
    await settled();
    turn.end();
  }
  return link.writes.splice(0).flat();
}

function connect(service: RunningService, path: string): Fakes {
  const parts = fakeConnection({ opening: { path } });
  parts.connection.handOver(() => service.open(parts.connection));
  return parts;
}

function send({ connection }: Fakes, message: object): void {
  connection.receiveText(JSON.stringify(message), 1);
}

test("objects, boxes with something new, and nothing else wait for the log", async () => {
  const engine = await SlowEngine.open();
  const clock = new ManualClock();
  const service = await engine.start(clock);
  const [client, camera, other] = [
    connect(service, "/client"),
    connect(service, "/processor"),
    connect(service, "/processor"),
  ];
  send(client, { type: "setUsesImages", usesImages: true });
  send(camera, { type: "identifier", id: "a" });
  send(other, { type: "identifier", id: "b" });
  await came(client);

  let gate = held();
  engine.gate = gate.done;
  send(client, { type: "start", cameraId: "a", image: "x" });
  expect([await came(client), await came(camera)]).toEqual([[], []]);
  gate.release();
  expect(await came(client)).toEqual(['{"type":"newObject","objectId":1,"image":"x"}']);
  expect(await came(camera)).toEqual(['{"type":"start","objectId":1,"image":"x"}']);

  gate = held();
  engine.gate = gate.done;
  const frame = (frameId: number, ...objectIds: number[]) => ({
    type: "boundingBoxes",
    frameId,
    boxes: objectIds.map((objectId) => ({ objectId })),
  });
  const printed = (cameraId: string, frameId: number, boxes: string) =>
    `{"type":"boundingBoxes","cameraId":"${cameraId}","frameId":${frameId},"boxes":${boxes}}`;
  send(camera, frame(1, 1));
  send(camera, frame(2));
  send(other, frame(3, 99));
  // The camera's second frame waits for its first.
  expect(await came(client)).toEqual([printed("b", 3, '[{"objectId":99}]')]);
  gate.release();
  expect(await came(client)).toEqual([printed("a", 1, '[{"objectId":1}]'), printed("a", 2, "[]")]);

  engine.gate = new Promise(() => {});
  send(camera, frame(4, 1));
  expect(await came(client)).toEqual([printed("a", 4, '[{"objectId":1}]')]);
  clock.advance(1000);
  send(camera, frame(5, 1));
  expect(await came(client)).toEqual([]);
});

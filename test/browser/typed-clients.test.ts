/** Each typed client in a real browser, against a really started server on another port: it opens and does its first job. */
import { expect, it } from "vitest";
import { TestServer } from "../../src/testing/index.ts";
import { loadStudy } from "../support/crowd.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { ClientBrowser, type Entry } from "./client-page.ts";

declare const switchboard: Entry;
declare const tell: (name: string, value: unknown) => void;

needs(chromium);
const browser = new ClientBrowser(scopePerFile());
const scope = scopePerTest();

const startServer = async () => scope.own(await TestServer.start(), (server) => server.stop());

it("lobby: two players start together, and a leaderboard refreshes", async () => {
  const { url } = await startServer();
  const [dan, eve] = [await browser.open(scope), await browser.open(scope)];
  const join = async (page: typeof dan, user: string) =>
    await page.page.evaluateHandle(
      async ([url, user]) => {
        const player = new switchboard.lobby.LobbyPlayer(url, { user, lobbyId: 1, promptId: 1 });
        player.on("start", () => tell("start", user));
        player.on("players", ({ users }) => {
          if (users.length === 2) tell("both", users);
        });
        await player.connection.whenOpen();
        return player;
      },
      [url, user] as const,
    );
  await join(dan, "dan");
  const second = await join(eve, "eve");
  expect([await dan.next("both"), await eve.next("both")]).toEqual([
    ["dan", "eve"],
    ["dan", "eve"],
  ]);
  expect(await second.evaluate((player) => player.start().outcome)).toBe("acked");
  expect([await dan.next("start"), await eve.next("start")]).toEqual(["dan", "eve"]);

  await dan.page.evaluate(async (url) => {
    const board = new switchboard.lobby.Leaderboard(url, { lobbyId: 1, promptId: 1 });
    board.on("refresh", () => tell("refresh", ""));
    await board.connection.whenOpen();
    await switchboard.lobby.signalLeaderboard(url, { lobbyId: 1, promptId: 1 });
  }, url);
  await dan.next("refresh");
});

it("devices: a user's command is done by a monitor in another page", async () => {
  const { url } = await startServer();
  const monitorId = "m".repeat(32);
  const device = await browser.open(scope);
  await device.page.evaluate(
    async ([url, monitorId]) => {
      const monitor = new switchboard.devices.Monitor(url, {
        monitorId,
        run: (command) => tell("do", command),
      });
      await monitor.connection.whenOpen();
    },
    [url, monitorId] as const,
  );
  const user = await browser.open(scope);
  const result = await user.page.evaluate(
    async ([url, monitorId]) => {
      const dan = new switchboard.devices.DeviceUser(url, { monitorId });
      return (await dan.command("open the valve").result).status;
    },
    [url, monitorId] as const,
  );
  expect(result).toBe("done");
  expect(await device.next("do")).toBe("open the valve");
});

it("experiments: a publisher's samples come to a viewer", async () => {
  const { url } = await startServer();
  const page = await browser.open(scope);
  await page.page.evaluate(async (url) => {
    const { ExperimentPublisher, ExperimentViewer } = switchboard.experiments;
    const publisher = new ExperimentPublisher(url, { experiment: "E1" });
    publisher.samples("chain_1", { mu: [1, 2.5, 4] });
    const viewer = new ExperimentViewer(url, { experiment: "E1" });
    viewer.on("names", (chains) => {
      for (const { chain, names } of chains) viewer.subscribe(chain, names);
    });
    viewer.on("samples", (samples) => tell("samples", samples));
    await publisher.finish();
  }, url);
  expect(await page.next("samples")).toMatchObject({
    chain: "chain_1",
    variable: "mu",
    from: 0,
    values: [1, 2.5, 4],
  });
});

it("tracking: a camera's boxes come to an interface, whose order comes to the camera", async () => {
  const { url } = await startServer();
  const page = await browser.open(scope);
  await page.page.evaluate(async (url) => {
    const { BoxesMessage, StartMessage, TrackingInterface, TrackingProcessor } =
      switchboard.tracking;
    const screen = new TrackingInterface(url);
    screen.on("boxes", ({ cameraId, frameId, boxes: [box] }) => {
      tell("boxes", { cameraId, frame: frameId.value, box });
      if (box !== undefined) screen.startTracking({ cameraId, frameId, boxId: box.boxId });
    });
    const camera = new TrackingProcessor(url, { cameraId: "entrance" });
    await Promise.all([screen.connection.whenOpen(), camera.connection.whenOpen()]);
    camera.send(
      new BoxesMessage({
        frameId: 7,
        boxes: [{ boxId: 3, rect: [0, 0, 1, 1], objectType: "person", certainty: 0.9 }],
      }),
    );
    const order = await camera.next();
    tell("order", order instanceof StartMessage);
  }, url);
  expect(await page.next("boxes")).toMatchObject({
    cameraId: "entrance",
    frame: 7,
    box: { boxId: 3, objectType: "person" },
  });
  expect(await page.next("order")).toBe(true);
});

it("crowd: a worker gets a unit, submits it, and sees the numbers", async () => {
  const { url } = await startServer();
  await loadStudy(url, "study", 3);
  const page = await browser.open(scope);
  const stage = await page.page.evaluate(async (url) => {
    const worker = new switchboard.crowd.CrowdWorker(url, { workerName: "ann" });
    worker.on("stats", (stats) => tell("stats", stats));
    const unit = await worker.requestUnit();
    if (unit.stage === "CAD") await worker.submit({ cad: `${unit.original} not` });
    return unit.stage;
  }, url);
  expect(stage).toBe("CAD");
  await page.next(
    "stats",
    (value) => (value as { cads: readonly unknown[] | number }).cads !== undefined,
  );
});

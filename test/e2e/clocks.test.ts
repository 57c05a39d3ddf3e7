/** Ages of what the server has dated, in browsers whose clock is wrong by an hour. */
import type { Page } from "playwright-core";
import { beforeAll, describe, it } from "vitest";
import { agentOf, loadStudy, PacketSocket } from "../support/crowd.ts";
import { newMonitorId } from "../support/device-socket.ts";
import { dataOf, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { join } from "../support/lobby.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { processorAt } from "../support/tracking.ts";
import { ConsoleBrowser } from "./console-browser.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

let server: ServerProcess;
let browser: ConsoleBrowser;
beforeAll(async () => {
  server = await startServer(fileScope);
  await loadStudy(server.url, "clocks", 2);
  browser = new ConsoleBrowser(fileScope, server.url);
});

/** Neither hours, which the clocks differ by, nor for ever "now". */
const seconds = /^\d+ s ago$/;

describe.each([
  ["ahead", 3_600_000],
  ["behind", -3_600_000],
])("an hour %s", (_, byMs) => {
  const open = async (path: string): Promise<Page> => {
    const { page } = await browser.openPage(scope, "/console/");
    await page.addInitScript((ms) => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + ms;
    }, byMs);
    await page.goto(path);
    return page;
  };

  it("a command is as old as it is", async () => {
    const monitorId = newMonitorId();
    dataOf(
      await request(server.url, `POST /devices/${monitorId}/commands`, {
        body: { command: "open", wait_ms: 60_000 },
      }),
    );
    const page = await open(`/console/devices/${monitorId}`);
    const rowIn = (table: string) =>
      page.getByRole("table", { name: table }).getByRole("row").nth(1);
    await rowIn("History").getByText(seconds).waitFor();
    await rowIn("Monitors").getByText(seconds).waitFor();
  });

  it("a connection, and what is inspected", async () => {
    await join(scope, server.ws("/lobby"), { user: "ida", lobby_id: "inspected" });
    const page = await open("/console/inspector");
    const row = page
      .getByRole("table", { name: "Connections" })
      .getByRole("row")
      .filter({ hasText: "/lobby" })
      .first();
    await row.getByRole("cell").nth(4).getByText(seconds).waitFor();
    await row.getByRole("cell").nth(5).getByText(seconds).waitFor();
    await row.getByRole("link", { name: "Inspect" }).click();
    await page.locator(".inspection-about").getByText(seconds).waitFor();
  });

  it("who waits in a lobby, and since when it has started", async () => {
    const [lobby, other] = [`started ${byMs}`, `waiting ${byMs}`];
    const player = await join(scope, server.ws("/lobby"), { user: "ida", lobby_id: lobby });
    await join(scope, server.ws("/lobby"), { user: "eve", lobby_id: other });
    player.send({ type: "start" });
    await player.ofType("start");
    await join(scope, server.ws("/lobby"), { user: "ida", lobby_id: lobby });
    const page = await open("/console/lobby");
    const card = (id: string) => page.getByRole("article", { name: `Lobby ${id}, prompt 5` });
    await card(other).getByRole("list").getByText(seconds).waitFor();
    await card(lobby)
      .getByRole("contentinfo")
      .or(card(lobby).locator("footer"))
      .getByText(seconds)
      .waitFor();
  });

  it("a camera", async () => {
    await processorAt(scope, server, `c ${byMs}`);
    const page = await open("/console/tracking");
    await page
      .getByRole("article", { name: `Camera c ${byMs}` })
      .locator(".camera-facts")
      .getByText(seconds)
      .waitFor();
  });

  it("feedback of a worker", async () => {
    const agent = await agentOf(server.url, `ida ${byMs}`, "r");
    const socket = await PacketSocket.open(scope, server.ws(), agent);
    socket.live({ message: "submit_feedback", feedback: `nice ${byMs}` });
    await eventually(
      "feedback",
      async () => (await request(server.url, "GET /crowd/studies/clocks/export")).text,
      (text) => text.includes(`"nice ${byMs}"`),
    );
    const page = await open("/console/crowd/requester/clocks");
    const row = page
      .getByRole("table", { name: "Feedback" })
      .getByRole("row")
      .filter({ hasText: `nice ${byMs}` });
    await row.getByText(seconds).waitFor();
  });
});

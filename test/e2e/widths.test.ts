/** Ids without a space, as long as programs make them: no page becomes wider than a phone. */
import { beforeAll, expect, it } from "vitest";
import { loadStudy } from "../support/crowd.ts";
import { newMonitorId } from "../support/device-socket.ts";
import { dataOf, request } from "../support/http.ts";
import { join } from "../support/lobby.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { processorAt } from "../support/tracking.ts";
import { ConsoleBrowser } from "./console-browser.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

const long = "4f1c2ad0f2d84f0a9a3b7d1c5e6f7a8b".repeat(3);
const width = 390;
let server: ServerProcess;
let browser: ConsoleBrowser;
beforeAll(async () => {
  server = await startServer(fileScope);
  browser = new ConsoleBrowser(fileScope, server.url);
});

it("an experiment, its chains and variables", async () => {
  const logs = {
    vars: { [`chain${long}`]: { [`mu${long}`]: [1, 2, 3] } },
    iteration: { [`chain${long}`]: [1, 2, 3] },
  };
  const { status } = await request(server.url, `POST /api/object/x${long}`, {
    body: { payload: { object_type: "experiment.protobuf_message", logs } },
  });
  expect(status).toBe(200);
  const opened = await browser.openPage(scope, `/console/experiments/x${long}`, { width });
  await opened.shows(`x${long}`);
  const plot = opened.page.getByRole("article").filter({ hasText: `mu${long}` });
  await plot.scrollIntoViewIfNeeded();
  await plot.getByText("Every draw.").waitFor();
  await plot.getByText(`chain${long}`).first().waitFor();
  await opened.fitsWidth();
});

it("a lobby that is listed, watched and joined", async () => {
  await join(scope, server.ws("/lobby"), { user: `u${long}`, lobby_id: long, prompt_id: long });
  const opened = await browser.openPage(scope, "/console/lobby", { width });
  const { page } = opened;
  await page.getByRole("button", { name: `Watch signals of lobby ${long}` }).click();
  await page.getByRole("button", { name: `Join lobby ${long}` }).click();
  await opened.panel("Wait as a player").getByText("Live", { exact: true }).waitFor();
  await opened.fitsWidth();
});

it("monitors that are away, and the commands of one", async () => {
  const [first, second] = [newMonitorId(), newMonitorId()];
  for (const id of [first, second]) {
    dataOf(
      await request(server.url, `POST /devices/${id}/commands`, {
        body: { command: long, wait_ms: 60_000 },
      }),
    );
  }
  const opened = await browser.openPage(scope, `/console/devices/${first}`, { width });
  await opened.page.getByText("2 away").waitFor();
  await opened.page.getByRole("table", { name: "History" }).getByText(long).waitFor();
  await opened.fitsWidth();
  await opened.axe();
});

it("a camera", async () => {
  await processorAt(scope, server, long);
  const opened = await browser.openPage(scope, "/console/tracking", { width });
  await opened.page.getByRole("article", { name: `Camera ${long}` }).waitFor();
  await opened.fitsWidth();
});

it("a study, and a worker with a unit of it", async () => {
  const studyId = `s${long}`.slice(0, 64);
  await loadStudy(server.url, studyId, 1);
  const requester = await browser.openPage(scope, `/console/crowd/requester/${studyId}`, { width });
  await requester.page.getByText("with a worker,").first().waitFor();
  await requester.fitsWidth();
  const worker = await browser.openPage(scope, "/console/crowd/worker", { width });
  const { page } = worker;
  await page.getByLabel("Worker name").fill(`w${long}`);
  await page.getByLabel("Study").selectOption(studyId);
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByRole("button", { name: "Get a unit" }).click();
  await page
    .getByRole("button", { name: /Submit|Hand in|Done/ })
    .first()
    .waitFor();
  await worker.fitsWidth();
});

it("an inspected connection that is none, and an address that leads nowhere", async () => {
  const opened = await browser.openPage(scope, `/console/inspector/connection/${long}`, { width });
  await opened.page.getByRole("alert").getByText("look at the list").waitFor();
  await opened.fitsWidth();
  const lost = await browser.openPage(scope, `/console/${long}`, { width, expected: [/404/] });
  await lost.shows("There is no such page");
  await lost.fitsWidth();
});

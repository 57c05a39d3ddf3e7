/** The devices page: finds the stuck device, sends commands and shows their lives, takes back what waits. */
import type { Locator } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { commandsOf, statusOf } from "../support/devices.ts";
import { dataOf, request } from "../support/http.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer } from "../support/server-process.ts";
import { ConsoleBrowser, serverGone, views } from "./console-browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { startDemo } from "./demo.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

const pump = "pump-".padEnd(32, "0");
const rowOf = ({ page }: ConsolePage, table: string, text: string): Locator =>
  page.getByRole("table", { name: table }).getByRole("row").filter({ hasText: text });

async function post(url: string, monitorId: string, body: object): Promise<string> {
  const data = dataOf(await request(url, `POST /devices/${monitorId}/commands`, { body }));
  return (data as { readonly command_id: string }).command_id;
}

describe("with the demo", () => {
  /** Takes commands and answers none. */
  const stuckId = newMonitorId();
  /** Never there. */
  const awayId = newMonitorId();
  let url: string;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    url = await startDemo(fileScope);
    browser = new ConsoleBrowser(fileScope, url);
    const stuck = await DeviceSocket.monitor(fileScope, url, stuckId);
    await post(url, stuckId, { command: "move" });
    await stuck.until("command do");
  }, 90_000);

  it("has a command sent that the monitor does, and shows each step", async () => {
    const monitorId = newMonitorId();
    const monitor = await DeviceSocket.monitor(scope, url, monitorId);
    const opened = await browser.openPage(scope, `/console/devices/${monitorId}`);
    const { page } = opened;
    await page.getByRole("heading", { name: "This monitor was never sent a command" }).waitFor();
    await page.getByRole("textbox", { name: "Command" }).fill("open the valve");
    await page.getByText("How long it may wait, and whether to try again").click();
    await page.getByLabel("Wait for its answer, seconds").fill("90");
    await page.getByRole("button", { name: "Send" }).click();

    const { command, command_id: id = "" } = await monitor.until("command do");
    expect(command).toBe("open the valve");
    const row = rowOf(opened, "History", "open the valve");
    await row.locator(".life-now", { hasText: "sent" }).waitFor();
    expect(await statusOf(url, monitorId, id)).toBe("sent");
    await opened.screenshot("devices-sent");

    monitor.emit("command done", { command_id: id });
    await row.locator(".life-now", { hasText: "done" }).waitFor();
    expect(await commandsOf(url, monitorId)).toEqual([
      expect.objectContaining({ command_id: id, status: "done" }),
    ]);
    expect(dataOf(await request(url, `GET /devices/${monitorId}/commands`))).toMatchObject([
      { answer_ms: 90_000, retry: false },
    ]);
    const news = page.getByRole("list", { name: "As it happens" });
    await news.getByText("accepted").waitFor();
    await news.getByText("done").waitFor();
  });

  it("tells of others' commands, and only of its own if that is wanted", async () => {
    const monitorId = newMonitorId();
    const monitor = await DeviceSocket.monitor(scope, url, monitorId);
    const opened = await browser.openPage(scope, `/console/devices/${monitorId}`);
    await opened.page
      .getByRole("heading", { name: "This monitor was never sent a command" })
      .waitFor();
    await opened.page.getByRole("banner").getByText("Connection: Live").waitFor();
    const other = await DeviceSocket.user(scope, url, monitorId);
    await other.send("close the roof");
    await monitor.until("command do");
    monitor.emit("command error", { reason: "it is raining" });
    const news = opened.page.getByRole("list", { name: "As it happens" });
    await news.getByText("close the roof: it is raining (another user's)").waitFor();
    await rowOf(opened, "History", "close the roof").getByText("it is raining").waitFor();
    await opened.page.getByRole("button", { name: "Others' commands too" }).click();
    await news.getByText("Nothing has been told").waitFor();

    await opened.page.getByRole("button", { name: "done", exact: true }).click();
    await opened.page.getByRole("heading", { name: "No command is done" }).waitFor();
    await opened.page.getByRole("button", { name: "failed", exact: true }).click();
    await rowOf(opened, "History", "close the roof").waitFor();
  });

  it("leads to monitors whatever their ids are, by link, reload and back", async () => {
    const ids = [
      "aa:bb:cc:dd:ee:ff-",
      "a/b",
      "50%",
      "a%2Fb",
      "a%41",
      "x?y#z",
      "a+b&c=d;e,f@g$ 日本",
    ].map((id) => id.padEnd(32, "0"));
    const opened = await browser.openPage(scope, "/console/devices");
    const { page } = opened;
    const monitors = new Map<string, DeviceSocket>();
    for (const id of ids) monitors.set(id, await DeviceSocket.monitor(scope, url, id));
    for (const id of ids) {
      await page.getByRole("link", { name: id, exact: true }).click();
      await opened.panel(`Command ${id}`).waitFor();
      expect(await page.locator("tr[aria-current]").allTextContents()).toEqual([
        expect.stringContaining(id),
      ]);
    }
    await page.reload();
    await opened.panel(`Command ${ids.at(-1)}`).waitFor();
    for (const id of ids.slice(0, -1).reverse()) {
      await page.goBack();
      await opened.panel(`Command ${id}`).waitFor();
      await page.getByRole("textbox", { name: "Command" }).fill(`of ${id}`);
      await page.getByRole("button", { name: "Send" }).click();
      expect((await monitors.get(id)?.until("command do"))?.command).toBe(`of ${id}`);
    }
  });

  it("finds who is away with commands that wait, and takes one back", async () => {
    const id = await post(url, awayId, { command: "wake up", wait_ms: 600_000 });
    const opened = await browser.openPage(scope, "/console/devices");
    const row = rowOf(opened, "Monitors", awayId);
    await row.getByText("Away, commands wait").waitFor();
    await row.getByRole("link").click();
    await rowOf(opened, "History", "wake up").locator(".life-now", { hasText: "queued" }).waitFor();
    await opened.screenshot("devices-away");
    await opened.page.getByRole("button", { name: "Cancel wake up" }).click();
    await opened.page.getByText('"wake up" is cancelled').waitFor();
    await rowOf(opened, "History", "wake up")
      .locator(".life-now", { hasText: "cancelled" })
      .waitFor();
    expect(await statusOf(url, awayId, id)).toBe("cancelled");
    await row.waitFor({ state: "hidden" });
  });

  it("says what is wrong with a command, and with a monitor's id", async () => {
    const opened = await browser.openPage(scope, "/console/devices", {
      expected: [/400 GET \/devices/],
    });
    await opened.page.getByLabel("A monitor that is not listed").fill("too short");
    await opened.page.keyboard.press("Enter");
    await opened.page
      .getByRole("heading", { name: "The server does not take this monitor" })
      .waitFor();
    await opened.page.getByText("32 characters by default", { exact: false }).last().waitFor();
    await opened.page.getByRole("link", { name: pump }).click();
    await opened.page.getByRole("button", { name: "Send" }).click();
    await opened.page.getByText("Write what the monitor is to do").waitFor();
  });

  it.each(views)("shows monitors and commands: $width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, `/console/devices/${pump}`, { width, theme });
    await opened.shows("Devices");
    await rowOf(opened, "Monitors", pump)
      .getByText(/Working|Connected/)
      .waitFor();
    await rowOf(opened, "History", "water bed").first().waitFor();
    await opened.page
      .getByRole("list", { name: "As it happens" })
      .getByText("done")
      .first()
      .waitFor();
    await opened.fitsWidth();
    await opened.axe(theme);
    await opened.screenshot(`devices-${width}-${theme}`);
  });

  it("finds the monitor that is connected and does not answer", async () => {
    const opened = await browser.openPage(scope, "/console/devices");
    const monitors = opened.page.getByRole("table", { name: "Monitors" });
    await opened.page.getByText("1 stuck").waitFor({ timeout: 25_000 });
    // It is the first row, and says since when it has not answered.
    const first = monitors.getByRole("row").nth(1);
    expect(await first.textContent()).toContain(stuckId);
    await first.getByText("Stuck").waitFor();
    await first
      .getByText(/\d+ (s|min) ago/)
      .first()
      .waitFor();
    await first.getByText("sent").waitFor();
    await opened.axe();
    await opened.screenshot("devices-stuck");
  });
});

describe("without monitors", () => {
  it("says how to get some, and marks what is old while the server is away", async () => {
    const server = await startServer(scope);
    const opened = await new ConsoleBrowser(scope, server.url).openPage(scope, "/console/devices", {
      expected: serverGone,
    });
    await opened.page.getByRole("heading", { name: "No monitor is connected" }).waitFor();
    await opened.axe();
    await opened.screenshot("devices-empty");
    await DeviceSocket.monitor(scope, server.url, pump);
    await opened.page.getByRole("link", { name: pump }).click();
    await opened.page
      .getByRole("heading", { name: "This monitor was never sent a command" })
      .waitFor();
    await server.kill();
    await opened.page.getByText("Stale", { exact: true }).first().waitFor();
    await rowOf(opened, "Monitors", pump).waitFor();
    await opened.page.getByRole("textbox", { name: "Command" }).fill("open");
    await opened.page.getByRole("button", { name: "Send" }).click();
    await opened.page.getByText("1 not yet at the server").waitFor();
    await opened.screenshot("devices-lost");
  });
});

describe("with more monitors than fit on a page", () => {
  it("names the one that is stuck whichever page is shown, and leads to no page that is empty", async () => {
    const { url } = await startServer(scope);
    const ids = Array.from({ length: 100 }, (_, index) =>
      `m${String(index).padStart(3, "0")}`.padEnd(32, "0"),
    );
    await Promise.all(ids.map((id) => DeviceSocket.monitor(scope, url, id)));
    const opened = await new ConsoleBrowser(scope, url).openPage(scope, "/console/devices");
    const { page } = opened;
    const next = page.getByRole("button", { name: "Next 100" });
    await rowOf(opened, "Monitors", ids[99] ?? "").waitFor();
    await page.getByText("No monitor is stuck").waitFor();
    expect(await next.count()).toBe(0);

    const lastId = "z".repeat(32);
    const last = await DeviceSocket.monitor(scope, url, lastId);
    await post(url, lastId, { command: "move" });
    await last.until("command do");
    await page.getByText("1 stuck").waitFor({ timeout: 25_000 });
    expect(await rowOf(opened, "Monitors", lastId).count()).toBe(0);
    await page
      .getByRole("list", { name: "Monitors to look at" })
      .getByRole("link", { name: lastId })
      .click();
    await opened.panel(`Command ${lastId}`).waitFor();
    await opened.axe();
    await opened.screenshot("devices-stuck-elsewhere");

    await next.click();
    await rowOf(opened, "Monitors", lastId).waitFor();
    expect(await next.isDisabled()).toBe(true);
    await page.getByText("1 stuck").waitFor();
    last.disconnect();
    await page.getByRole("heading", { name: "Nothing is on this page any more" }).waitFor();
    await page.getByRole("button", { name: "Before" }).click();
    await rowOf(opened, "Monitors", ids[0] ?? "").waitFor();
    await next.waitFor({ state: "detached" });
  });
});

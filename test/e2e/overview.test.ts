/** The overview: what a newcomer sees of the demo, and what an operator finds. */
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/http.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";
import { ConsoleBrowser, serverGone, views } from "./console-browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { startDemo } from "./demo.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

interface Listed {
  readonly connections: readonly { readonly path: string; readonly unsentBytes: number }[];
}

const serviceNames = ["Lobby", "Devices", "Experiments", "Tracking", "Crowd"] as const;

/** What stands at a fact of a card: "4.1 kB/s". */
async function fact(opened: ConsolePage, service: string, name: string): Promise<string> {
  return (
    (await opened.panel(service).locator(".fact", { hasText: name }).locator("dd").textContent()) ??
    ""
  );
}

/** The number of a metric of one service. */
async function metric(url: string, name: string, service: string): Promise<number> {
  const { text } = await request(url, "GET /metrics");
  const line = text.split("\n").find((each) => each.startsWith(`${name}{service="${service}"}`));
  return Number(line?.split(" ").at(-1));
}

describe("with the demo", () => {
  let url: string;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    url = await startDemo(fileScope);
    browser = new ConsoleBrowser(fileScope, url);
  }, 90_000);

  it("says in a sentence what goes on, and shows every service with numbers that move", async () => {
    const opened = await browser.openPage(scope, "/console/");
    await opened.shows("Overview");
    await opened.page.getByText(/clients are connected to \d of 5 services on one node/).waitFor();
    for (const name of serviceNames) {
      const shown = opened.panel(name);
      await shown.getByText("Connected").waitFor();
      const line = shown
        .getByRole("img", { name: "Messages out, last minute" })
        .locator("polyline");
      await line.waitFor({ state: "attached" });
      const before = await line.getAttribute("points");
      await expect.poll(() => line.getAttribute("points")).not.toBe(before);
    }
    const rate = () => fact(opened, "Tracking", "Bytes out");
    const first = await rate();
    await expect.poll(rate).not.toBe(first);
    expect(first).toMatch(/B\/s$/);
  });

  it("counts as many connections as /metrics does", async () => {
    const opened = await browser.openPage(scope, "/console/");
    const shown = () =>
      opened
        .panel("Tracking")
        .locator(".figure", { hasText: "Connected" })
        .locator("strong")
        .textContent();
    // Both are asked again until they are of the same second.
    await expect
      .poll(
        async () =>
          Number(await shown()) - (await metric(url, "switchboard_connections", "tracking")),
      )
      .toBe(0);
    expect(await metric(url, "switchboard_connections", "tracking")).toBeGreaterThan(0);
  });

  it("leads to the inspector of a client that does not read", async () => {
    const values = JSON.stringify(Array.from({ length: 10_000 }, (_, at) => Math.sin(at)));
    const logs = `{"vars":{"chain_0":{"a/val":${values}}},"iteration":{"chain_0":[1,10000,17000000000000000000]}}`;
    const body = `{"payload":{"object_type":"experiment.protobuf_message","logs":${logs},"batch_id":"b","run_id":"r"}}`;
    expect((await request(url, "POST /api/object/much", { body })).status).toBe(200);
    // A viewer that asks again and again, and never reads what it is sent.
    const { hostname, port } = new URL(url);
    const viewer = scope.own(connect(Number(port), hostname), (socket) => socket.destroy());
    viewer.on("error", () => {});
    viewer.pause();
    viewer.write(upgradeAt("/experiments/much"));
    viewer.write(masked('{"action":"authorization"}'));
    const data = '"data":[{"chain":"chain_0","variables":["a/val"]}]';
    const askAndLeave = Buffer.concat([
      masked(`{"action":"subscribe",${data}}`),
      masked(`{"action":"unsubscribe",${data}}`),
    ]);
    // What waits for a moment only is on its way into the system's buffers; when those are full it stays.
    let staysFor = 0;
    await expect
      .poll(async () => {
        const { json } = await request(
          url,
          "GET /admin/connections?service=experiments&sort=unsent&limit=5",
        );
        const isSlow = (json as Listed).connections.some(
          ({ path, unsentBytes }) => path === "/experiments/much" && unsentBytes > 0,
        );
        staysFor = isSlow ? staysFor + 1 : 0;
        if (!isSlow) viewer.write(askAndLeave);
        return staysFor;
      })
      .toBeGreaterThan(10);
    const opened = await browser.openPage(scope, "/console/");
    const link = opened.page.getByRole("link", { name: /Inspect the experiments client/ }).first();
    await link.waitFor();
    await opened.screenshot("overview-slow-1280-light");
    expect(await link.getAttribute("href")).toMatch(/^\/console\/inspector\/connection\/[\w-]+$/);
  });

  it("shows what was refused, with what the code means", async () => {
    expect((await request(url, "GET /devices/no-monitor/commands?limit=none")).status).toBe(400);
    const opened = await browser.openPage(scope, "/console/");
    const errors = opened.page.getByRole("table", { name: "Errors by code" });
    await errors.getByText("bad_message").waitFor();
    await errors
      .getByText("a field is missing or has the wrong type; the message names it")
      .waitFor();
  });

  it.each(views)("looks as it should: $width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, "/console/", { width, theme });
    await opened.page.getByText(/clients are connected to/).waitFor();
    const line = opened
      .panel("Lobby")
      .getByRole("img", { name: "Messages out, last minute" })
      .locator("polyline");
    // A line, not only its first point.
    await expect
      .poll(async () => (await line.getAttribute("points"))?.split(" ").length)
      .toBeGreaterThan(4);
    await opened.fitsWidth();
    await opened.axe(theme);
    await opened.screenshot(`overview-${width}-${theme}`);
  });
});

describe("without clients", () => {
  it("says how to get something to see", async () => {
    const { url } = await startServer(scope);
    const opened = await new ConsoleBrowser(scope, url).openPage(scope, "/console/");
    await opened.page.getByText("Switchboard is ready on one node: nobody is connected.").waitFor();
    await opened.page.getByText(`node examples/lobby.js ws${url.slice(4)}`).waitFor();
    await opened.page.getByText("Nobody is slow").waitFor();
    await opened.axe();
    await opened.screenshot("overview-empty-1280-light");
  });

  it("marks numbers as stale when the server has gone, keeps them, and goes on when it is back", async () => {
    const data = join(await temporaryFolder(scope), "data");
    const first = await startServer(scope, { data });
    const opened = await new ConsoleBrowser(scope, first.url).openPage(scope, "/console/", {
      expected: serverGone,
    });
    await opened.page.getByText("Takes clients").waitFor();
    await opened.panel("Lobby").getByText("0", { exact: true }).first().waitFor();
    await first.kill();
    await opened.panel("Lobby").getByText("Stale").waitFor();
    await opened.page
      .getByText("When the server was last heard of: Switchboard is ready")
      .waitFor();
    expect(
      await opened
        .panel("Lobby")
        .locator(".figure", { hasText: "Connected" })
        .locator("strong")
        .textContent(),
    ).toBe("0");
    await opened.axe();
    await opened.screenshot("overview-stale-1280-light");
    await startServer(scope, { data, port: first.port });
    await expect
      .poll(() => opened.page.locator(".badge", { hasText: "Stale" }).count(), { timeout: 30_000 })
      .toBe(0);
    expect(await opened.page.getByRole("region", { name: /^Node/ }).count()).toBe(1);
  }, 60_000);
});

function upgradeAt(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
}

/** A text frame of a client, below 64 KiB, with the mask 0. */
function masked(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head =
    bytes.length < 126
      ? Buffer.from([0x81, 0x80 | bytes.length])
      : Buffer.from([0x81, 0xfe, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), bytes]);
}

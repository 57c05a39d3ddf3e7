/** The console's shell: how it is served, looks, and lets people in. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WebSocket } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { request } from "../support/http.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";
import { ConsoleBrowser, serverGone, views } from "./console-browser.ts";
import { publishDraws } from "./published-draws.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

/** The node that answers. */
async function nodeOf(url: string): Promise<string> {
  return (JSON.parse((await request(url, "GET /admin/session")).text) as { readonly node: string })
    .node;
}

describe("with auth off", () => {
  let server: ServerProcess;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    server = await startServer(fileScope);
    browser = new ConsoleBrowser(fileScope, server.url);
  });

  it("leads a browser from / to the console, and tells others that nothing is there", async () => {
    const opened = await browser.openPage(scope, "/");
    await opened.page.getByRole("link", { name: "Switchboard" }).waitFor();
    expect(new URL(opened.page.url()).pathname).toMatch(/^\/console\//);
    expect((await request(server.url, "GET /")).status).toBe(404);
  });

  it.each(views)("$width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, "/console/nowhere/at/all", { width, theme });
    await opened.shows("There is no such page");
    await opened.fitsWidth();
    await opened.axe(theme);
    await opened.screenshot(`shell-${width}-${theme}`);
  });

  it("remembers the theme that was chosen", async () => {
    const opened = await browser.openPage(scope, "/console/parts", { theme: "light" });
    const ground = () =>
      opened.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await opened.shows("Parts");
    const light = await ground();
    await opened.page.getByTitle("Dark").click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await opened.page.reload();
    await opened.shows("Parts");
    expect(await ground()).toBe(dark);
    await opened.page.getByTitle("As the system").click();
    expect(await ground()).toBe(light);
  });

  it("opens the sheet behind More on a phone, and closes it with Escape", async () => {
    const opened = await browser.openPage(scope, "/console/parts", { width: 390 });
    const more = opened.page.getByRole("button", { name: "More", exact: true });
    await more.click();
    await opened.page.getByRole("group", { name: "Theme" }).waitFor();
    await opened.axe();
    await opened.screenshot("shell-more-390-light");
    await opened.page.keyboard.press("Escape");
    await opened.page.getByRole("group", { name: "Theme" }).waitFor({ state: "hidden" });
    expect(await more.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it("begins with a way past the navigation", async () => {
    const opened = await browser.openPage(scope, "/console/parts");
    await opened.shows("Parts");
    await opened.page.keyboard.press("Tab");
    await opened.page.keyboard.press("Enter");
    expect(await opened.page.evaluate(() => document.activeElement?.id)).toBe("main");
    expect(await opened.page.title()).toBe("Parts · Switchboard");
  });

  it("leads to what was listed, however its id is written", async () => {
    const opened = await browser.openPage(scope, "/console/experiments");
    const { page } = opened;
    const draws = { "a/b": 1, "a%2Fb": 2, aA: 1, "a%41": 2, "100%": 3 };
    for (const [xid, count] of Object.entries(draws))
      await publishDraws(server.url, { xid, draws: count });
    await page.reload();
    for (const [xid, count] of Object.entries(draws)) {
      await page.getByRole("link", { name: xid, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: xid, exact: true }).waitFor();
      await page.getByRole("table").getByText(`too few draws: ${count} a chain`).waitFor();
      await page.getByRole("link", { name: "All experiments" }).click();
    }
  });

  it.each([
    ["nowhere/%", "There is no such page"],
    ["%E0%A4", "There is no such page"],
    ["experiments/%", "%"],
    ["tracking/objects/%", "Tracking"],
    ["devices/%", "Devices"],
    ["inspector/connection/%", "Inspector"],
  ])("has a page for the malformed address %s", async (address, heading) => {
    const opened = await browser.openPage(scope, "/console/parts", {
      expected: [/^40[04] GET \/(devices|experiments)\/%25/],
    });
    await opened.shows("Parts");
    // The server refuses it: it comes from within, or from the history.
    await opened.page.evaluate((path) => history.pushState(null, "", path), `/console/${address}`);
    await opened.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
  });

  it("has files that may be kept, compressed, and pages that are asked for again", async () => {
    const page = await request(server.url, "GET /console/lobby/abc", {
      headers: { accept: "text/html", "accept-encoding": "gzip, br" },
    });
    expect([
      page.status,
      page.headers.get("cache-control"),
      page.headers.get("content-encoding"),
    ]).toEqual([200, "no-cache", "br"]);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const script = /\/console\/assets\/[^"]+\.js/.exec(page.text)?.[0] ?? "none";
    const asset = await request(server.url, `GET ${script}`);
    expect([asset.status, asset.headers.get("cache-control")]).toEqual([
      200,
      "public, max-age=31536000, immutable",
    ]);
    expect((await request(server.url, "GET /console/assets/none.js")).status).toBe(404);
  });
});

describe("when the server goes and comes back", () => {
  it("says so in the header", async () => {
    const data = join(await temporaryFolder(scope), "data");
    const first = await startServer(scope, { data });
    const opened = await new ConsoleBrowser(scope, first.url).openPage(scope, "/console/parts", {
      expected: serverGone,
    });
    const indicator = opened.page.getByRole("banner").getByRole("status");
    await indicator.getByText("Connection: Live").waitFor();
    await opened.page.getByText("messages heard").waitFor();
    await first.kill();
    await indicator.getByText(/: (Reconnecting|Connecting)/).waitFor();
    await startServer(scope, { data, port: first.port });
    await indicator.getByText("Connection: Live").waitFor();
  });

  it.each([
    ["by its connection", "/console/parts", /messages heard/, /: (Reconnecting|Connecting)/],
    ["by its requests", "/console/devices", "No monitor is connected", "Stale"],
  ])("shows its new node, known %s, and the clients stay", async (_, path, begun, lost) => {
    const data = join(await temporaryFolder(scope), "data");
    const first = await startServer(scope, { data });
    const opened = await new ConsoleBrowser(scope, first.url).openPage(scope, path, {
      expected: serverGone,
    });
    const node = () => opened.page.locator(".side-node").getAttribute("title");
    const heard: WebSocket[] = [];
    opened.page.on("websocket", (socket) => socket.on("framereceived", () => heard.push(socket)));
    await opened.page.reload();
    await expect.poll(node).toBe(await nodeOf(first.url));
    await opened.page.getByText(begun).waitFor();
    await first.kill();
    await opened.page.getByText(lost).first().waitFor();
    const second = await startServer(scope, { data, port: first.port });
    await expect.poll(node).toBe(await nodeOf(second.url));
    if (path !== "/console/parts") return;
    const before = heard.length;
    await expect.poll(() => heard.length).toBeGreaterThan(before + 1);
    // One of each server.
    expect(new Set(heard).size).toBe(2);
  });
});

describe("with a task page", () => {
  it("leaves / to it", async () => {
    const taskDir = join(await temporaryFolder(scope), "pages");
    await mkdir(taskDir);
    await writeFile(join(taskDir, "index.html"), "<title>task</title>");
    const { url } = await startServer(scope, { config: { services: { crowd: { taskDir } } } });
    expect((await request(url, "GET /", { headers: { accept: "text/html" } })).text).toBe(
      "<title>task</title>",
    );
    expect((await request(url, "GET /console/")).text).toContain('id="root"');
  });
});

describe("with auth on", () => {
  let browser: ConsoleBrowser;
  let token: string;
  beforeAll(async () => {
    const data = join(await temporaryFolder(fileScope), "data");
    await mkdir(data);
    token = await createToken(data, { name: "olga", roles: ["admin"] });
    const server = await startServer(fileScope, { data, config: { auth: { enabled: true } } });
    browser = new ConsoleBrowser(fileScope, server.url);
  });

  it.each(views)("asks for a token: $width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, "/console/parts", {
      width,
      theme,
      expected: [/401 GET \/admin\/session/],
    });
    await opened.shows("Log in to Switchboard");
    await opened.fitsWidth();
    await opened.page.getByLabel("Token").fill("sb_not_a_token");
    await opened.page.getByRole("button", { name: "Log in" }).click();
    await opened.page.getByText("The server does not accept this token").waitFor();
    await opened.axe(theme);
    await opened.screenshot(`login-${width}-${theme}`);
  });

  it("lets a good token in, to the page that was asked for, and forgets it with the page", async () => {
    const opened = await browser.openPage(scope, "/console/parts", {
      expected: [/401 GET \/admin\/session/],
    });
    await opened.page.getByLabel("Token").fill(token);
    await opened.page.getByRole("button", { name: "Log in" }).click();
    await opened.shows("Parts");
    await opened.page.getByText("olga").waitFor();
    expect(await opened.page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([
      0, 0,
    ]);
    await opened.page.reload();
    await opened.shows("Log in to Switchboard");
  });

  it("tries the token that was typed while the server was away again", async () => {
    const data = join(await temporaryFolder(scope), "data");
    await mkdir(data);
    const typed = await createToken(data, { name: "nils", roles: ["admin"] });
    const auth = { config: { auth: { enabled: true } } };
    const first = await startServer(scope, { data, ...auth });
    const opened = await new ConsoleBrowser(scope, first.url).openPage(scope, "/console/parts", {
      expected: [/401 GET \/admin\/session/, ...serverGone],
    });
    const { page } = opened;
    await opened.shows("Log in to Switchboard");
    await first.kill();
    await page.getByLabel("Token").fill(typed);
    await page.getByLabel("Keep for this tab").check();
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("The console cannot reach its server").waitFor();
    // Not before the server has judged it.
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await startServer(scope, { data, port: first.port, ...auth });
    await page.getByRole("button", { name: "Try again" }).click();
    await opened.shows("Parts");
    await page.getByText("nils").waitFor();
    await page.reload();
    await opened.shows("Parts");
  });

  it("keeps the token for the tab if asked to, until its owner logs out", async () => {
    const opened = await browser.openPage(scope, "/console/parts", {
      expected: [/401 GET \/admin\/session/],
    });
    await opened.page.getByLabel("Token").fill(token);
    await opened.page.getByLabel("Keep for this tab").check();
    await opened.page.getByRole("button", { name: "Log in" }).click();
    await opened.shows("Parts");
    await opened.page.reload();
    await opened.shows("Parts");
    expect(await opened.page.evaluate(() => localStorage.length)).toBe(0);
    await opened.page.getByRole("button", { name: "Log out" }).click();
    await opened.shows("Log in to Switchboard");
    await opened.page.reload();
    await opened.shows("Log in to Switchboard");
  });
});

/** The inspector: frames of others' connections, and a client of one's own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { dataOf, request } from "../support/http.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";
import { ConsoleBrowser, views } from "./console-browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { startDemo } from "./demo.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

/** Fills the form for a player that waits; the lobby's message is the one that it begins with. */
async function fillPlayer({ page }: ConsolePage, user: string, lobby: string): Promise<void> {
  await page.getByLabel("user *").fill(user);
  await page.getByLabel("lobby_id *").fill(lobby);
  await page.getByLabel("prompt_id *").fill("5");
}

async function send({ page }: ConsolePage): Promise<void> {
  await page.getByRole("button", { name: "Send" }).click();
}

describe("with the demo", () => {
  let url: string;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    url = await startDemo(fileScope);
    browser = new ConsoleBrowser(fileScope, url);
  }, 90_000);

  it("shows the frames of a connection that was chosen from the list, holds and finds them", async () => {
    const opened = await browser.openPage(scope, "/console/inspector");
    await opened.shows("Inspector");
    const { page } = opened;
    await opened.panel("Connections").getByLabel("Service").selectOption("tracking");
    const processor = page.getByRole("row").filter({ hasText: "processor" }).first();
    await processor.getByRole("link", { name: /Inspect the tracking connection/ }).click();
    await opened.panel("Frames").getByText("Inspecting").waitFor();
    expect(new URL(page.url()).pathname).toMatch(/\/console\/inspector\/connection\/[\w-]+$/);
    const frames = opened.panel("Frames of the connection");
    await frames.getByText("boundingBoxes").nth(2).waitFor();
    await opened.panel("Frames").getByRole("button", { name: "Pause" }).click();
    const held = await frames.locator(".frame").count();
    await opened
      .panel("Frames")
      .getByText(/paused, [3-9] came since/)
      .waitFor();
    expect(await frames.locator(".frame").count()).toBe(held);
    await frames.locator(".frame summary").first().click();
    expect(await frames.locator("pre").first().textContent()).toMatch(/^\{\n {2}"type": "\w+"/);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await frames.getByRole("button", { name: "Copy the frame" }).click();
    await page.getByText("The frame is copied").waitFor();
    expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({
      type: expect.any(String),
    });
    await opened.screenshot("inspector-frame-1280-light");
    await page.getByLabel("Only frames with").first().fill("no such words");
    await frames.getByText("No frame has these words.").waitFor();
    await page.getByLabel("Only frames with").first().fill("BOUNDINGBOXES");
    await frames.getByText("boundingBoxes").first().waitFor();
    await opened.panel("Frames").getByRole("button", { name: "Go on" }).click();
    await expect.poll(() => frames.locator(".frame").count()).toBeGreaterThan(held);
  });

  it("shows the next connection of a service from its first frame", async () => {
    const opened = await browser.openPage(scope, "/console/inspector");
    const shown = opened.panel("Frames");
    await shown.getByLabel("From the first frame on").selectOption("lobby");
    await shown.getByRole("button", { name: "Wait for it" }).click();
    // Some of the lobby's clients leave at once: what they said stays.
    const first = opened.panel("Frames of the connection").locator(".frame").first();
    await first.waitFor();
    // What a client of the lobby says first.
    expect(await first.textContent()).toMatch(
      /^in.*"type":"(wait_start|leaderboard|leaderboard_update|lobby_prompts)"/,
    );
  });

  it("sends a message as a client, whose effect others see", async () => {
    const opened = await browser.openPage(scope, "/console/inspector");
    const { page } = opened;
    await fillPlayer(opened, "olga of the console", "77");
    expect(JSON.parse((await page.getByTestId("frame").textContent()) ?? "")).toEqual({
      type: "wait_start",
      user: "olga of the console",
      lobby_id: 77,
      prompt_id: 5,
    });
    await send(opened);
    await opened.panel("Frames of the test client").getByText('"type":"update"').waitFor();
    const lobbies = async () =>
      dataOf(await request(url, "GET /lobbies")) as readonly { readonly lobby_id: string }[];
    expect(await lobbies()).toContainEqual(
      expect.objectContaining({ lobby_id: "77", prompt_id: "5", users: ["olga of the console"] }),
    );
    await opened.screenshot("inspector-sent-1280-light");
    await page.getByRole("button", { name: "Disconnect" }).click();
    await expect
      .poll(async () => (await lobbies()).some(({ lobby_id }) => lobby_id === "77"))
      .toBe(false);
  });

  it("says what is wrong with a field", async () => {
    const opened = await browser.openPage(scope, "/console/inspector");
    const { page } = opened;
    await send(opened);
    await page.getByText("Fill this in.").nth(2).waitFor();
    await page.getByLabel("user *").fill("x".repeat(1001));
    await page.getByText("At most 1000 characters, not 1001.").waitFor();
    await page.getByLabel("Message", { exact: true }).selectOption("start");
    await page.getByLabel("in", { exact: true }).fill("soon");
    await page.getByText("Not a number.").waitFor();
    await page.getByLabel("in", { exact: true }).fill("-1");
    await page.getByText("At least 0.").waitFor();
    await opened.axe();
    await opened.screenshot("inspector-problem-1280-light");
  });

  it.each(views)("looks as it should: $width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, "/console/inspector", { width, theme });
    await opened
      .panel("Connections")
      .getByRole("link", { name: /Inspect the tracking connection/ })
      .first()
      .click();
    await opened.panel("Frames of the connection").locator(".frame").nth(9).waitFor();
    await opened.panel("Send a test message").waitFor();
    await opened.fitsWidth();
    await opened.axe(theme);
    await opened.screenshot(`inspector-${width}-${theme}`);
  });
});

describe("on a server of its own", () => {
  it("shows a secret as taken out, and how a connection ended", async () => {
    const { url } = await startServer(scope);
    const opened = await new ConsoleBrowser(scope, url).openPage(scope, "/console/inspector");
    const { page } = opened;
    await page.getByText("Nothing is inspected").waitFor();
    await opened.screenshot("inspector-empty-1280-light");
    await opened.panel("Frames").getByRole("button", { name: "Wait for it" }).click();
    await opened.panel("Frames").getByText("The next client that connects to lobby").waitFor();
    await fillPlayer(opened, "olga", "10");
    await page.getByLabel("resume", { exact: true }).fill("a very secret key");
    await send(opened);
    const frames = opened.panel("Frames of the connection");
    await frames.locator("mark", { hasText: "[redacted]" }).waitFor();
    expect(await frames.textContent()).not.toContain("very secret");
    await frames.getByText('"type":"update"').first().waitFor();
    await opened.screenshot("inspector-redacted-1280-light");
    await page.getByRole("button", { name: "Disconnect" }).click();
    await opened
      .panel("Frames")
      .getByText(/The client ended it: done/)
      .waitFor();
    await opened.panel("Frames").getByText("Closed with 1000").waitFor();
  });

  it("lets go of a connection that is not there when its address is left", async () => {
    const { url } = await startServer(scope);
    const opened = await new ConsoleBrowser(scope, url).openPage(
      scope,
      "/console/inspector/connection/none",
    );
    const refusal = opened
      .panel("Frames")
      .getByRole("alert")
      .filter({ hasText: "It may have ended" });
    await refusal.getByRole("link", { name: "look at the list" }).click();
    await opened.page.getByText("Nothing is inspected").waitFor();
    expect(await refusal.count()).toBe(0);
    expect(new URL(opened.page.url()).pathname).toBe("/console/inspector");
  });

  it("sends what is written by hand, and says why the server ended the connection", async () => {
    const { url } = await startServer(scope);
    const opened = await new ConsoleBrowser(scope, url).openPage(scope, "/console/inspector");
    const { page } = opened;
    await page.getByRole("button", { name: "Write it by hand" }).click();
    await page.getByLabel("The frame that will be sent").fill('{"type":"nonsense"}');
    await send(opened);
    await page.getByText("invalid message type").waitFor();
    await opened.panel("Send a test message").getByText("Closed with 1000").waitFor();
  });

  it("tries a token that is entered for it, not the operator's", async () => {
    const data = join(await temporaryFolder(scope), "data");
    await mkdir(data);
    const admin = await createToken(data, { name: "olga", roles: ["admin"] });
    const player = await createToken(data, { name: "pia", roles: ["lobby.player"] });
    const { url } = await startServer(scope, { data, config: { auth: { enabled: true } } });
    const opened = await new ConsoleBrowser(scope, url).openPage(scope, "/console/inspector", {
      expected: [/401 GET \/admin\/session/],
    });
    const { page } = opened;
    await page.getByLabel("Token").fill(admin);
    await page.getByRole("button", { name: "Log in" }).click();
    await opened.shows("Inspector");
    await fillPlayer(opened, "pia", "10");
    await send(opened);
    await page.getByText("come back with a new token only").waitFor();
    await page.getByLabel("Token of the test client").fill(player);
    await send(opened);
    await opened.panel("Frames of the test client").getByText('"type":"update"').waitFor();
    await opened.panel("Connections").getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("cell", { name: "pia" }).waitFor();
  });
});

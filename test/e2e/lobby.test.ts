/** The lobby's page, beside the demo's players. */
import type { Locator } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
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

interface Room {
  readonly lobby_id: string;
  readonly prompt_id: string;
  readonly users: readonly string[];
  readonly started_at: number | null;
}

let url: string;
let browser: ConsoleBrowser;
beforeAll(async () => {
  url = await startDemo(fileScope);
  browser = new ConsoleBrowser(fileScope, url);
}, 90_000);

const roomAtServer = async (lobby: string): Promise<Room | undefined> =>
  (dataOf(await request(url, "GET /lobbies")) as readonly Room[]).find(
    ({ lobby_id }) => lobby_id === lobby,
  );

/** Joins by the form. */
async function join(opened: ConsolePage, user: string, lobby: string): Promise<Locator> {
  const own = opened.panel("Wait as a player");
  await own.getByLabel("Name").fill(user);
  await own.getByLabel("Lobby").fill(lobby);
  await own.getByLabel("Prompt").fill("1");
  await own.getByRole("button", { name: "Join" }).click();
  await own.getByText("Live", { exact: true }).waitFor();
  return own;
}

it.each(views)("shows the demo's players: $width px, $theme", async ({ width, theme }) => {
  const opened = await browser.openPage(scope, "/console/lobby", { width, theme });
  await opened.shows("Lobby");
  const rooms = opened.panel("Lobbies");
  await rooms
    .getByRole("listitem")
    .filter({ hasText: "dev" })
    .filter({ hasText: "joined" })
    .last()
    .waitFor();
  await opened.page.getByRole("banner").getByText("Live").waitFor();
  await opened.fitsWidth();
  await opened.axe(theme);
  await opened.screenshot(`lobby-${width}-${theme}`);
});

it("joins, counts down with the others, and leaves", async () => {
  const opened = await browser.openPage(scope, "/console/lobby");
  const other = await browser.openPage(scope, "/console/lobby", { width: 390, theme: "dark" });
  const own = await join(opened, "dan", "final");
  const others = await join(other, "dan", "final");
  // Two of one name: the second is told apart.
  await others.getByText("you are listed as “also dan”").waitFor();
  await own
    .getByRole("list", { name: "Players who wait with you" })
    .getByText("also dan")
    .waitFor();
  expect((await roomAtServer("final"))?.users).toEqual(["dan", "also dan"]);
  const card = opened.page.getByRole("article", { name: "Lobby final, prompt 1" });
  await card.getByText("also dan").waitFor();
  await card.getByRole("button", { name: "You wait here: lobby final, prompt 1" }).waitFor();

  await own.getByRole("button", { name: "Start in 3 s" }).click();
  await Promise.all(
    [own, others].map((place) => place.getByText("It starts in 3 seconds").waitFor()),
  );
  await own.getByText("seconds to go").waitFor();
  await opened.screenshot("lobby-countdown-1280-light");
  await other.screenshot("lobby-countdown-390-dark");
  await Promise.all([own, others].map((place) => place.getByText("Go!").waitFor()));
  expect((await roomAtServer("final"))?.started_at).toBeGreaterThan(Date.now() - 60_000);
  await card.getByText(/^Started/).waitFor();

  await own.getByRole("button", { name: "Start now" }).click();
  await others.getByText(/^started/).waitFor();
  await opened.axe();
  await others.getByRole("button", { name: "Leave" }).click();
  await others.getByLabel("Name").waitFor();
  await card.getByText("also dan").waitFor({ state: "detached" });
  expect((await roomAtServer("final"))?.users).toEqual(["dan"]);
});

it("hears signals, of others and of its own", async () => {
  const opened = await browser.openPage(scope, "/console/lobby");
  const signals = opened.panel("Leaderboard and prompt signals");
  await signals.getByLabel("Lobby").fill("signals");
  await signals.getByLabel("Prompt").fill("7");
  await signals.getByLabel("Prompt").press("Enter");
  const refreshesOf = (what: string) =>
    signals.getByRole("row").filter({ hasText: what }).filter({ hasText: "Refresh" });
  await signals
    .getByRole("row")
    .filter({ hasText: "Leaderboard" })
    .filter({ hasText: "Connected" })
    .waitFor();
  await signals
    .getByRole("row")
    .filter({ hasText: "Prompts" })
    .filter({ hasText: "Connected" })
    .waitFor();
  expect(await refreshesOf("").count()).toBe(0);

  await request(url, "POST /lobbies/signals/prompts/7/leaderboard-updates");
  await refreshesOf("Leaderboard").waitFor();
  await signals.getByRole("button", { name: "Signal the prompts" }).click();
  await refreshesOf("Prompts").waitFor();
  await signals.getByRole("button", { name: "Signal the leaderboard" }).click();
  await refreshesOf("Leaderboard").nth(1).waitFor();
  await opened.page
    .getByText("The server has told all who view the leaderboard to refresh")
    .waitFor();
  await opened.axe();
  await opened.screenshot("lobby-signals-1280-light");
});

it("finds a player, and says when nobody is found", async () => {
  const opened = await browser.openPage(scope, "/console/lobby");
  await join(opened, "zoe of 390", "quiet");
  await opened.page.getByLabel("Find").fill("ZOE");
  await opened.page.getByRole("article", { name: "Lobby quiet, prompt 1" }).waitFor();
  expect(await opened.page.getByRole("article").count()).toBe(1);
  await opened.page.getByLabel("Find").fill("nobody at all");
  await opened.page.getByText("Nobody waits at “nobody at all”").waitFor();
  await opened.screenshot("lobby-none-1280-light");
});

it("marks what is old when the server goes, and is back in its place when it comes back", async () => {
  const first = await startServer(scope);
  const opened = await new ConsoleBrowser(scope, first.url).openPage(scope, "/console/lobby", {
    width: 390,
    expected: serverGone,
  });
  await opened.page.getByText("Nobody waits").waitFor();
  await opened.screenshot("lobby-empty-390-light");
  const own = await join(opened, "dan", "10");
  const card = opened.page.getByRole("article", { name: "Lobby 10, prompt 1" });
  await card.getByText("dan").waitFor();
  await first.kill();
  await own.getByText("Reconnecting").waitFor();
  await opened.panel("Who waits where").getByText("Stale").waitFor();
  // What was known is still there.
  await card.getByText("dan").waitFor();
  await opened.screenshot("lobby-stale-390-light");
  await startServer(scope, { port: first.port });
  await opened.page.evaluate(() => dispatchEvent(new Event("online")));
  await own.getByText("Live", { exact: true }).waitFor();
  await opened.panel("Who waits where").getByText("Stale").waitFor({ state: "detached" });
  await own.getByRole("button", { name: "Start now" }).click();
  await own.getByText("Go!").waitFor();
});

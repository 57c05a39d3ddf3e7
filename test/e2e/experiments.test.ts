/** The console's page of experiments: a sampler is watched, judged, read and downloaded. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { dataOf, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";
import { ConsoleBrowser, serverGone, views } from "./console-browser.ts";
import { startDemo } from "./demo.ts";
import { publishDraws, say } from "./published-draws.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

let url: string;
let browser: ConsoleBrowser;
/** The demo's first experiment. */
let xid: string;
beforeAll(async () => {
  url = await startDemo(fileScope);
  browser = new ConsoleBrowser(fileScope, url);
  const listed = await eventually(
    "an experiment of the demo that has variables",
    async () =>
      dataOf(await request(url, "GET /experiments")) as { xid: string; variables: number }[],
    (experiments) => experiments.some(({ variables }) => variables > 0),
    30_000,
  );
  xid = listed.find(({ variables }) => variables > 0)?.xid ?? "none";
}, 90_000);

function plotOf(page: { getByRole: Locator["getByRole"] }, name: string): Locator {
  return page.getByRole("article", { name, exact: true });
}

/** The cell in that place, from 0, of what the plot says of chain_1 in numbers. */
function cellOf(plot: Locator, place: number): Locator {
  return plot
    .getByRole("row", { name: /chain_1/ })
    .getByRole("cell")
    .nth(place);
}

describe("the list", () => {
  it.each(views)("shows what runs: $width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, "/console/experiments", { width, theme });
    await opened.shows("Experiments");
    await opened.page.getByRole("link", { name: xid }).waitFor();
    await opened.fitsWidth();
    await opened.axe(theme);
    await opened.screenshot(`experiments-${width}-${theme}`);
  });

  it("leads to an experiment by key, and back", async () => {
    const { page } = await browser.openPage(scope, "/console/experiments");
    await page.getByRole("link", { name: xid }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: xid }).waitFor();
    await page.getByRole("link", { name: "All experiments" }).click();
    await page.getByRole("heading", { level: 1, name: "Experiments" }).waitFor();
  });

  it("says how to get something to show, and shows it when it is there", async () => {
    const server = await startServer(scope);
    const opened = await new ConsoleBrowser(scope, server.url).openPage(
      scope,
      "/console/experiments",
    );
    await opened.page.getByText("No experiment has sent anything yet").waitFor();
    await opened.axe();
    await opened.screenshot("experiments-empty-1280-light");
    await publishDraws(server.url, { xid: "E 1/2", draws: 2 });
    await opened.page.getByRole("button", { name: "Refresh" }).click();
    await opened.page.getByRole("link", { name: "E 1/2" }).click();
    await opened.shows("E 1/2");
    await plotOf(opened.page, "v1").getByText("too few draws: 2 a chain").waitFor();
  });

  it("goes on to the next page and back, where there are more than one", async () => {
    const server = await startServer(scope);
    const ids = Array.from({ length: 501 }, (_, index) => `E${String(index).padStart(3, "0")}`);
    for (const id of ids.slice(0, 500)) await publishDraws(server.url, { xid: id, draws: 1 });
    const opened = await new ConsoleBrowser(scope, server.url).openPage(
      scope,
      "/console/experiments",
    );
    const [back, forth] = ["Before", "Next 500"].map((name) =>
      opened.page.getByRole("button", { name }),
    );
    await opened.page.getByRole("link", { name: "E000" }).waitFor();
    // The page is full, and there is no other.
    expect(await forth?.count()).toBe(0);
    await publishDraws(server.url, { xid: "E500", draws: 1 });
    await opened.page.getByRole("button", { name: "Refresh" }).click();
    await forth?.waitFor();
    expect([await back?.isDisabled(), await forth?.isDisabled()]).toEqual([true, false]);
    await forth?.click();
    await opened.page.getByRole("link", { name: "E500" }).waitFor();
    await opened.page.getByRole("link", { name: "E000" }).waitFor({ state: "detached" });
    expect([await back?.isDisabled(), await forth?.isDisabled()]).toEqual([false, true]);
    await back?.click();
    await opened.page.getByRole("link", { name: "E000" }).waitFor();
  });
});

describe("an experiment", () => {
  it.each(views)("is seen as it runs: $width px, $theme", async ({ width, theme }) => {
    const opened = await browser.openPage(scope, `/console/experiments/${xid}`, { width, theme });
    await opened.shows(xid);
    await plotOf(opened.page, "mu").waitFor();
    // A plot is made when it is scrolled to.
    for (const plot of await opened.page.getByRole("article").all()) {
      await plot.scrollIntoViewIfNeeded();
      await plot.getByText("Every draw.").waitFor();
    }
    await opened.page
      .getByRole("row", { name: /tau/ })
      .getByText(/converged|not yet|too few/)
      .waitFor();
    await opened.fitsWidth();
    await opened.axe(theme);
    await opened.screenshot(`experiment-${width}-${theme}`);
  });

  it("has the numbers that the server has, and each new draw as it comes", async () => {
    const live = { xid: "live", variables: 2, chains: 2 };
    await publishDraws(url, { ...live, draws: 50 });
    const { page } = await browser.openPage(scope, "/console/experiments/live");
    const plot = plotOf(page, "v1");
    await plot.getByText("Numbers of").click();
    const points = () => cellOf(plot, 1).textContent();
    await expect.poll(points).toBe("50");
    await publishDraws(url, { ...live, draws: 60, from: 50 });
    await expect.poll(points).toBe("110");
    const { v2 } = dataOf(await request(url, "GET /experiments/live/summary")) as Record<
      string,
      { mean: number; r_hat: number }
    >;
    const row = page.getByRole("table", { name: "Variables" }).getByRole("row", { name: /v2/ });
    await row.getByText(v2?.r_hat.toFixed(3) ?? "none", { exact: true }).waitFor();
    await page.getByText("Draws of each chain").locator("..").getByText("110").waitFor();
  });

  it("plots what is ticked, by key too, and finds variables by their name", async () => {
    const { page } = await browser.openPage(scope, `/console/experiments/${xid}`);
    await plotOf(page, "mu").waitFor();
    const articles = page.getByRole("article");
    await expect.poll(() => articles.count()).toBe(4);
    await page.getByRole("checkbox", { name: "Plot mu" }).focus();
    await page.keyboard.press("Space");
    await plotOf(page, "mu").waitFor({ state: "detached" });
    await page.getByLabel("Find a variable").fill("theta[8]");
    await page.getByRole("checkbox", { name: "Plot theta[8]" }).check();
    await plotOf(page, "theta[8]").scrollIntoViewIfNeeded();
    await plotOf(page, "theta[8]").getByText("Every draw.").waitFor();
    await page.getByLabel("Find a variable").fill("");
    await page.getByRole("button", { name: "Plot all" }).click();
    await expect.poll(() => articles.count()).toBe(10);
    await page.getByRole("button", { name: "Plot none" }).click();
    await page.getByText("No variable is chosen").waitFor();
  });

  it("shows histograms and running means of every draw", async () => {
    await publishDraws(url, { xid: "spread", draws: 5000 });
    const opened = await browser.openPage(scope, "/console/experiments/spread");
    const plot = plotOf(opened.page, "v1");
    await plot.getByText("Thinned to what shows the shape").waitFor();
    await opened.page.getByRole("button", { name: "Histograms" }).click();
    await plot.getByText(/^Of every draw/).waitFor();
    await opened.axe();
    await opened.screenshot("experiment-histograms-1280-light");
    await opened.page.getByRole("button", { name: "Running means" }).click();
    await plot.getByText(/^Of every draw/).waitFor();
    await plot.getByText("Numbers of").click();
    await publishDraws(url, { xid: "spread", draws: 5000, from: 5000 });
    await expect.poll(() => cellOf(plot, 2).textContent()).toMatch(/^-?0\.0|^-?\d\.\de-/);
    await opened.screenshot("experiment-means-1280-light");
  });

  it("gives the draws as CSV", async () => {
    const { page } = await browser.openPage(scope, `/console/experiments/${xid}`);
    const plot = plotOf(page, "tau");
    await plot.getByText("Download").click();
    const coming = page.waitForEvent("download");
    await plot.getByRole("link", { name: "chain_2.csv of tau" }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe("tau_chain_2.csv");
    const text = await readFile(await download.path(), "utf8");
    const stored = (
      await request(url, `GET /experiments/${xid}/samples?chain=chain_2&variable=tau&format=csv`)
    ).text;
    expect(text.length).toBeGreaterThan(100);
    expect(stored.startsWith(text)).toBe(true);
  });

  it("that nobody has heard of waits for its first draws; its log is followed; then it ends", async () => {
    const opened = await browser.openPage(scope, "/console/experiments/fresh", { expected: [] });
    const { page } = opened;
    await page.getByText("Nothing sent yet").waitFor();
    await opened.axe();
    await opened.screenshot("experiment-waiting-1280-light");
    await publishDraws(url, { xid: "fresh", draws: 500 });
    await plotOf(page, "v1").getByText("Every draw.").waitFor();
    await page.getByText("Running", { exact: true }).waitFor();

    await say(url, "fresh", {
      action: "experiment:output",
      data: "a line of the log\n".repeat(200),
    });
    await say(url, "fresh", { action: "experiment:output", data: "the last line\n" });
    const log = opened.panel("Log text");
    await log.getByText("the last line").waitFor();
    const isAtEnd = () =>
      log.evaluate(
        ({ scrollTop, clientHeight, scrollHeight }) => scrollTop + clientHeight > scrollHeight - 5,
      );
    await expect.poll(isAtEnd).toBe(true);
    await log.evaluate((element) => element.scrollTo(0, 0));
    const follow = page.getByRole("button", { name: "Follow" });
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
    await say(url, "fresh", { action: "experiment:output", data: "one more\n" });
    await log.getByText("one more").waitFor();
    expect(await isAtEnd()).toBe(false);
    await follow.click();
    await expect.poll(isAtEnd).toBe(true);

    await say(url, "fresh", { action: "experiment:finish" });
    await page.getByText("Finished", { exact: true }).waitFor();
  });

  it("that has failed says what with, and one that is removed says so", async () => {
    await publishDraws(url, { xid: "failing", draws: 300 });
    const opened = await browser.openPage(scope, "/console/experiments/failing");
    const { page } = opened;
    await plotOf(page, "v1").waitFor();
    await say(url, "failing", {
      action: "experiment:error",
      data: { message: "step size became 0" },
    });
    await page.getByText("Its publisher said: step size became 0").waitFor();
    await opened.axe();
    await opened.screenshot("experiment-failed-1280-light");
    expect((await request(url, "DELETE /experiments/failing")).status).toBe(200);
    await page.getByText("The experiment has been removed from the server").waitFor();
    await plotOf(page, "v1").waitFor();
  });
});

describe("with auth on", () => {
  it("the page fetches the CSV itself: the token is in no address", async () => {
    const data = join(await temporaryFolder(scope), "data");
    await mkdir(data);
    const token = await createToken(data, {
      name: "olga",
      roles: ["admin", "experiments.subscribe", "experiments.publish"],
    });
    const server = await startServer(scope, { data, config: { auth: { enabled: true } } });
    await publishDraws(server.url, { xid: "E1", draws: 10, token });
    const opened = await new ConsoleBrowser(scope, server.url).openPage(
      scope,
      "/console/experiments/E1",
      {
        expected: [/401 GET \/admin\/session/],
      },
    );
    const { page } = opened;
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Log in" }).click();
    const plot = plotOf(page, "v1");
    await plot.getByText("Download").click();
    const coming = page.waitForEvent("download");
    await plot.getByRole("link", { name: "chain_1.csv of v1" }).click();
    const text = await readFile(await (await coming).path(), "utf8");
    expect(text).toBe(
      (
        await request(
          server.url,
          "GET /experiments/E1/samples?chain=chain_1&variable=v1&format=csv",
          { token },
        )
      ).text,
    );
    expect(text.split("\r\n")).toHaveLength(12);
  });
});

describe("when the server goes and comes back", () => {
  it("what was seen stays, says that it is old, and goes on", async () => {
    const data = join(await temporaryFolder(scope), "data");
    const first = await startServer(scope, { data });
    await publishDraws(first.url, { xid: "E1", draws: 40 });
    const opened = await new ConsoleBrowser(scope, first.url).openPage(
      scope,
      "/console/experiments/E1",
      {
        expected: serverGone,
      },
    );
    const { page } = opened;
    const plot = plotOf(page, "v1");
    await plot.getByText("Numbers of").click();
    const points = () => cellOf(plot, 1).textContent();
    await expect.poll(points).toBe("40");
    await first.kill();
    await page.getByText("The connection was lost").waitFor();
    expect(await points()).toBe("40");
    await opened.screenshot("experiment-stale-1280-light");
    await startServer(scope, { data, port: first.port });
    await publishDraws(first.url, { xid: "E1", draws: 5, from: 40 });
    await expect.poll(points, { timeout: 20_000 }).toBe("45");
    await page.getByText("The connection was lost").waitFor({ state: "detached" });
  });
});

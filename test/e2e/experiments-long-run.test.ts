/** The console's page of a long run: 20 variables of 100,000 draws in each of 4 chains stay bounded in the page, and can be looked at draw by draw. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerTest } from "../support/scope.ts";
import { startServer } from "../support/server-process.ts";
import { ConsoleBrowser } from "./console-browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { publishDraws } from "./published-draws.ts";

const scope = scopePerTest();
needs(chromium);

const variables = 20;
const draws = 100_000;
const drawsPerPost = 10_000;
const xid = "long";

/** What a line of a plot may have. */
const maxPoints = 2048;

/** Live posts while the page is measured, and draws of each chain in one. */
const livePosts = 40;
const liveDraws = 200;

it("20 variables of 100,000 draws in each of 4 chains", { timeout: 180_000 }, async () => {
  const server = await startServer(scope);
  for (let from = 0; from < draws; from += drawsPerPost)
    await publishDraws(server.url, { xid, variables, draws: drawsPerPost, from });

  const opened = await new ConsoleBrowser(scope, server.url).openPage(
    scope,
    `/console/experiments/${xid}`,
  );
  const { page } = opened;
  page.setDefaultTimeout(60_000);
  await watchFrames(page);
  await page.getByRole("button", { name: "Plot all" }).click();
  const openedMs = performance.now();
  await expect.poll(() => page.getByRole("article").count(), { timeout: 60_000 }).toBe(variables);
  const last = page.getByRole("article", { name: "v20", exact: true });
  await last.scrollIntoViewIfNeeded();
  await last.getByText("Thinned to what shows the shape").waitFor();
  report(
    "loading",
    await frames(page),
    `${Math.round(performance.now() - openedMs)} ms until the last plot is there`,
  );

  const plot = page.getByRole("article", { name: "v1", exact: true });
  await plot.scrollIntoViewIfNeeded();
  await plot.getByText("Numbers of").click();
  const numbers = async (column: number) =>
    Number(
      (
        await plot
          .getByRole("row", { name: /chain_1/ })
          .getByRole("cell")
          .nth(column)
          .textContent()
      )?.replaceAll(",", ""),
    );
  await frames(page);
  for (let nth = 0; nth < livePosts; nth += 1) {
    await publishDraws(server.url, {
      xid,
      variables,
      draws: liveDraws,
      from: draws + nth * liveDraws,
    });
  }
  const said = (draws + livePosts * liveDraws).toLocaleString("en");
  report(
    "live data",
    await frames(page),
    `${livePosts} posts of ${liveDraws} draws × ${variables} variables × 4 chains`,
  );
  expect(await numbers(1)).toBeLessThanOrEqual(maxPoints);
  expect(await numbers(1)).toBeGreaterThan(maxPoints / 4);

  // Zooming, while draws come.
  const live = publishDraws(server.url, {
    xid,
    variables,
    draws: liveDraws,
    from: draws + livePosts * liveDraws,
  });
  await drag(opened, 0.4, 0.6);
  await plot.getByText(/^Thinned draws from/).waitFor();
  expect(await numbers(1)).toBeLessThanOrEqual(maxPoints);
  await drag(opened, 0.4, 0.42);
  await plot.getByText(/^Every draw from/).waitFor();
  const note = (await plot.getByText(/^Every draw from/).textContent()) ?? "";
  const [from = 0, to = 0] = (note.match(/[\d,]+/g) ?? []).map((text) =>
    Number(text.replaceAll(",", "")),
  );
  expect(from).toBeGreaterThan(30_000);
  expect(await numbers(1)).toBe(to - from + 1);
  await live;
  report("zooming", await frames(page), note);
  await opened.screenshot("experiment-long-zoomed-1280-light");
  await page.getByRole("group", { name: "Plot: trace of v1", exact: true }).focus();
  await page.keyboard.press("Escape");
  await plot.getByText("Thinned to what shows the shape").waitFor();

  await frames(page);
  await page.getByRole("button", { name: "Histograms" }).click();
  await plot.getByText(/^Of every draw/).waitFor();
  report("a histogram of 400,000 draws", await frames(page), said);
  // The diagnostics of eight million draws take their time.
  await page
    .getByText("20 of 20")
    .or(page.getByText(/\d+ of 20/))
    .first()
    .waitFor();
});

/** Zooms v1 to a part of its width with the mouse. */
async function drag({ page }: ConsolePage, left: number, right: number): Promise<void> {
  const box = await page
    .getByRole("group", { name: "Plot: trace of v1", exact: true })
    .locator(".u-over")
    .boundingBox();
  if (box === null) throw new Error("the plot is not seen");
  await page.mouse.move(box.x + left * box.width, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + right * box.width, box.y + 70, { steps: 6 });
  await page.mouse.up();
}

interface Frames {
  /** Between two frames, sorted. */
  readonly gapsMs: readonly number[];
  /** Tasks of over 50 ms that kept the page from answering. */
  readonly longTasksMs: readonly number[];
}

interface Watched {
  frames: { gapsMs: number[]; longTasksMs: number[] };
}

async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched = { gapsMs: [] as number[], longTasksMs: [] as number[] };
    (globalThis as unknown as Watched).frames = watched;
    let beforeMs = performance.now();
    const frame = (nowMs: number) => {
      watched.gapsMs.push(nowMs - beforeMs);
      beforeMs = nowMs;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => {
      watched.longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask" });
  });
}

/** Those since it was asked last. */
async function frames(page: Page): Promise<Frames> {
  return await page.evaluate(() => {
    const { gapsMs, longTasksMs } = (globalThis as unknown as Watched).frames;
    return {
      gapsMs: gapsMs.splice(0).sort((a, b) => a - b),
      longTasksMs: longTasksMs.splice(0).sort((a, b) => a - b),
    };
  });
}

/** Printed, not judged: the machine may be busy with something else. */
function report(what: string, { gapsMs, longTasksMs }: Frames, more: string): void {
  const at = (part: number) =>
    Math.round(gapsMs[Math.min(gapsMs.length - 1, Math.floor(gapsMs.length * part))] ?? 0);
  const long = longTasksMs.map(Math.round).join(", ");
  // biome-ignore lint/suspicious/noConsole: what it is measured for
  console.log(
    `${what}: ${gapsMs.length} frames, median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms; long tasks: ${long === "" ? "none" : `${long} ms`} (${more})`,
  );
}

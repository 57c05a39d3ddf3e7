/** What pages are put together from. */
import { beforeAll, expect, it } from "vitest";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer } from "../support/server-process.ts";
import { ConsoleBrowser, views } from "./console-browser.ts";
import type { ConsolePage } from "./console-page.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

let browser: ConsoleBrowser;
beforeAll(async () => {
  browser = new ConsoleBrowser(fileScope, (await startServer(fileScope)).url);
});

it.each(views)("look as they should: $width px, $theme", async ({ width, theme }) => {
  const opened = await browser.openPage(scope, "/console/parts", { width, theme });
  await opened.shows("Parts");
  await opened.page.getByText("Numbers of three chains").click();
  await opened.fitsWidth();
  await opened.axe(theme);
  await opened.screenshot(`parts-${width}-${theme}`);
});

it("render a burst of 1,000 messages in a few frames", async () => {
  const opened = await browser.openPage(scope, "/console/parts");
  await opened.page.getByRole("button", { name: "A burst of 1,000 messages" }).click();
  await opened.page.getByText(/^1000 came/).waitFor();
  const said = await opened.page.getByText(/^1000 came/).textContent();
  // One per frame that passes while they come.
  expect(Number(/rendered (\d+) times/.exec(said ?? "")?.[1])).toBeLessThan(30);
});

it("sort a table by key", async () => {
  const opened = await browser.openPage(scope, "/console/parts");
  const bytes = opened.page.getByRole("columnheader", { name: "Bytes" });
  await bytes.getByRole("button").focus();
  await opened.page.keyboard.press("Enter");
  expect(await bytes.getAttribute("aria-sort")).toBe("ascending");
  expect(await firstRow(opened)).toBe("connection 1");
  await opened.page.keyboard.press("Enter");
  expect(await bytes.getAttribute("aria-sort")).toBe("descending");
  expect(await firstRow(opened)).not.toBe("connection 1");
  expect(
    await opened.page.getByRole("table", { name: "Connections" }).getByRole("row").count(),
  ).toBe(201);
  await opened.page.getByRole("button", { name: "Show 50 more" }).click();
  expect(
    await opened.page.getByRole("table", { name: "Connections" }).getByRole("row").count(),
  ).toBe(251);
});

it("zoom a plot by key and back", async () => {
  const opened = await browser.openPage(scope, "/console/parts");
  const all = opened.page.getByRole("button", { name: "Show all", includeHidden: true });
  expect(await all.isDisabled()).toBe(true);
  await opened.page.getByRole("group", { name: "Plot: three chains" }).focus();
  await opened.page.keyboard.press("+");
  await expect.poll(() => all.isDisabled()).toBe(false);
  await opened.page.keyboard.press("Escape");
  await expect.poll(() => all.isDisabled()).toBe(true);
});

it("zoom a plot by dragging, and back by a double click", async () => {
  const { page } = await browser.openPage(scope, "/console/parts");
  const plot = page.getByRole("group", { name: "Plot: three chains" });
  await plot.scrollIntoViewIfNeeded();
  const { x, y } = (await plot.boundingBox()) ?? { x: 0, y: 0 };
  await page.mouse.move(x + 300, y + 100);
  await page.mouse.down();
  await page.mouse.move(x + 500, y + 110, { steps: 4 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Show all" }).waitFor();
  await page.mouse.dblclick(x + 300, y + 100);
  await page.getByRole("button", { name: "Show all" }).waitFor({ state: "hidden" });
});

it("say what went wrong, and let it be put away", async () => {
  const opened = await browser.openPage(scope, "/console/parts", {
    expected: [/404 GET \/console-has-no-such-route/],
  });
  await opened.page.getByRole("button", { name: "Ask for what is not there" }).click();
  await opened.page.getByText("there is nothing at /console-has-no-such-route").waitFor();
  await opened.page.getByRole("button", { name: "Say what failed" }).click();
  const toast = opened.page.getByText("The monitor is offline: the command waits");
  await toast.waitFor();
  await opened.page.getByRole("button", { name: "Close" }).click();
  await toast.waitFor({ state: "hidden" });
});

async function firstRow({ page }: ConsolePage): Promise<string> {
  return (
    (await page
      .getByRole("table", { name: "Connections" })
      .getByRole("row")
      .nth(1)
      .getByRole("cell")
      .first()
      .textContent()) ?? ""
  );
}

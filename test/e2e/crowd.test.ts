/** The crowd's page: the worker's part and the requester's, beside the demo's workers. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CDPSession, Page, Route } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { type AgentDetails, submitTask } from "../support/crowd.ts";
import { dataOf, request } from "../support/http.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";
import { ConsoleBrowser, serverGone, views } from "./console-browser.ts";
import { startDemo } from "./demo.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

const original = "A man is walking his dog in the park.";
const known = [
  "A woman is walking her dog in the park.",
  "A man is walking his cat in the park.",
  "A man is walking his dog on the beach.",
];

/** One sentence that lacks one version, and one ranking of four. */
const study = (id: string) => ({
  id,
  max_cads: 4,
  sentences_per_ranking: 4,
  rankings_per_original: 1,
  sentences: [{ original_id: "1", original, cads: known }],
});

interface Exported {
  readonly units: readonly {
    readonly stage: string;
    readonly worker: string;
    readonly status: string;
    readonly explanation?: string;
    readonly sentences?: readonly string[];
    readonly permutation?: readonly number[];
  }[];
  readonly feedback: readonly { readonly feedback: string; readonly worker: string }[];
}

interface Bonus {
  readonly worker: string;
  readonly kind: string;
  readonly paid: boolean;
}

const load = async (url: string, body: object, token?: string) =>
  dataOf(
    await request(url, "POST /crowd/studies", { body, ...(token === undefined ? {} : { token }) }),
  );

/** Enters a name, chooses the study, and begins. */
async function begin(page: Page, worker: string, id: string): Promise<void> {
  await page.getByLabel("Worker name").fill(worker);
  await page.getByLabel("Study").selectOption(id);
  await page.getByRole("button", { name: "Begin" }).click();
}

/** Begins, and gets a unit. */
async function work(page: Page, worker: string, id: string): Promise<void> {
  await begin(page, worker, id);
  await page.getByRole("button", { name: "Get a unit" }).click();
}

/** Completes a unit of a study over HTTP, as the page of another worker does. */
async function complete(
  url: string,
  worker: string,
  id: string,
  finalData: (task: { readonly sentences: readonly string[] }) => object,
): Promise<void> {
  const provider_data = { worker_name: worker, agent_registration_id: `${worker} ${id}` };
  const { json } = await request(url, `POST /request_agent?study=${id}`, {
    body: { provider_data },
  });
  const { agent_id, init_task_data } = (json as { readonly data: AgentDetails }).data;
  if (agent_id === null) throw new Error(`${worker} got no unit of ${id}`);
  const { status } = await submitTask(url, agent_id, finalData(init_task_data));
  expect(status).toBe(200);
}

const order = (page: Page): Promise<string[]> =>
  page
    .getByRole("list", { name: "Sentences, the best at the top" })
    .locator(".crowd-rank-text")
    .allTextContents();

/** The middle of a sentence's grip. */
async function grip(
  page: Page,
  sentence: string,
): Promise<{ readonly x: number; readonly y: number }> {
  const box = await page
    .getByRole("button", { name: new RegExp(`^Place . of .: ${sentence}`) })
    .boundingBox();
  if (box === null) throw new Error(`no grip of ${sentence}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

const touch = (
  session: CDPSession,
  type: "touchStart" | "touchMove" | "touchEnd" | "touchCancel",
  ...touchPoints: { x: number; y: number }[]
) => session.send("Input.dispatchTouchEvent", { type, touchPoints });

describe("beside the demo", () => {
  let url: string;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    url = await startDemo(fileScope);
    browser = new ConsoleBrowser(fileScope, url);
    await load(url, {
      ...study("looks"),
      sentences: ["1", "2", "3", "4"].map((original_id) => ({
        original_id,
        original,
        cads: known,
      })),
    });
  }, 90_000);

  it.each(views)(
    "the worker's page looks as it should: $width px, $theme",
    async ({ width, theme }) => {
      const opened = await browser.openPage(scope, "/console/crowd", { width, theme });
      await opened.shows("Crowd");
      await opened.axe(theme);
      if (theme === "light") await opened.screenshot(`crowd-who-${width}-light`);
      // One of the demo's workers, who gets another sentence each time.
      await work(opened.page, "cho", "looks");
      await opened.panel("Write a counterfactual").waitFor();
      await opened.page.getByText("First places", { exact: true }).first().waitFor();
      await opened.fitsWidth();
      await opened.axe(theme);
      await opened.screenshot(`crowd-worker-${width}-${theme}`);
    },
  );

  it.each(views)(
    "the requester's page looks as it should: $width px, $theme",
    async ({ width, theme }) => {
      const opened = await browser.openPage(scope, "/console/crowd/requester/sentences-1", {
        width,
        theme,
      });
      await opened.panel("Workers").getByRole("cell", { name: "amy" }).waitFor();
      await opened.page.getByRole("progressbar", { name: "Versions" }).waitFor();
      await opened.fitsWidth();
      await opened.axe(theme);
      await opened.screenshot(`crowd-${width}-${theme}`);
    },
  );
});

// Without the demo, whose clients would have the processor for themselves.
describe("of one study", () => {
  let url: string;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    ({ url } = await startServer(fileScope));
    browser = new ConsoleBrowser(fileScope, url);
  });

  const version = "A robot is walking his dog in the park.";

  const exportOf = async (id: string) =>
    dataOf(await request(url, `GET /crowd/studies/${id}/export`)) as Exported;

  it("is loaded, written by a worker whose draft survives a reload, and counted", async () => {
    const requester = await browser.openPage(scope, "/console/crowd/requester");
    await requester.page.getByLabel("Or its text").fill(JSON.stringify(study("written")));
    await requester.page.getByRole("button", { name: "Load the study" }).click();
    const told = requester.panel("Study written");
    await told.getByText("0 of 1 done").first().waitFor();

    const eve = await browser.openPage(scope, "/console/crowd/worker");
    await work(eve.page, "eve", "written");
    await eve.page.getByText(original).waitFor();
    await eve.page.getByRole("button", { name: "Submit" }).click();
    await eve.page.getByText("Write your version first").waitFor();
    await eve.page.getByLabel("Your version").pressSequentially(version);
    await eve.page.getByText("Draft saved").waitFor();
    await eve.screenshot("crowd-writing-1280-light");
    await eve.page.reload();
    await eve.page.getByText(version).waitFor();
    expect(await eve.page.getByLabel("Your version").inputValue()).toBe(version);
    await eve.page.getByLabel("Feedback to the requester").fill("A fine dog.");
    await eve.page.getByRole("button", { name: "Send" }).click();
    await eve.page.getByText("Your feedback is with the requester").waitFor();
    await eve.page.getByRole("button", { name: "Submit" }).click();
    await eve.page.getByText("Your version is stored").waitFor();
    await eve.panel("Numbers of eve").getByRole("row").filter({ hasText: version }).waitFor();
    await told.getByText("1 of 1 done").waitFor();
    await requester.panel("Workers").getByRole("row").filter({ hasText: "eve" }).waitFor();
    await requester.panel("Feedback of workers").getByText("A fine dog.").waitFor();
    const { feedback } = await exportOf("written");
    expect(feedback).toMatchObject([{ feedback: "A fine dog.", worker: "eve" }]);
  });

  it("is ranked on a phone: dragged by finger, then moved by key", async () => {
    await load(url, study("ranked"));
    await complete(url, "eva", "ranked", () => ({ cad: version }));
    const fay = await browser.openPage(scope, "/console/crowd/worker", {
      width: 390,
      theme: "dark",
    });
    await work(fay.page, "fay", "ranked");
    await fay.panel("Rank sentences").waitFor();
    const given = await order(fay.page);
    const [first = "", second = ""] = given.filter((sentence) => sentence !== version);
    const session = await fay.page.context().newCDPSession(fay.page);
    await fay.page.getByRole("button", { name: "Submit this order" }).scrollIntoViewIfNeeded();
    const from = await grip(fay.page, version);
    const top = await grip(fay.page, given[0] ?? "");
    // What is cancelled is as it was.
    await touch(session, "touchStart", from);
    await touch(session, "touchMove", { x: from.x, y: top.y - 30 });
    await fay.page.getByRole("button", { name: `Place 1 of 4: ${version}` }).waitFor();
    await touch(session, "touchCancel");
    await fay.page.getByRole("button", { name: `Place 1 of 4: ${given[0]}` }).waitFor();
    expect(await order(fay.page)).toEqual(given);
    await touch(session, "touchStart", from);
    await touch(session, "touchMove", { x: from.x, y: (from.y + top.y) / 2 });
    await touch(session, "touchMove", { x: top.x, y: top.y - 30 });
    await fay.page.locator(".crowd-rank-dragged").waitFor();
    await fay.screenshot("crowd-dragging-390-dark");
    await touch(session, "touchEnd");
    await fay.page.getByText(`${version}: now place 1 of 4`).waitFor();
    expect((await order(fay.page))[0]).toBe(version);
    // By key: the one that was first goes to the bottom, and keeps the focus.
    await fay.page.getByRole("button", { name: new RegExp(`^Place . of 4: ${first}`) }).focus();
    for (const place of [3, 4]) {
      await fay.page.keyboard.press("Alt+ArrowDown");
      await fay.page.getByText(`${first}: now place ${place} of 4`).waitFor();
    }
    await fay.page.keyboard.press("Alt+ArrowDown");
    expect(await fay.page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(
      `Place 4 of 4: ${first}`,
    );
    await fay.page.getByRole("button", { name: `Move up: ${second}` }).focus();
    const ordered = await order(fay.page);
    await fay.page.getByText("Draft saved").waitFor();
    await fay.page.reload();
    await fay.panel("Rank sentences").waitFor();
    expect(await order(fay.page)).toEqual(ordered);
    await fay.axe();
    await fay.page.getByRole("button", { name: "Submit this order" }).focus();
    await fay.page.keyboard.press("Enter");
    await fay.page.getByText("Your ranking is stored").waitFor();
    expect(await fay.page.evaluate(() => document.activeElement?.textContent)).toBe(
      "Get the next unit",
    );

    // In the protocol the last place is the best.
    const ranking = (await exportOf("ranked")).units.find(({ worker }) => worker === "fay");
    expect(ranking?.permutation?.map((index) => ranking.sentences?.[index])).toEqual(
      [...ordered].reverse(),
    );
  });

  it("shows who won to the author and to the requester, who pays", async () => {
    await load(url, study("paid"));
    await complete(url, "emma", "paid", () => ({ cad: version }));
    const emma = await browser.openPage(scope, "/console/crowd/worker");
    await begin(emma.page, "emma", "paid");
    const firstPlaces = emma
      .panel("Numbers of emma")
      .locator(".figure")
      .filter({ hasText: "First places" });
    await firstPlaces.getByText("0", { exact: true }).waitFor();
    const requester = await browser.openPage(scope, "/console/crowd/requester/paid");
    await requester.panel("Study paid").getByText("1 of 1 done").waitFor();
    await complete(url, "flo", "paid", ({ sentences }) => {
      const best = sentences.indexOf(version);
      return { permutation: [...sentences.keys()].filter((index) => index !== best).concat(best) };
    });

    // The author sees the first place live.
    await firstPlaces.getByText("1", { exact: true }).waitFor();
    const result = requester.panel("Rankings, taken together");
    await result
      .getByRole("listitem")
      .filter({ hasText: "Winner" })
      .filter({ hasText: version })
      .last()
      .waitFor();
    const bonuses = requester.panel("Bonuses");
    await bonuses.getByText("2 due").waitFor();
    await bonuses.getByRole("button", { name: "Mark as paid: emma, The version that won" }).click();
    await bonuses.getByText("1 due").waitFor();
    await bonuses
      .getByRole("row")
      .filter({ hasText: "emma" })
      .getByText("Paid", { exact: true })
      .waitFor();
    expect(
      (dataOf(await request(url, "GET /crowd/studies/paid/bonuses")) as readonly Bonus[]).filter(
        ({ paid }) => paid,
      ),
    ).toMatchObject([{ worker: "emma", kind: "winner" }]);
    await requester.axe();
    await requester.screenshot("crowd-done-1280-light");
  });

  it("ranks with the mouse", async () => {
    await load(url, { ...study("mouse"), max_cads: 3, sentences_per_ranking: 3 });
    const opened = await browser.openPage(scope, "/console/crowd/worker");
    await work(opened.page, "gus", "mouse");
    await opened.panel("Rank sentences").waitFor();
    const [a = "", b = "", c = ""] = await order(opened.page);
    const from = await grip(opened.page, a);
    const to = await grip(opened.page, c);
    await opened.page.mouse.move(from.x, from.y);
    await opened.page.mouse.down();
    await opened.page.mouse.move(to.x, to.y + 10, { steps: 5 });
    await opened.page.mouse.up();
    expect(await order(opened.page)).toEqual([b, c, a]);
    await opened.page.getByRole("button", { name: `Move up: ${c}` }).click();
    expect(await order(opened.page)).toEqual([c, b, a]);
    await opened.page.getByText("Draft saved").waitFor();
    await opened.screenshot("crowd-ranking-1280-light");
  });

  it("skips with an explanation", async () => {
    await load(url, study("skipped"));
    const opened = await browser.openPage(scope, "/console/crowd/worker", { width: 390 });
    await work(opened.page, "hal", "skipped");
    await opened.page.getByRole("button", { name: "Skip this one" }).click();
    await opened.page.getByRole("button", { name: "Skip with this explanation" }).click();
    await opened.page.getByText("Say in a word or two why").waitFor();
    await opened.page.getByLabel("Why do you skip it?").fill("I know no dogs.");
    await opened.axe();
    await opened.screenshot("crowd-skipping-390-light");
    await opened.page.getByRole("button", { name: "Skip with this explanation" }).click();
    await opened.page.getByText("Skipped. Somebody else is asked for this sentence.").waitFor();
    expect((await exportOf("skipped")).units).toMatchObject([
      { worker: "hal", status: "skipped", explanation: "I know no dogs." },
    ]);
    // Nobody gets the same sentence twice.
    await opened.page.getByRole("button", { name: "Get the next unit" }).click();
    await opened.page.getByText("There is nothing to do for you now").waitFor();
    await opened.screenshot("crowd-nothing-390-light");
  });

  it("finds the unit that was given when its answer was lost", async () => {
    await load(url, {
      ...study("lost"),
      sentences: ["1", "2"].map((original_id) => ({ original_id, original, cads: known })),
    });
    const opened = await browser.openPage(scope, "/console/crowd/worker", {
      expected: [/^400 POST \/request_agent/],
    });
    const { page } = opened;
    const answer = async (route: Route) => {
      await route.fetch();
      await route.fulfill({
        status: 400,
        json: { error: { code: "bad_message", message: "the answer was lost" } },
      });
    };
    await page.route("**/request_agent*", (route) => answer(route), { times: 1 });
    await work(page, "leo", "lost");
    await page.getByText("No unit could be had").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByLabel("Your version").waitFor();
    expect((await exportOf("lost")).units).toHaveLength(1);
  });

  it.each([
    ["%25", "%"],
    ["%", "%"],
    ["a%2541", "a%41"],
    ["a%2Fb", "a/b"],
  ])("says of the address %s that there is no study %s", async (part, id) => {
    const opened = await browser.openPage(scope, "/console/crowd/requester", {
      expected: [/^40[04] GET \/crowd\/studies\//],
    });
    await opened.shows("Crowd");
    await opened.page.evaluate(
      (path) => history.pushState(null, "", path),
      `/console/crowd/requester/${part}`,
    );
    await opened.panel(`Study ${id}`).getByText("The study did not load").waitFor();
  });

  it("says what is wrong with a study, takes a file, and saves exports", async () => {
    const opened = await browser.openPage(scope, "/console/crowd/requester", {
      expected: [/^400 POST \/crowd\/studies/, /^409 POST \/crowd\/studies/],
    });
    const { page } = opened;
    const loading = opened.panel("Load a study");
    const submit = loading.getByRole("button", { name: "Load the study" });
    await loading.getByLabel("Or its text").fill("{");
    await submit.click();
    await loading.getByText("This is not JSON").waitFor();
    await loading.getByLabel("Or its text").fill('{"sentences":[{"original":"x","cads":[]}]}');
    await submit.click();
    await loading.getByText(/The server did not take it: .*original_id/).waitFor();
    await opened.screenshot("crowd-refused-1280-light");

    const file = join(await temporaryFolder(scope), "study.json");
    await writeFile(file, JSON.stringify(study("from-file")));
    await loading.getByLabel("JSON file").setInputFiles(file);
    await loading.getByText("from-file").waitFor();
    await submit.click();
    await opened.panel("Study from-file").waitFor();
    expect(new URL(page.url()).pathname).toBe("/console/crowd/requester/from-file");
    // The same again is refused, under another name taken.
    await loading.getByLabel("Or its text").fill(JSON.stringify(study("from-file")));
    await submit.click();
    await loading.getByText("there is a study from-file").waitFor();
    await loading.getByLabel("Name (optional)").fill("again");
    await submit.click();
    await opened.panel("Study again").waitFor();

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export JSON" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("again.json");
    expect(JSON.parse(await readFile(await download.path(), "utf8"))).toMatchObject({
      data: { id: "again" },
    });
  });
});

it("saves what is typed while the server is away, when it is back", async () => {
  const data = join(await temporaryFolder(scope), "data");
  const first = await startServer(scope, { data });
  await load(first.url, study("away"));
  const opened = await new ConsoleBrowser(scope, first.url).openPage(
    scope,
    "/console/crowd/worker",
    { expected: serverGone },
  );
  await work(opened.page, "ida", "away");
  await opened.page.getByLabel("Your version").fill("first");
  await opened.page.getByText("Draft saved").waitFor();
  await first.kill();
  await opened
    .panel("Write a counterfactual")
    .getByText(/^(Reconnecting|Connecting)$/)
    .waitFor();
  await opened.page.getByLabel("Your version").fill("A man is walking home.");
  await opened.page.getByText("Not saved yet: waiting for the connection").waitFor();
  await opened.screenshot("crowd-reconnecting-1280-light");
  await startServer(scope, { data, port: first.port });
  await opened.page.evaluate(() => dispatchEvent(new Event("online")));
  await opened.page.getByText("Draft saved").waitFor();
  await opened.page.reload();
  await opened.page.getByText("A man is walking home.").waitFor();
  await opened.page.getByRole("button", { name: "Submit" }).click();
  await opened.page.getByText("Your version is stored").waitFor();
});

it("works and exports with a token where auth is on", async () => {
  const data = join(await temporaryFolder(scope), "data");
  await mkdir(data);
  const token = await createToken(data, {
    name: "rita",
    roles: ["admin", "crowd.worker", "crowd.requester"],
  });
  const { url } = await startServer(scope, { data, config: { auth: { enabled: true } } });
  await load(url, study("locked"), token);
  const opened = await new ConsoleBrowser(scope, url).openPage(scope, "/console/crowd/requester", {
    expected: [/401 GET \/admin\/session/],
  });
  const { page } = opened;
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await opened.panel("Study locked").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("locked.csv");
  expect(await readFile(await download.path(), "utf8")).toMatch(/^record,original_id,/);
  await page.getByRole("link", { name: "As a worker" }).click();
  await work(page, "kim", "locked");
  await page.getByLabel("Your version").fill("A man is running.");
  await page.getByText("Draft saved").waitFor();
});

/** The tracking page: finds the silent camera, has a box tracked and stopped, shows where objects have been. */
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/inbox.ts";
import { chromium, needs } from "../support/requirements.ts";
import { type Scope, scopePerFile, scopePerTest } from "../support/scope.ts";
import { startServer, temporaryFolder } from "../support/server-process.ts";
import type { TextSocket } from "../support/text-socket.ts";
import { objectIdsOf, processorAt } from "../support/tracking.ts";
import { ConsoleBrowser, serverGone, views } from "./console-browser.ts";
import type { ConsolePage } from "./console-page.ts";
import { startDemo } from "./demo.ts";

const fileScope = scopePerFile();
const scope = scopePerTest();
needs(chromium);

/** A camera in front of which two things stand still: frames come until the scope ends. */
class StillCamera {
  readonly socket: TextSocket;
  readonly #cameraId: string;
  #frameId = 0;
  /** Objects that it recognises, by box. */
  readonly recognised = new Map<number, number>();

  private constructor(socket: TextSocket, cameraId: string) {
    this.socket = socket;
    this.#cameraId = cameraId;
  }

  static async open(owner: Scope, url: string, cameraId: string): Promise<StillCamera> {
    return new StillCamera(await processorAt(owner, { url }, cameraId), cameraId);
  }

  film(owner: Scope): void {
    owner.own(
      setInterval(() => this.send(), 200),
      (timer) => clearInterval(timer),
    );
  }

  send(): void {
    this.#frameId++;
    const rects = [
      [0.1, 0.2, 0.3, 0.8],
      [0.6, 0.2, 0.8, 0.8],
    ];
    const boxes = rects.map((rect, boxId) => {
      const objectId = this.recognised.get(boxId);
      return {
        boxId,
        rect,
        objectType: "statue",
        certainty: 0.8,
        ...(objectId === undefined ? {} : { objectId }),
      };
    });
    this.socket.send({ type: "boundingBoxes", frameId: this.#frameId, boxes });
  }

  /** The next order to look for an object that was chosen by its box: the demo's operator, who may click here too, gives a picture. */
  async orderByBox(): Promise<{ readonly objectId: number; readonly boxId: number }> {
    const frame = await this.socket.frames.until(
      (text) => text.includes('"start"') && !text.includes('"image"'),
    );
    return JSON.parse(frame);
  }

  card({ page }: ConsolePage) {
    return page.getByRole("article", { name: `Camera ${this.#cameraId}` });
  }
}

describe("with the demo", () => {
  let url: string;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    url = await startDemo(fileScope);
    browser = new ConsoleBrowser(fileScope, url);
  }, 90_000);

  it.each(views)(
    "shows cameras, objects and a timeline: $width px, $theme",
    async ({ width, theme }) => {
      const opened = await browser.openPage(scope, "/console/tracking", { width, theme });
      await opened.shows("Tracking");
      for (const camera of ["west", "middle", "east"]) {
        await opened.page
          .getByRole("article", { name: `Camera ${camera}` })
          .getByText("Online")
          .waitFor();
      }
      await opened.page.getByText("No camera is silent or gone.").waitFor();
      await opened.page
        .getByRole("img", { name: /^Object \d+$/ })
        .first()
        .waitFor();
      await opened.page.getByRole("img", { name: /^Object \d+ over 3 cameras/ }).waitFor();
      await opened.fitsWidth();
      await opened.axe(theme);
      await opened.screenshot(`tracking-${width}-${theme}`);
    },
  );

  it("has a box tracked by a click, shows where it was, and stops it", async () => {
    const camera = await StillCamera.open(scope, url, "statues");
    camera.film(scope);
    const opened = await browser.openPage(scope, "/console/tracking");
    const card = camera.card(opened);
    await card.getByText("Online").waitFor();
    await card.getByRole("img", { name: /2 boxes/ }).waitFor();
    const picture = card.getByRole("img");
    const { width, height } = (await picture.boundingBox()) ?? { width: 0, height: 0 };
    await picture.click({ position: { x: width * 0.7, y: height * 0.5 } });
    // The camera is told which box it was.
    const { objectId, boxId } = await camera.orderByBox();
    expect(boxId).toBe(1);
    await opened.page.getByText(`Object ${objectId} is tracked now`).waitFor();
    await opened.page.getByRole("heading", { name: `Timeline of object ${objectId}` }).waitFor();
    expect(new URL(opened.page.url()).pathname).toBe(`/console/tracking/objects/${objectId}`);
    expect(await objectIdsOf(url)).toMatchObject({ data: expect.arrayContaining([objectId]) });

    const row = opened.page
      .getByRole("table", { name: "Tracked objects" })
      .getByRole("row")
      .filter({
        has: opened.page.getByRole("link", { name: `Timeline of object ${objectId}`, exact: true }),
      });
    await row.getByText("not yet").waitFor();
    await opened.page.getByText(`No camera has seen object ${objectId}`).waitFor();
    camera.recognised.set(1, objectId);
    await row.getByText("statues").waitFor();
    await opened.page
      .getByRole("img", { name: `Object ${objectId} over 4 cameras, listed below` })
      .waitFor();
    await opened.page.getByText("1 stay as text").click();
    await opened.page.getByText(/statues: \d\d:\d\d:\d\d to/).waitFor();
    await opened.screenshot("tracking-followed");

    await row.getByRole("button", { name: `Stop tracking object ${objectId}` }).click();
    await camera.socket.frames.until((frame) => frame.includes(`"stop","objectId":${objectId}}`));
    await row.waitFor({ state: "hidden" });
    await opened.page.getByText("Tracked no more").waitFor();
  });

  it("has a box tracked by key", async () => {
    const camera = await StillCamera.open(scope, url, "statues");
    camera.film(scope);
    const opened = await browser.openPage(scope, "/console/tracking");
    await camera.card(opened).getByRole("button", { name: "Track statue 0, left, middle" }).focus();
    await opened.page.keyboard.press("Enter");
    const { objectId, boxId } = await camera.orderByBox();
    expect(boxId).toBe(0);
    await opened.page.getByText(`Object ${objectId} is tracked now`).waitFor();
    await opened.page
      .getByRole("button", { name: `Stop tracking object ${objectId}`, exact: true })
      .click();
    await camera.socket.frames.until((frame) => frame.includes(`"stop","objectId":${objectId}}`));
  });

  it("finds the camera that is connected and silent, and the one that has gone", async () => {
    const silent = await StillCamera.open(scope, url, "yard");
    const opened = await browser.openPage(scope, "/console/tracking");
    await opened.page.getByRole("banner").getByText("Connection: Live").waitFor();
    silent.send();
    await silent.card(opened).getByText("Online").waitFor();
    const trouble = opened.page.getByRole("status", { name: "Cameras that need a look" });
    await trouble.getByRole("button", { name: "Stopped yard" }).click();
    expect(
      await silent.card(opened).evaluate((element) => element === document.activeElement),
    ).toBe(true);
    await silent.card(opened).getByText("Connected, but silent").waitFor();
    await opened.axe();
    await opened.screenshot("tracking-stopped");
    silent.socket.close();
    await trouble.getByRole("button", { name: "Offline yard" }).waitFor();
    await silent.card(opened).getByText("its processor has gone").waitFor();
    await opened.screenshot("tracking-offline");
  });

  it("says how many frames the server has skipped for it", async () => {
    const opened = await browser.openPage(scope, "/console/parts");
    const asked: string[] = [];
    await opened.page.routeWebSocket(/\/client/, (socket) => {
      asked.push(socket.url());
      socket.connectToServer();
      socket.send('{"type":"skipped","count":37}');
    });
    await opened.goto("/console/tracking");
    await opened.page.getByText("37", { exact: true }).waitFor();
    expect(new Set(asked)).toEqual(
      new Set([`${url.replace(/^http/, "ws")}/client?skipped=1&heartbeat=1`]),
    );
  });
});

describe("without cameras", () => {
  it("says how to get some, and that it knows nothing while the server is away", async () => {
    const data = `${await temporaryFolder(scope)}/data`;
    const server = await startServer(scope, { data });
    const opened = await new ConsoleBrowser(scope, server.url).openPage(
      scope,
      "/console/tracking",
      {
        expected: serverGone,
      },
    );
    await opened.page.getByRole("heading", { name: "No camera is connected" }).waitFor();
    await opened.axe();
    await opened.screenshot("tracking-empty");

    const camera = await StillCamera.open(scope, server.url, "yard");
    camera.film(scope);
    await camera.card(opened).getByText("Online").waitFor();
    await server.kill();
    await camera.card(opened).getByText("This page has no connection").waitFor();
    await opened.page.getByText("Stale", { exact: true }).waitFor();
    await opened.screenshot("tracking-lost");
    await startServer(scope, { data, port: server.port });
    await camera.card(opened).getByText("Offline").waitFor();
    await eventually(
      "the page's own connection",
      async () => opened.page.getByRole("banner").getByRole("status").textContent(),
      (text) => text?.includes("Live") === true,
    );
  });
});

/** Debian's Chromium, looking at the console of a really started server. */
import { spawnSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";
import type { Scope } from "../support/scope.ts";
import { ConsolePage, type Theme } from "./console-page.ts";

/** How a page is opened. */
export interface PageOptions {
  /** 1280 is a desk, 390 a phone (with touch). Default 1280. */
  readonly width?: 1280 | 390;
  /** What the system prefers. Default `light`. */
  readonly theme?: Theme;
  /** Console errors and failed requests that belong to the test, such as a refused token: "401 GET /admin/session". */
  readonly expected?: readonly RegExp[];
}

/** What a page may complain of when its server is stopped under it, in whatever it is just fetching: its icon, too. */
export const serverGone: readonly RegExp[] = [/^logged: WebSocket connection to/, /^net::ERR_\w+ /];

/** What every page has to look right in. */
export const views = ([1280, 390] as const).flatMap((width) =>
  (["light", "dark"] as const).map((theme) => ({ width, theme })),
);

/** One browser per test file, started when the first page is opened, so that a file without Chromium skips its tests. */
export class ConsoleBrowser {
  readonly #baseUrl: string;
  #browser: Promise<Browser> | undefined;

  /** `baseUrl`: of the server. The browser ends with the scope. */
  constructor(scope: Scope, baseUrl: string) {
    this.#baseUrl = baseUrl;
    scope.own(this, async () => (await this.#browser)?.close());
  }

  /**
   * Opens an address of the server ("/console/lobby") in a context of its own, without cookies or storage of others. With the scope it is closed,
   * and its test fails if the page logged an error, a request failed, or the layout jumped.
   */
  async openPage(scope: Scope, path: string, options: PageOptions = {}): Promise<ConsolePage> {
    const { width = 1280, theme = "light", expected = [] } = options;
    this.#browser ??= launch();
    const browser = await this.#browser;
    const isPhone = width === 390;
    const context = await browser.newContext({
      baseURL: this.#baseUrl,
      viewport: { width, height: isPhone ? 844 : 800 },
      isMobile: isPhone,
      hasTouch: isPhone,
      deviceScaleFactor: isPhone ? 2 : 1,
      colorScheme: theme,
      // Colours are measured, and pictures taken, of what has come to rest.
      reducedMotion: "reduce",
    });
    const page = scope.own(await ConsolePage.in(context, { theme, expected }), (opened) =>
      opened.close(),
    );
    await page.goto(path);
    return page;
  }
}

async function launch(): Promise<Browser> {
  const { stdout } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
  // Its sandbox does not work as root, and all it loads is ours.
  return await chromium.launch({
    executablePath: stdout.trim(),
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** A page of the console in a browser, which fails its test for what a person would be annoyed by. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { projectPath } from "../support/paths.ts";

export type Theme = "light" | "dark";

/** Where pictures go; CI keeps them. */
const picturesPath = join(projectPath, ".artifacts/screenshots");

/** How long a page may take for anything. The machine may be busy. */
const deadlineMs = 15_000;

/** Sum of the layout shifts that no input has caused: what browsers call good. */
const maxLayoutShift = 0.1;

interface Parts {
  readonly theme: Theme;
  readonly expected: readonly RegExp[];
}

export class ConsolePage {
  /** Playwright's page, for locators and input. */
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #parts: Parts;
  readonly #problems: string[] = [];

  private constructor(context: BrowserContext, page: Page, parts: Parts) {
    this.#context = context;
    this.page = page;
    this.#parts = parts;
    page.setDefaultTimeout(deadlineMs);
    page.on("console", (message) => {
      // That a request failed is known better below.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        this.#problem(`logged: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#problem(`uncaught: ${error.stack ?? error.message}`));
    page.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText;
      // The page itself stopped waiting: it was left, or its component went.
      if (reason !== "net::ERR_ABORTED")
        this.#problem(`${reason} ${request.method()} ${new URL(request.url()).pathname}`);
    });
    page.on("response", (response) => {
      if (response.status() < 400) return;
      this.#problem(
        `${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`,
      );
    });
  }

  static async in(context: BrowserContext, parts: Parts): Promise<ConsolePage> {
    await context.addInitScript(watchLayout);
    return new ConsolePage(context, await context.newPage(), parts);
  }

  /** Follows a full navigation, not one within the app. */
  async goto(path: string): Promise<void> {
    await this.page.goto(path, { timeout: deadlineMs });
  }

  /** Resolves when the page with this heading is seen. */
  async shows(heading: string): Promise<void> {
    await this.page.getByRole("heading", { level: 1, name: heading }).waitFor();
  }

  /** The part of the page that has this title. */
  panel(title: string): Locator {
    return this.page.getByRole("region", { name: title, exact: true });
  }

  /** Keeps a picture of the whole page as `.artifacts/screenshots/NAME.png`, as if the window were as high as the page. */
  async screenshot(name: string): Promise<void> {
    await mkdir(picturesPath, { recursive: true });
    const before = this.page.viewportSize();
    const height = await this.page.evaluate(() => {
      // What moves while the window is another one is not the page's doing.
      (globalThis as unknown as Watched).layoutShift.paused = true;
      window.scrollTo(0, 0);
      return document.documentElement.scrollHeight;
    });
    if (before !== null)
      await this.page.setViewportSize({
        width: before.width,
        height: Math.max(before.height, height),
      });
    await this.page.screenshot({ path: join(picturesPath, `${name}.png`) });
    if (before !== null) await this.page.setViewportSize(before);
    await this.page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      (globalThis as unknown as Watched).layoutShift.paused = false;
    });
  }

  /**
   * Throws with what axe-core finds that is serious or critical in a theme. Default: in both. A test
   * that is run once for each theme names its own, since a check takes a second of a busy machine.
   */
  async axe(only?: Theme): Promise<void> {
    for (const theme of only === undefined ? (["light", "dark"] as const) : [only]) {
      await this.page.emulateMedia({ colorScheme: theme });
      // Through the debugger: a script tag would be against the page's Content-Security-Policy.
      await this.page.evaluate(axe.source);
      const faults = await this.page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(
          document,
          { resultTypes: ["violations"] },
        );
        return violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(
            ({ id, help, nodes }) =>
              `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary}`).join("\n")}`,
          );
      });
      if (faults.length > 0)
        throw new Error(`axe-core in the ${theme} theme:\n${faults.join("\n")}`);
    }
    await this.page.emulateMedia({ colorScheme: this.#parts.theme });
  }

  /** Throws if something is wider than the window: a page scrolls sideways only within its tables. */
  async fitsWidth(): Promise<void> {
    const { content, window } = await this.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
    }));
    if (content > window)
      throw new Error(`the page is ${content} px wide in a window of ${window} px`);
  }

  /** Closes it; throws if anything was wrong with it while it was open. */
  async close(): Promise<void> {
    const shift = await this.page
      .evaluate(() => (globalThis as unknown as Watched).layoutShift)
      .catch(() => undefined);
    await this.#context.close();
    if (shift !== undefined && shift.worst > maxLayoutShift) {
      this.#problem(
        `the layout jumped by ${shift.worst.toFixed(3)} (at most ${maxLayoutShift}): ${shift.what.join(", ")}`,
      );
    }
    if (this.#problems.length > 0)
      throw new Error(`the page had problems:\n${this.#problems.join("\n")}`);
  }

  #problem(text: string): void {
    if (!this.#parts.expected.some((pattern) => pattern.test(text))) this.#problems.push(text);
  }
}

interface Watched {
  layoutShift: { worst: number; what: string[]; paused: boolean };
}

/**
 * Runs in the page before its own scripts. Cumulative Layout Shift as web.dev defines it: the worst window of shifts that are less than a
 * second apart, of 5 s at most.
 */
function watchLayout(): void {
  interface LayoutShift extends PerformanceEntry {
    readonly value: number;
    readonly hadRecentInput: boolean;
    readonly sources: readonly { readonly node: Node | null }[];
  }
  const watched = { worst: 0, what: [] as string[], paused: false };
  let current = { firstMs: Number.NEGATIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY, sum: 0 };
  (globalThis as unknown as Watched).layoutShift = watched;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as LayoutShift[]) {
      if (entry.hadRecentInput || watched.paused) continue;
      const { startTime } = entry;
      if (startTime - current.lastMs >= 1000 || startTime - current.firstMs >= 5000)
        current = { firstMs: startTime, lastMs: startTime, sum: 0 };
      current.lastMs = startTime;
      current.sum += entry.value;
      watched.worst = Math.max(watched.worst, current.sum);
      for (const { node } of entry.sources) {
        watched.what.push(
          node instanceof Element
            ? `${node.tagName.toLowerCase()}.${node.getAttribute("class") ?? ""}`
            : (node?.nodeName ?? "gone"),
        );
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
}

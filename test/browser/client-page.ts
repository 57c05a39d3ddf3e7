/** Pages of Debian's Chromium that have the client, bundled as an application would. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type JSHandle,
  type Page,
} from "playwright-core";
import { build } from "vite";
import type {
  Connection,
  ConnectionState,
  ConnectOptions,
  OutboxLimits,
  Settled,
} from "../../src/client/index.ts";
import { Inbox } from "../support/inbox.ts";
import { projectPath } from "../support/paths.ts";
import type { Scope } from "../support/scope.ts";

/** `client-entry.js`, as the page has it. */
export interface Entry {
  readonly client: typeof import("../../src/client/index.ts");
  readonly crowd: typeof import("../../src/client/crowd/index.ts");
  readonly devices: typeof import("../../src/client/devices/index.ts");
  readonly experiments: typeof import("../../src/client/experiments/index.ts");
  readonly indexedDb: typeof import("../../src/client/indexeddb-store/index.ts");
  readonly lobby: typeof import("../../src/client/lobby/index.ts");
  readonly tracking: typeof import("../../src/client/tracking/index.ts");
}

declare const switchboard: Entry;
/** Given to the page: a call of it is put into `told`. */
declare const tell: (name: string, value: unknown) => void;

/** What a page has told. */
export interface Told {
  readonly name: string;
  readonly value: unknown;
}

/** Options of `connect` that can be handed to a page. */
export type PlainOptions = Pick<ConnectOptions, "maxDelayMs" | "deadlineMs" | "watchdog"> & {
  readonly outbox?: Partial<OutboxLimits>;
  /** The name of an `IndexedDbOutboxStore`. */
  readonly store?: string;
};

/** What runs while there are pages. */
interface Started {
  readonly browser: Browser;
  /** The pages' address. */
  readonly url: string;
}

/** A browser and a web server for its pages, started for the first page: a file without Chromium skips its tests. */
export class ClientBrowser {
  readonly #scope: Scope;
  #started: Promise<Started> | undefined;

  /** Both end with the scope. */
  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** A user of the browser, with no storage of others; ends with the scope. */
  async newContext(scope: Scope): Promise<BrowserContext> {
    this.#started ??= start(this.#scope);
    const { browser } = await this.#started;
    return scope.own(await browser.newContext(), (context) => context.close());
  }

  /** A page with the client; in a context of its own unless one is given. */
  async open(scope: Scope, context?: BrowserContext): Promise<ClientPage> {
    const page = await (context ?? (await this.newContext(scope))).newPage();
    this.#started ??= start(this.#scope);
    const { url } = await this.#started;
    const opened = new ClientPage(page);
    await page.exposeFunction("tell", (name: string, value: unknown) =>
      opened.told.push({ name, value }),
    );
    page.on("pageerror", (error) =>
      opened.told.push({ name: "error", value: String(error.stack) }),
    );
    await page.goto(url);
    return opened;
  }
}

/** One page. */
export class ClientPage {
  readonly page: Page;
  readonly told = new Inbox<Told>("word from the page");

  constructor(page: Page) {
    this.page = page;
  }

  /** The value of the next word with that name; fails at an error in the page. */
  async next(
    name: string,
    matches: (value: unknown) => boolean = () => true,
    deadlineMs = 15_000,
  ): Promise<unknown> {
    const found = await this.told.until(
      (one) => one.name === "error" || (one.name === name && matches(one.value)),
      deadlineMs,
    );
    if (found.name === "error") throw new Error(`in the page: ${found.value}`);
    return found.value;
  }

  /** The next such state. */
  async state(status: ConnectionState["status"], deadlineMs?: number): Promise<ConnectionState> {
    return (await this.next(
      "state",
      (value) => (value as ConnectionState).status === status,
      deadlineMs,
    )) as ConnectionState;
  }

  /** The next outcome. */
  async outcome(): Promise<Settled> {
    return (await this.next("outcome")) as Settled;
  }

  /** Connects in the page; tells of states, messages and outcomes. */
  async connect(url: string, options: PlainOptions = {}): Promise<JSHandle<Connection>> {
    return await this.page.evaluateHandle(
      ([url, { store, outbox, ...options }]) => {
        const { client, indexedDb } = switchboard;
        const kept =
          store === undefined ? {} : { store: new indexedDb.IndexedDbOutboxStore(store) };
        const connection = client.connect(url, { ...options, outbox: { ...outbox, ...kept } });
        connection.on("state", (state) => tell("state", JSON.parse(JSON.stringify(state))));
        connection.on("message", (text) => tell("message", text));
        connection.on("outcome", (settled) => tell("outcome", settled));
        return connection;
      },
      [url, options] as const,
    );
  }
}

async function start(scope: Scope): Promise<Started> {
  const script = await bundle();
  const server = createServer((request, response) => {
    const [type, body] =
      request.url === "/client.js" ? ["text/javascript", script] : ["text/html", html];
    response.setHeader("Content-Type", `${type}; charset=utf-8`);
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.own(server, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { stdout } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
  // Its sandbox does not work as root, and all it loads is ours.
  const browser = await chromium.launch({
    executablePath: stdout.trim(),
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  scope.own(browser, () => browser.close());
  return { browser, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const html = '<!doctype html><title>client</title><script src="/client.js"></script>';

async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    root: projectPath,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: {
        entry: join(projectPath, "test/browser/client-entry.js"),
        name: "switchboard",
        formats: ["iife"],
      },
    },
  });
  for (const { output } of [result].flat() as { output: { type: string; code?: string }[] }[]) {
    for (const { type, code } of output) if (type === "chunk" && code !== undefined) return code;
  }
  throw new Error("the bundle has no code");
}

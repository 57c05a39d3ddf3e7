/** A page of another origin, in a real browser, against a server on loopback without auth. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { newMonitorId } from "../support/device-socket.ts";
import { dataOf, request } from "../support/http.ts";
import { chromium as chromiumPackage, needs } from "../support/requirements.ts";
import { type Scope, scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

needs(chromiumPackage);

const file = scopePerFile();
const scope = scopePerTest();
const foreignName = "evil.example";
let server: ServerProcess;
let browser: Browser;
let pagesPort: number;

beforeAll(async () => {
  server = await startServer(file);
  pagesPort = await servePages(file);
  const { stdout } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
  // The name of another site leads to this machine, as an attacker's would, and nowhere else.
  browser = await chromium.launch({
    executablePath: stdout.trim(),
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      `--host-resolver-rules=MAP ${foreignName} 127.0.0.1`,
      // The browser's own guard asks the user first; what holds here must hold for browsers without it.
      "--disable-features=LocalNetworkAccessChecks",
    ],
  });
  file.own(browser, (opened) => opened.close());
});

async function servePages(owner: Scope): Promise<number> {
  const pages = createServer((_request, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end("<!doctype html><title>a page</title>");
  });
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  owner.own(pages, async () => {
    pages.closeAllConnections();
    pages.close();
    await once(pages, "close");
  });
  return (pages.address() as AddressInfo).port;
}

async function pageAt(url: string): Promise<Page> {
  const context = scope.own(await browser.newContext(), (opened) => opened.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Tries what a page can: gives what each way came to. */
async function attempts(page: Page, at: string, monitorId: string) {
  return await page.evaluate(
    async ([base, monitor]) => {
      const fetched = async (path: string, init?: RequestInit) => {
        try {
          const answer = await fetch(`${base}${path}`, init);
          return answer.type === "opaque" ? "opaque" : String(answer.status);
        } catch {
          return "failed";
        }
      };
      const command = `/devices/${monitor}/commands`;
      const body = '{"command":"open"}';
      const json = { "content-type": "application/json" };
      const socketOf = (path: string) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(`${base.replace("http", "ws")}${path}`);
          socket.onopen = () => resolve("open");
          socket.onerror = () => resolve("failed");
        });
      const loaded = (tag: "img" | "script", path: string) =>
        new Promise<string>((resolve) => {
          const element = document.createElement(tag);
          element.onload = () => resolve("loaded");
          element.onerror = () => resolve("failed");
          element.src = `${base}${path}`;
          document.body.append(element);
        });
      const posted = () =>
        new Promise<string>((resolve) => {
          const frame = document.createElement("iframe");
          frame.name = "target";
          document.body.append(frame);
          const form = document.createElement("form");
          Object.assign(form, { method: "post", enctype: "text/plain", target: "target" });
          form.action = `${base}${command}`;
          const field = document.createElement("input");
          Object.assign(field, { name: '{"command":"form', value: '"}' });
          form.append(field);
          document.body.append(form);
          frame.onload = () => resolve("answered");
          form.submit();
        });
      const plain = { "content-type": "text/plain" };
      return {
        read: await fetched("/lobbies"),
        readBlindly: await fetched("/lobbies", { mode: "no-cors" }),
        simplePost: await fetched(command, { method: "POST", body, headers: plain }),
        blindPost: await fetched(command, { method: "POST", body, mode: "no-cors" }),
        preflightedPost: await fetched(command, { method: "POST", body, headers: json }),
        remove: await fetched("/experiments/x", { method: "DELETE" }),
        polling: await fetched("/socket.io/?EIO=4&transport=polling"),
        webSocket: await socketOf("/lobby"),
        socketIo: await socketOf("/socket.io/?EIO=4&transport=websocket"),
        admin: await socketOf("/admin"),
        script: await loaded("script", "/lobbies"),
        form: await posted(),
      };
    },
    [at, monitorId] as const,
  );
}

const commandsOf = async (monitorId: string) =>
  dataOf(await request(server.url, `GET /devices/${monitorId}/commands`));

test("a page of another site reads nothing, opens nothing and changes nothing", async () => {
  const page = await pageAt(`http://${foreignName}:${pagesPort}/`);
  const monitorId = newMonitorId();
  expect(await attempts(page, server.url, monitorId)).toEqual({
    read: "failed",
    readBlindly: "opaque",
    simplePost: "failed",
    blindPost: "opaque",
    preflightedPost: "failed",
    remove: "failed",
    polling: "failed",
    webSocket: "failed",
    socketIo: "failed",
    admin: "failed",
    script: "failed",
    // The frame shows the refusal.
    form: "answered",
  });
  expect(await commandsOf(monitorId)).toEqual([]);
});

test("a page whose name has been made to lead to the server gets no further", async () => {
  const rebound = `http://${foreignName}:${server.port}`;
  const page = await pageAt(`${rebound}/healthz`);
  const monitorId = newMonitorId();
  expect(await attempts(page, rebound, monitorId)).toMatchObject({
    read: "403",
    simplePost: "403",
    preflightedPost: "403",
    remove: "403",
    polling: "403",
    webSocket: "failed",
    socketIo: "failed",
    admin: "failed",
  });
  expect(await commandsOf(monitorId)).toEqual([]);
});

test("a page of loopback on another port may use all but the admin service", async () => {
  const page = await pageAt(`http://localhost:${pagesPort}/`);
  const monitorId = newMonitorId();
  expect(await attempts(page, server.url, monitorId)).toMatchObject({
    read: "200",
    simplePost: "201",
    preflightedPost: "201",
    remove: "404",
    polling: "200",
    webSocket: "open",
    socketIo: "open",
    admin: "failed",
  });
  // Two that were read, a blind one and a form.
  expect(await commandsOf(monitorId)).toHaveLength(4);
});

test.each(["/healthz", "/lobbies"])("a link of another site leads to %s", async (path) => {
  const page = await pageAt(`http://${foreignName}:${pagesPort}/`);
  await page.evaluate((href) => {
    const link = document.createElement("a");
    link.href = href;
    document.body.append(link);
    link.click();
  }, server.url + path);
  await page.waitForURL(server.url + path);
  expect(await page.textContent("body")).toContain(path === "/healthz" ? "ok" : '"data"');
});

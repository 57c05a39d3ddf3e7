/** The examples that the README sends people to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { TestServer, TextClient } from "../../src/testing/index.ts";

const deadlineMs = 15_000;

test("examples/lobby.js plays a round of two", async () => {
  const server = await TestServer.start();
  try {
    const child = spawn(process.execPath, ["examples/lobby.js", server.url.replace("http", "ws")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    const [code] = await once(child, "close", { signal: AbortSignal.timeout(deadlineMs) });
    expect(code).toBe(0);
    for (const name of ["dan", "eve"]) expect(lines.some((line) => line.startsWith(`${name} got {"type":"start"`))).toBe(true);
  } finally {
    await server.stop();
  }
});

test("examples/chat.js is a service: it validates, tells everybody, and gives newcomers the history, also after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-chat-"));
  const start = async () => {
    const child = spawn(process.execPath, ["examples/chat.js"], {
      env: { ...process.env, PORT: "0", DATA: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), "line", { signal: AbortSignal.timeout(deadlineMs) })) as [string];
    const url = /http:\S+/.exec(line)?.[0].replace("http", "ws") ?? "";
    const stop = async () => {
      child.kill("SIGTERM");
      await once(child, "close", { signal: AbortSignal.timeout(deadlineMs) });
    };
    return { url, stop };
  };
  const enter = async (url: string, name: string) => {
    const client = await TextClient.open(`${url}?errors=1`);
    client.send({ type: "join", room: "r", name });
    return client;
  };
  try {
    let chat = await start();
    const ann = await enter(chat.url, "ann");
    expect(await ann.nextJson()).toEqual({ type: "people", count: 1 });
    ann.send({ type: "say" });
    expect(await ann.nextJson()).toMatchObject({
      type: "error",
      code: "bad_message",
      message: expect.stringContaining('"text" is missing'),
    });
    ann.send({ type: "say", text: "hello" });
    expect(await ann.nextJson()).toMatchObject({ type: "said", name: "ann", text: "hello" });
    await chat.stop();
    expect(await ann.closed()).toMatchObject({ code: 1012 });
    chat = await start();
    const bob = await enter(chat.url, "bob");
    expect(await bob.nextJson()).toMatchObject({ type: "said", name: "ann", text: "hello" });
    expect(await bob.nextJson()).toEqual({ type: "people", count: 1 });
    await chat.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

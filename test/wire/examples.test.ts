/** The examples that the README sends people to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { TestServer, TextClient } from "../../src/testing/index.ts";

const deadlineMs = 15_000;

const withoutTimes = (line: string) => line.replaceAll(/\d{10,}/g, "MS");
/** A stable order: the lines of each keep theirs. */
const byPlayer = (one: string, other: string) => one.slice(0, 3).localeCompare(other.slice(0, 3));

test("examples/lobby.js prints the round of two that the README shows, each time", async () => {
  const server = await TestServer.start();
  const play = async () => {
    const child = spawn(process.execPath, ["examples/lobby.js", server.url.replace("http", "ws")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(withoutTimes(line)));
    const [code] = await once(child, "close", { signal: AbortSignal.timeout(deadlineMs) });
    expect(code).toBe(0);
    return lines;
  };
  try {
    const shown = ((await readFile("README.md", "utf8")).match(/^(dan|eve) got .*$/gm) ?? []).map(
      withoutTimes,
    );
    expect(shown).toHaveLength(5);
    // Which of the two hears something first is chance.
    for (let times = 0; times < 4; times++)
      expect((await play()).sort(byPlayer)).toEqual(shown.toSorted(byPlayer));
  } finally {
    await server.stop();
  }
});

test("examples/chat.js is a service: it validates, tells everybody, and gives newcomers the last of it, also after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-chat-"));
  const start = async () => {
    const child = spawn(process.execPath, ["examples/chat.js"], {
      env: { ...process.env, PORT: "0", DATA: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), "line", {
      signal: AbortSignal.timeout(deadlineMs),
    })) as [string];
    const url = /http:\S+/.exec(line)?.[0].replace("http", "ws") ?? "";
    const stop = async () => {
      child.kill("SIGTERM");
      await once(child, "close", { signal: AbortSignal.timeout(deadlineMs) });
    };
    return { url, stop };
  };
  const enter = async (url: string, name: string, room = "r") => {
    const client = await TextClient.open(`${url}?errors=1`);
    client.send({ type: "join", room, name });
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
    // More than the log gives at once, and another room between them.
    const zoe = await enter(chat.url, "zoe", "s");
    const count = 1500;
    for (let nth = 0; nth < count; nth++) {
      bob.send({ type: "say", text: `m${nth}` });
      zoe.send({ type: "say", text: "in the other room" });
    }
    for (let nth = 0; nth < count; nth++)
      expect(await bob.nextJson()).toMatchObject({ type: "said", text: `m${nth}` });
    const cat = await enter(chat.url, "cat");
    for (let nth = count - 10; nth < count; nth++)
      expect(await cat.nextJson()).toMatchObject({ type: "said", text: `m${nth}` });
    expect(await cat.nextJson()).toEqual({ type: "people", count: 2 });
    await chat.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

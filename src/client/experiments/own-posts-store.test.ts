/** A store belongs to the address that its posts are for, as long as some wait in it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { scopePerTest } from "../../../test/support/scope.ts";
import { FileOutboxStore } from "../file-store/index.ts";
import { outboxStoreSuite, storedMessage } from "../outbox-store.suite.ts";
import { OwnPostsStore } from "./own-posts-store.ts";
import { addressOf, postAddress, postId } from "./post-id.ts";

const scope = scopePerTest();
const here = "http://h:1/api/object/A";
const there = "http://h:1/api/object/B";

async function newPath(owner: typeof scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "switchboard-own-posts-"));
  return join(
    owner.own(folder, (made) => rm(made, { recursive: true, force: true })),
    "outbox.jsonl",
  );
}

outboxStoreSuite("OwnPostsStore", async (owner) => {
  const path = await newPath(owner);
  return { store: () => new OwnPostsStore(new FileOutboxStore(path), here) };
});

describe("a store of posts", () => {
  let path: string;
  const storeFor = (address: string) =>
    scope.own(new OwnPostsStore(new FileOutboxStore(path), address), (store) => store.close());

  beforeEach(async () => {
    path = await newPath(scope);
    const first = storeFor(here);
    await first.put(storedMessage(postId("a", here)));
    await first.close();
  });

  it("for another address is refused, and left as it is", async () => {
    const before = await readFile(path, "utf8");
    const other = storeFor(there);
    const message = `in it a post waits for ${here}, and this is ${there}: publish there first, with this store, or take another store for this`;
    await expect(other.put(storedMessage(postId("b", there)))).rejects.toMatchObject({
      code: "conflict",
      message,
    });
    await expect(other.load()).rejects.toMatchObject({ code: "conflict" });
    await expect(other.remove(postId("a", here))).rejects.toMatchObject({ code: "conflict" });
    await other.close();
    expect(await readFile(path, "utf8")).toBe(before);
    expect((await storeFor(here).load()).map(({ id }) => id)).toEqual([postId("a", here)]);
  });

  it("in which nothing waits is anybody's, and what a version without addresses has left is one's own", async () => {
    const first = storeFor(here);
    await first.remove(postId("a", here));
    await first.put(storedMessage("an id alone"));
    await first.close();
    expect((await storeFor(there).load()).map(({ id }) => id)).toEqual(["an id alone"]);
  });
});

it("a post's id says its address, without what may be secret", () => {
  expect(addressOf(postId("x", here))).toBe(here);
  expect(addressOf("x")).toBeUndefined();
  expect(postAddress("wss://me:secret@h/api/object/a%20b?token=T#x")).toBe(
    "https://h/api/object/a%20b",
  );
  expect(postAddress("no address")).toBe("no address");
});

/** Engine suite: leases on one node. What crosses nodes is in `engine-nodes.suite.ts`. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import type { Acquired, Holder, Lease, LeaseChange } from "../kit/engine.ts";
import { Arrivals, rejection, type SuiteContext } from "./engine-harness.suite.ts";

/** The lease; fails the test if it was refused. */
export function held(acquired: Acquired): Lease {
  if (!("lease" in acquired))
    throw new Error(`refused: held by ${JSON.stringify(acquired.holder)}`);
  return acquired.lease;
}

/** Who has it; fails the test if it was acquired. */
export function refusedBy(acquired: Acquired): Holder {
  if (!("holder" in acquired))
    throw new Error(`acquired with fence ${acquired.lease.fence}, should have been refused`);
  return acquired.holder;
}

/** `key=value`, or `key free`. */
export function changeText({ key, holder }: LeaseChange): string {
  return holder === null ? `${key} free` : `${key}=${holder.value}`;
}

export function leasesSuite(context: SuiteContext): void {
  describe("leases", () => {
    test("one holder for a key; whoever else asks is told who has it", async () => {
      const { leases, session } = await context.open();
      const lease = held(await leases.acquire("cam.1", "é😀 value"));
      expect(lease).toMatchObject({ key: "cam.1", value: "é😀 value", session: session.id });
      expect(lease.fence).toBeGreaterThan(0);
      const holder = refusedBy(await leases.acquire("cam.1", "me too"));
      expect(holder).toEqual({
        key: "cam.1",
        value: "é😀 value",
        session: session.id,
        fence: lease.fence,
      });
      expect(await leases.list("")).toEqual([holder]);
      held(await leases.acquire("cam.2", ""));
    });

    test("of several who ask at once one gets it", async () => {
      const { leases } = await context.open();
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, index) => leases.acquire("k", `${index}`)),
      );
      const won = asked.filter((acquired) => "lease" in acquired);
      expect(won.length).toBe(1);
      expect((await leases.list("k")).length).toBe(1);
    });

    test("release frees it, once, and is not a loss", async () => {
      const { leases } = await context.open();
      let lost = 0;
      const lease = held(await leases.acquire("k", "1", { lost: () => lost++ }));
      await lease.release();
      await lease.release();
      expect(await leases.list("")).toEqual([]);
      const next = held(await leases.acquire("k", "2"));
      expect(next.fence).toBeGreaterThan(lease.fence);
      await lease.release();
      expect((await leases.list("")).map((holder) => holder.value)).toEqual(["2"]);
      await rejection(lease.update("x"), "lease_lost");
      expect(lost).toBe(0);
    });

    test("update replaces the value and raises the fence", async () => {
      const { leases } = await context.open();
      const lease = held(await leases.acquire("k", "1"));
      const before = lease.fence;
      await lease.update("2");
      expect(lease.value).toBe("2");
      expect(lease.fence).toBeGreaterThan(before);
      expect(await leases.list("")).toEqual([
        { key: "k", value: "2", fence: lease.fence, session: lease.session },
      ]);
      await Promise.all([lease.update("3"), lease.update("4")]);
      expect((await leases.list("")).map((holder) => [holder.value, holder.fence])).toEqual([
        ["4", lease.fence],
      ]);
      await lease.release();
      expect(await leases.list("")).toEqual([]);
    });

    test("steal takes it from a living holder, whose lost is called once", async () => {
      const { leases } = await context.open();
      const losses = new Arrivals<string>();
      const first = held(
        await leases.acquire("k", "1", { lost: (why) => losses.add(`first ${why}`) }),
      );
      const second = held(
        await leases.acquire("k", "2", { steal: true, lost: (why) => losses.add(`second ${why}`) }),
      );
      expect(second.fence).toBeGreaterThan(first.fence);
      expect(await losses.count(1)).toEqual(["first stolen"]);
      await rejection(first.update("x"), "lease_lost");
      await first.release();
      expect((await leases.list("")).map((holder) => holder.value)).toEqual(["2"]);
      held(await leases.acquire("k", "3", { steal: true }));
      expect(await losses.count(2)).toEqual(["first stolen", "second stolen"]);
    });

    test("lost is not called after release, though it was stolen before", async () => {
      const { leases } = await context.open();
      const losses = new Arrivals<string>();
      const first = held(await leases.acquire("k", "1", { lost: () => losses.add("first") }));
      held(await leases.acquire("k", "2", { steal: true, lost: () => losses.add("second") }));
      const releasing = first.release();
      const before = losses.items.length;
      await releasing;
      held(await leases.acquire("k", "3", { steal: true }));
      await losses.until((items) => items.includes("second"), "the second's loss");
      expect(losses.items.filter((name) => name === "first").length).toBe(before);
    });

    test("stealFence steals only from the holder that was meant", async () => {
      const { leases } = await context.open();
      const first = held(await leases.acquire("k", "1"));
      const [second, third] = await Promise.all([
        leases.acquire("k", "2", { steal: true, stealFence: first.fence }),
        leases.acquire("k", "3", { steal: true, stealFence: first.fence }),
      ]);
      expect([second, third].filter((acquired) => "lease" in acquired).length).toBe(1);
      const [winner, loser] = "lease" in second ? [second, third] : [third, second];
      expect(refusedBy(loser).fence).toBe(held(winner).fence);
      const before = held(winner).fence;
      await held(winner).update("updated");
      expect(
        refusedBy(await leases.acquire("k", "4", { steal: true, stealFence: before })).value,
      ).toBe("updated");
      await held(winner).release();
      held(await leases.acquire("k", "5", { steal: true, stealFence: before }));
    });

    test("a lost that throws disturbs nobody", async () => {
      const { leases } = await context.open();
      held(
        await leases.acquire("k", "1", {
          lost: () => {
            throw new Error("thrown by the test's lost");
          },
        }),
      );
      held(await leases.acquire("k", "2", { steal: true }));
      expect((await leases.list("")).map((holder) => holder.value)).toEqual(["2"]);
    });

    test("the fence grows over all keys; list is ordered by it and limited to the prefix", async () => {
      const { leases } = await context.open();
      const a = held(await leases.acquire("p.b", "1"));
      const b = held(await leases.acquire("p.a", "2"));
      const c = held(await leases.acquire("q", "3"));
      expect([a.fence < b.fence, b.fence < c.fence]).toEqual([true, true]);
      const keys = async (prefix: string) =>
        (await leases.list(prefix)).map((holder) => holder.key);
      expect(await keys("")).toEqual(["p.b", "p.a", "q"]);
      expect(await keys("p.")).toEqual(["p.b", "p.a"]);
      expect(await keys("p.a")).toEqual(["p.a"]);
      expect(await keys("x")).toEqual([]);
      await a.update("1b");
      expect(await keys("")).toEqual(["p.a", "q", "p.b"]);
    });

    test("watch tells who holds first, then each change in order, under its prefix", async () => {
      const { leases } = await context.open();
      const one = held(await leases.acquire("room.1", "a"));
      held(await leases.acquire("hall.1", "not asked for"));
      const changes = new Arrivals<LeaseChange>();
      const subscription = await within(
        leases.watch("room.", (change) => changes.add(change)),
        "watch",
      );
      expect([...new Set(changes.items.map(changeText))]).toEqual(["room.1=a"]);
      const two = held(await leases.acquire("room.2", "b"));
      await one.update("a2");
      held(await leases.acquire("room.2", "c", { steal: true }));
      await two.release();
      await one.release();
      held(await leases.acquire("end", "not asked for"));
      held(await leases.acquire("room.end", "end"));
      await changes.until(
        (items) => items.some((item) => item.key === "room.end"),
        "the last change",
      );
      // A change may be told twice, so runs of equal ones count as one.
      const told = (key: string) =>
        changes.items
          .filter((item) => item.key === key)
          .map(changeText)
          .filter((text, index, all) => text !== all[index - 1]);
      expect(told("room.1")).toEqual(["room.1=a", "room.1=a2", "room.1 free"]);
      expect(told("room.2")).toEqual(["room.2=b", "room.2=c"]);
      expect(changes.items.every((item) => item.key.startsWith("room."))).toBe(true);

      const other = new Arrivals<LeaseChange>();
      await leases.watch("room.", (change) => other.add(change));
      subscription.stop();
      subscription.stop();
      const count = changes.items.length;
      held(await leases.acquire("room.3", "d"));
      await other.until(
        (items) => items.some((item) => item.key === "room.3"),
        "the change after stop",
      );
      expect(changes.items.length).toBe(count);
    });

    test("keys outside the rule are refused", async () => {
      const { leases } = await context.open();
      for (const key of ["", ".a", "a.", "a..b", "a b", "*", "a/b"])
        await rejection(leases.acquire(key, "x"), "log_bad_subject");
    });
  });
}

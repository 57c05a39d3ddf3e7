/** Engine suite: the bus on one node. What crosses nodes is in `engine-nodes.suite.ts`. */
import { describe, expect, test } from "vitest";
import { within } from "../../test/support/inbox.ts";
import { Arrivals, rejection, type SuiteContext } from "./engine-harness.suite.ts";

export function busSuite(context: SuiteContext): void {
  describe("bus", () => {
    test("a subscriber gets what is published under its prefix, its own node's too, in order", async () => {
      const { bus } = await context.open();
      const got = new Arrivals<string>();
      await within(
        bus.subscribe("room.", (data, subject) => got.add(`${subject} ${data}`)),
        "subscribe",
      );
      bus.publish("roomy.a", "another token");
      bus.publish("room", "the prefix without its dot");
      bus.publish("other.room.a", "elsewhere");
      for (let nth = 0; nth < 200; nth++)
        bus.publish(nth % 2 === 0 ? "room.a" : "room.b.c", `${nth}`);
      const items = await got.count(200);
      for (const [parity, subject] of ["room.a", "room.b.c"].entries()) {
        const expected = Array.from(
          { length: 100 },
          (_, index) => `${subject} ${index * 2 + parity}`,
        );
        expect(items.filter((item) => item.startsWith(`${subject} `))).toEqual(expected);
      }
      expect(items.length).toBe(200);
    });

    test("a prefix without a dot at its end names one subject whole", async () => {
      const { bus } = await context.open();
      const got = new Arrivals<string>();
      await bus.subscribe("room", (data) => got.add(data));
      bus.publish("room.a", "below");
      bus.publish("rooms", "longer");
      bus.publish("room", "it");
      expect(await got.count(1)).toEqual(["it"]);
    });

    test("every subscriber gets it once; text unchanged", async () => {
      const { bus } = await context.open();
      const [one, two] = [new Arrivals<string>(), new Arrivals<string>()];
      await bus.subscribe("a", (data) => one.add(data));
      await bus.subscribe("a", (data) => two.add(data));
      const all = ["", "\ufeff1.0", "é😀\u0000", "x".repeat(900_000)];
      for (const data of all) bus.publish("a", data);
      bus.publish("a", "end");
      for (const got of [one, two]) {
        const items = await got.count(5);
        expect(items.map((data, index) => data === [...all, "end"][index])).toEqual([
          true,
          true,
          true,
          true,
          true,
        ]);
      }
    });

    test("nothing after stop", async () => {
      const { bus } = await context.open();
      const [stopped, other] = [new Arrivals<string>(), new Arrivals<string>()];
      const subscription = await bus.subscribe("a.", (data) => stopped.add(data));
      await bus.subscribe("a.", (data) => other.add(data));
      bus.publish("a.b", "1");
      await Promise.all([stopped.count(1), other.count(1)]);
      bus.publish("a.b", "under way");
      subscription.stop();
      subscription.stop();
      bus.publish("a.b", "2");
      await other.count(3);
      expect(stopped.items).toEqual(["1"]);
    });

    test("a listener that throws disturbs neither the others nor the publisher", async () => {
      const { bus } = await context.open();
      const got = new Arrivals<string>();
      await bus.subscribe("a", () => {
        throw new Error("thrown by the test's listener");
      });
      await bus.subscribe("a", (data) => got.add(data));
      bus.publish("a", "1");
      bus.publish("a", "2");
      expect(await got.count(2)).toEqual(["1", "2"]);
    });

    test("subjects outside the rule are refused", async () => {
      const { bus } = await context.open();
      for (const subject of ["", ".a", "a.", "a..b", "a b", "*", "a.>"]) {
        expect(() => bus.publish(subject, "x"), subject).toThrow(
          expect.objectContaining({ code: "log_bad_subject" }),
        );
      }
      for (const prefix of ["", ".", "a..", "a b", ">", "a.*."])
        await rejection(
          bus.subscribe(prefix, () => {}),
          "log_bad_subject",
        );
    });
  });
}

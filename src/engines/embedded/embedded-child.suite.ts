/** A program for the embedded engine's tests: opens a data directory in a process of its own and does what it is told. */
import type { Engine, Log } from "../../kit/engine.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import { openEmbeddedEngine } from "./index.ts";

/** What the parent says. */
export type Order =
  /** Append `times` events of `chars` characters each, without waiting between them. */
  | { readonly do: "append"; readonly times: number; readonly chars: number }
  /** Append for ever, 20 events a turn. */
  | { readonly do: "pour" }
  | { readonly do: "health" };

/** What the child answers. */
export type Report =
  | { readonly opened: string }
  | { readonly refused: string; readonly message: string }
  /** For each event its offset, or the code with which it was refused; and how many events the follower has had in all. */
  | { readonly appended: readonly (number | string)[]; readonly followed: number }
  /** Acknowledged: data (which is also the id) and offset. */
  | { readonly poured: readonly (readonly [data: string, offset: number])[] }
  | {
      readonly health: ReturnType<Engine["health"]>;
      readonly failures: number;
      /** What the engine has logged: the code, or the message. */
      readonly logged: readonly string[];
    };

function report(message: Report): void {
  process.send?.(message);
}

async function append(log: Log, data: string, id?: string): Promise<number | string> {
  try {
    const stored = await log.append("a", [id === undefined ? { data } : { data, id }]);
    return stored[0]?.offset ?? "no answer";
  } catch (error) {
    return isSwitchboardError(error) ? error.code : String(error);
  }
}

async function pour(log: Log): Promise<void> {
  for (let turn = 0; ; turn++) {
    const all = Array.from({ length: 20 }, (_, index) => `event ${turn * 20 + index}`);
    const offsets = await Promise.all(all.map((data) => append(log, data, data)));
    report({ poured: all.map((data, index) => [data, Number(offsets[index])]) });
  }
}

async function main(directory: string): Promise<void> {
  const logged: string[] = [];
  const note = (fields: object, message: string) => {
    logged.push("code" in fields ? String(fields.code) : message);
  };
  const logger = { info: note, warn: note, error: note };
  const engine = await openEmbeddedEngine({ directory, logger });
  const log = await engine.log("things");
  await engine.log("synced", { durability: "disk" });
  let followed = 0;
  const following = log.follow(0, { event: () => followed++, gap: () => {} });
  process.on("message", async (order: Order) => {
    if (order.do === "pour") await pour(log);
    else if (order.do === "health") {
      report({
        health: engine.health(),
        failures: engine.stats().log_failed_transactions_total ?? 0,
        logged,
      });
    } else {
      const data = "x".repeat(order.chars);
      const appended = await Promise.all(
        Array.from({ length: order.times }, () => append(log, data)),
      );
      report({ appended, followed });
    }
  });
  await following;
  report({ opened: log.epoch });
}

main(process.argv[2] ?? "").catch((error) => {
  report({ refused: isSwitchboardError(error) ? error.code : "", message: String(error) });
  process.disconnect();
});

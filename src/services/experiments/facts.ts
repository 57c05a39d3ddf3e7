/** What is known of an experiment beside samples and text, as the log has it. */
import { z } from "zod";

/** How many variables there are with this event, and whether the experiment had ended: so that its last event tells about all of it. */
const sums = { total: z.int(), finished: z.boolean() };

const factSchema = z.discriminatedUnion("fact", [
  z.object({ fact: z.literal("opened"), ...sums }),
  z.object({
    fact: z.literal("variables"),
    chain: z.string(),
    names: z.array(z.string()),
    ...sums,
  }),
  z.object({ fact: z.literal("finish"), ...sums }),
  // The JSON text of what the publisher said.
  z.object({ fact: z.literal("error"), text: z.string(), ...sums }),
]);

export type Fact = z.output<typeof factSchema>;

/** A fact without the sums. */
export type NewFact =
  | { readonly fact: "opened" }
  | { readonly fact: "variables"; readonly chain: string; readonly names: readonly string[] }
  | { readonly fact: "finish" }
  | { readonly fact: "error"; readonly text: string };

export function printFact(fact: NewFact, total: number, finished: boolean): string {
  return JSON.stringify({ ...fact, total, finished });
}

/** Undefined for what a later version has written. */
export function parseFact(data: string): Fact | undefined {
  return factSchema.safeParse(JSON.parse(data)).data;
}

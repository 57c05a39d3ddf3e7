/** The schemas of a contract that meet what clients send. Pure. */
import type { z } from "zod";
import type { Contract } from "./contract.ts";

/** A schema, and what it is of: `the message "start"`, `the params of the route "list"`. */
export interface ForeignSchema {
  readonly what: string;
  readonly schema: z.ZodType;
}

/** Those of the `in` messages, and of the `params` and `body` of each route. */
export function foreignSchemas({
  in: messages,
  routes,
}: Pick<Contract, "in" | "routes">): ForeignSchema[] {
  return [
    ...Object.entries(messages).map(([name, { schema }]) => ({
      what: `the message ${JSON.stringify(name)}`,
      schema,
    })),
    ...Object.entries(routes).flatMap(([name, { params, body }]) => [
      { what: `the params of the route ${JSON.stringify(name)}`, schema: params },
      ...(body === undefined
        ? []
        : [{ what: `the body of the route ${JSON.stringify(name)}`, schema: body }]),
    ]),
  ];
}

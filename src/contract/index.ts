/** What a `contract.ts` may import. */
export { type Codec, namedBy } from "./codec.ts";
export { type Contract, defineContract, type Incoming, type Outgoing, type RouteBody, type RouteParams } from "./contract.ts";
export { defaultLimits, type Limits, limitsSchema } from "./limits.ts";
export type { Delivery, InMessage, InMessages, OutMessage, OutMessages } from "./message.ts";
export type { Route, Routes } from "./route.ts";

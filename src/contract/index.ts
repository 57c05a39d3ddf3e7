/** What a `contract.ts` may import. */
export type { JsonPath } from "../wire/json-slices.ts";
export { parseLenient } from "../wire/lenient-json.ts";
export { printJson } from "../wire/print-json.ts";
export { type Access, demandAccess } from "./access.ts";
export { type Codec, namedBy } from "./codec.ts";
export {
  type Contract,
  defineContract,
  type Incoming,
  type Outgoing,
  type RouteBody,
  type RouteParams,
} from "./contract.ts";
export { demandBounds } from "./demand-bounds.ts";
export { type DictionaryBounds, dictionary } from "./dictionary.ts";
export {
  defaultLimits,
  type Limits,
  limitsSchema,
  type ServiceLimits,
  serviceLimits,
} from "./limits.ts";
export type { Delivery, InMessage, InMessages, OutMessage, OutMessages } from "./message.ts";
export { endAtFirstIssue, parseFirst } from "./parse-first.ts";
export type { Route, Routes } from "./route.ts";

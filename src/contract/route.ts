/** Declaring the HTTP routes of a service. */
import type { z } from "zod";
import type { ErrorCode } from "../wire/errors.ts";
import type { JsonPath } from "../wire/json-slices.ts";
import type { Access } from "./access.ts";

/** One route. Path parameters are written `:name` and are percent-decoded. */
export interface Route<Params extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: `/${string}`;
  readonly doc: string;
  /**
   * Path parameters and query parameters together (a path parameter wins). All are strings before the
   * schema has seen them. Each needs a bound, as in a message.
   */
  readonly params: Params;
  /**
   * JSON body, whatever the Content-Type; absent: the body is not read. Needs bounds, as a message does;
   * `limits.maxBodyBytes` takes the place of `limits.maxFrameBytes`.
   */
  readonly body?: Body;
  /** True: bare `NaN`, `Infinity` and `-Infinity` in the body, as Python prints them, are taken as the strings of that name. Default: no JSON. */
  readonly lenientBody?: boolean;
  /** Most values in the JSON of the body, where a larger `maxJsonValues` than the limits' is needed. */
  readonly maxJsonValues?: number;
  /**
   * Lists in the body that may be as long as the body: in a large body they come as `KeptList`s, and
   * the handler's `text` has `[]` in their place. Their values do not count for `maxJsonValues`.
   */
  readonly keeps?: readonly JsonPath[];
  /** What the body of an error's answer is, where it is not `{"error":{"code","message"}}`. */
  readonly errorBody?: (error: { readonly code: ErrorCode; readonly message: string }) => object;
  /** Who may call it while auth is on. */
  readonly roles: Access;
  readonly errors?: readonly ErrorCode[];
}

/** Name → route. */
export type Routes = Readonly<Record<string, Route>>;

/** Why a publisher's connection is over, and whether another token would help. */
import { expect, it } from "vitest";
import type { Ending } from "../../client/index.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { endingFailure, isTokenRefused } from "./ending-failure.ts";

const refused = (code: number, reason: string): Ending => ({
  kind: "refused",
  loss: { code, reason },
});
const failed = (error: SwitchboardError): Ending => ({ kind: "failed", error });

it.each<[string, Ending, string, string, boolean]>([
  [
    "no token",
    refused(4401, "401 no token"),
    "unauthenticated",
    "401 no token (--token or SWITCHBOARD_TOKEN gives one)",
    true,
  ],
  [
    "a token of another role",
    refused(4403, "403 no"),
    "forbidden",
    "403 no (it needs the role experiments.publish)",
    true,
  ],
  [
    "an address that is none",
    refused(4400, "answered with 400 too long"),
    "connection_closed",
    "answered with 400 too long",
    false,
  ],
  [
    "a close without a reason",
    refused(4409, ""),
    "connection_closed",
    "it was closed with 4409",
    false,
  ],
  [
    "another's store",
    failed(new SwitchboardError("conflict", "a post waits")),
    "bad_config",
    "--outbox ob: a post waits",
    false,
  ],
  [
    "a broken store",
    failed(new SwitchboardError("outbox_unavailable", "no room")),
    "outbox_unavailable",
    "no room",
    false,
  ],
])("%s", (_, ending, code, message, isOfToken) => {
  expect(endingFailure(ending, "ob")).toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
  expect(isTokenRefused(ending)).toBe(isOfToken);
});

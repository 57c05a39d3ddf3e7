/** How often an address may ask for what needs no token. */
import { AddressRates } from "../../kit/address-rates.ts";
import type { Clock } from "../../kit/clock.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { RouteKind } from "./route-table.ts";

/**
 * What is asked for, and how many times `limits.openRequestsPerSecondPerAddress` of it are allowed.
 * A page load asks for many files at once. A load balancer probes for all of its clients.
 */
const factors: Readonly<Record<RouteKind, number>> = { data: 1, page: 10, probe: 100 };

/** The rates of open routes. Each kind has one of its own, so that none uses up another's. */
export class OpenRates {
  readonly #perSecond: number | null;
  readonly #byKind: Readonly<Record<RouteKind, AddressRates>>;

  /** `perSecond`: `limits.openRequestsPerSecondPerAddress`; null allows everything. */
  constructor(perSecond: number | null, clock: Pick<Clock, "monotonic">) {
    this.#perSecond = perSecond;
    const rates = (kind: RouteKind) => new AddressRates((perSecond ?? 1) * factors[kind], clock);
    this.#byKind = { data: rates("data"), page: rates("page"), probe: rates("probe") };
  }

  /** Counts one request. Throws `over_rate`, with `details.limit`, if the address asks too often. */
  demand(kind: RouteKind, address: string): void {
    if (this.#perSecond === null || this.#byKind[kind].take(address)) return;
    throw new SwitchboardError(
      "over_rate",
      `this address sends more than ${this.#perSecond * factors[kind]} requests a second ` +
        "without a token (limits.openRequestsPerSecondPerAddress): try again later",
      { limit: "openRequestsPerSecondPerAddress" },
    );
  }
}

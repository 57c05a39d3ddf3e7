/** Counts of answered requests, read by the metrics endpoint. */

/** Counts by route (`POST /devices/:id`, or `none` where no route took it) and status, so that it stays bounded. */
export class RequestCount {
  readonly #byRoute = new Map<string, Map<number, number>>();

  readonly #byLimit = new Map<string, number>();

  /** A limit, by its name in the config, has refused or held back a request or a socket. */
  limited(limit: string): void {
    this.#byLimit.set(limit, (this.#byLimit.get(limit) ?? 0) + 1);
  }

  /** How often each limit has refused or held back something. */
  limits(): IterableIterator<[limit: string, count: number]> {
    return this.#byLimit.entries();
  }

  add(route: string, status: number): void {
    let byStatus = this.#byRoute.get(route);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.#byRoute.set(route, byStatus);
    }
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  *entries(): IterableIterator<readonly [route: string, status: string, count: number]> {
    for (const [route, byStatus] of this.#byRoute) {
      for (const [status, count] of byStatus) yield [route, String(status), count];
    }
  }
}

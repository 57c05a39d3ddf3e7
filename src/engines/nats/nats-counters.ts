/** What the parts of a NATS engine count, for `stats()`. */

/** Plain numbers that only grow; whoever does the thing adds to it. */
export class NatsCounters {
  appends = 0;
  conflicts = 0;
  failures = 0;
  reads = 0;
  published = 0;
  received = 0;
  /** Bus messages that were not sent because there was no connection. */
  dropped = 0;
  /** Consumers that were made anew: after a reconnect, a silence, a loss. */
  restarts = 0;
  reconnects = 0;
  leasesLost = 0;
  /** Exceptions thrown by listeners of the bus; they disturb nobody else. */
  busListenerErrors = 0;
  /** Exceptions thrown by watchers of leases and by `lost`; they disturb nobody else. */
  leaseListenerErrors = 0;

  /** Calls a listener of somebody else's; what it throws is counted. */
  guard(errors: "busListenerErrors" | "leaseListenerErrors", call: () => void): void {
    try {
      call();
    } catch {
      this[errors]++;
    }
  }
}

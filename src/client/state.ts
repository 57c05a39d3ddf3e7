/** The states of a connection, and why it lost or ended. */
import type { SwitchboardError } from "../wire/error.ts";

/** Why an attempt failed or an open connection was lost. */
export interface Loss {
  /** The close code, or that of an HTTP status (`connect`); 1006 where the socket went, could not be opened, or was given up as silent. */
  readonly code: number;
  readonly reason: string;
}

/**
 * Why a connection is over for good:
 * `closed`: `close()` was called. `refused`: the server closed with a code that means do not come back (or 4401, and there is no new
 * token). `deadline`: not open for `deadlineMs`. `failed`: the opening (token, handshake, URL) failed in a way that trying again cannot mend.
 */
export interface Ending {
  readonly kind: "closed" | "refused" | "deadline" | "failed";
  /** The last loss, where there was one. */
  readonly loss?: Loss;
  readonly error?: SwitchboardError;
}

/**
 * `connecting`: attempt number `attempt` (1 after `connect` and after every loss of an open connection) is under way, identification included.
 * `open`: identified; messages go through. `waiting`: the next attempt comes in `delayMs`, or sooner when the
 * network is back or somebody looks at the page (unless the server said `later`). `closed`: over for good.
 */
export type ConnectionState =
  | { readonly status: "connecting"; readonly attempt: number }
  | { readonly status: "open" }
  | {
      readonly status: "waiting";
      readonly attempt: number;
      readonly delayMs: number;
      readonly loss: Loss;
    }
  | { readonly status: "closed"; readonly ending: Ending };

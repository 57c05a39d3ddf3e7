/** A viewer of a lobby's prompts, who may change them. */
import type { ConnectOptions } from "../options.ts";
import type { Sending } from "../outcome.ts";
import type { LobbyId } from "./lobby-messages.ts";
import { RefreshView } from "./refresh-view.ts";

/** Which lobby, and all that a connection may be told. */
export interface LobbyPromptsOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  readonly lobbyId: LobbyId;
}

/**
 * Hears when a lobby's prompts change, and says so to the others.
 *
 * ```ts
 * const prompts = new LobbyPrompts("ws://127.0.0.1:7400", { lobbyId: 10 });
 * prompts.on("refresh", () => fetchPrompts());
 * await addPrompt(7);
 * prompts.update();
 * ```
 */
export class LobbyPrompts extends RefreshView {
  /** Own updates that have no outcome yet. */
  readonly #updates: Set<string>;

  constructor(url: string | URL, { lobbyId, ...options }: LobbyPromptsOptions) {
    const updates = new Set<string>();
    super(url, { type: "lobby_prompts", lobby_id: lobbyId }, options, () => {
      // One refresh may stand for several updates.
      for (const id of updates) this.connection.acknowledge(id);
    });
    this.#updates = updates;
  }

  /**
   * Tells all viewers of the lobby's prompts, this one too, to refresh. Sent again where it is unknown whether it has arrived: a refresh too many does
   * no harm. Outcome `acked`: a refresh came back (the protocol does not tell it from one that another viewer caused in the same moment); `sent`: the
   * server has read it. Throws `outbox_full` or `connection_closed`.
   */
  update(): Sending {
    const sending = this.connection.send(JSON.stringify({ type: "lobby_prompts_update" }), {
      resend: true,
    });
    this.#updates.add(sending.id);
    void sending.outcome.then(() => this.#updates.delete(sending.id));
    return sending;
  }
}

/** An SDK client on a page: here the bare connection, to what the admin service tells. */
import { type Connection, connect } from "switchboard/client";
import { Age } from "../../parts/age.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";

interface Heard {
  readonly count: number;
  readonly atMs: number;
}

/** The store of a client: it listens from the beginning, and is one thing to subscribe to. */
class HeardMessages {
  readonly connection: Connection;
  #heard: Heard | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.on("message", () => {
      this.#heard = { count: (this.#heard?.count ?? 0) + 1, atMs: Date.now() };
    });
  }

  readonly subscribe = (listener: () => void): (() => void) =>
    this.connection.on("message", listener);

  readonly snapshot = (): Heard | undefined => this.#heard;

  close(): void {
    void this.connection.close();
  }
}

export function LiveSample() {
  const { baseUrl, clientOptions } = useSession();
  const messages = useLive(() => {
    const identify = ({ send }: { send(text: string): void }) =>
      send(JSON.stringify({ type: "overview" }));
    return new HeardMessages(connect(`${baseUrl}/admin`, { ...clientOptions, identify }));
  }, [baseUrl, clientOptions]);
  if (messages === undefined) return <p className="quiet">No messages yet</p>;
  return <Count messages={messages} />;
}

function Count({ messages }: { readonly messages: HeardMessages }) {
  const heard = useExternal(messages.subscribe, messages.snapshot);
  if (heard === undefined) return <p className="quiet">No messages yet</p>;
  return (
    <p className="row">
      <span>{heard.count} messages heard, the last</span>
      <Age atMs={heard.atMs} />
    </p>
  );
}

/** The test client: its connection, what it sent and what came back. */
import { useEffect, useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useSession } from "../../session/session.tsx";
import type { Contracts } from "../../session/use-contracts.ts";
import { CloseNote } from "./close-note.tsx";
import { FrameList } from "./frame-list.tsx";
import { TestClient } from "./test-client.ts";

/** What is to be sent, where to and as whom. `nth` tells equal ones apart. */
export interface Order {
  readonly nth: number;
  readonly path: string;
  /** "": none. */
  readonly token: string;
  readonly text: string;
}

interface TestClientViewProps {
  readonly order: Order | undefined;
  readonly contracts: Contracts;
}

/** One client at a time: a message to the same path under the same token goes over the same connection while that is open. It ends with the page. */
export function TestClientView({ order, contracts }: TestClientViewProps) {
  const { baseUrl } = useSession();
  const [client, setClient] = useState<TestClient>();
  const present = useRef<{
    readonly client: TestClient;
    readonly path: string;
    readonly token: string;
  }>();

  useEffect(() => {
    if (order === undefined) return;
    const { path, token, text } = order;
    let { current } = present;
    if (
      current === undefined ||
      current.path !== path ||
      current.token !== token ||
      current.client.snapshot().status === "over"
    ) {
      current?.client.close();
      current = {
        client: new TestClient(`${baseUrl}${path}?errors=1`, token === "" ? {} : { token }),
        path,
        token,
      };
      present.current = current;
      setClient(current.client);
    }
    current.client.send(text);
  }, [order, baseUrl]);
  useEffect(
    () => () => {
      present.current?.client.close();
      present.current = undefined;
    },
    [],
  );

  if (client !== undefined) return <Conversation client={client} contracts={contracts} />;
  return (
    <div className="frames-place">
      <EmptyState title="Nothing sent yet">
        The message goes over a connection of its own, as a client's would. What comes back stands
        here; errors are asked for (?errors=1).
      </EmptyState>
    </div>
  );
}

function Conversation({
  client,
  contracts,
}: {
  readonly client: TestClient;
  readonly contracts: Contracts;
}) {
  const { status, loss, log } = useExternal(client.subscribe, client.snapshot);
  return (
    <div className="stack">
      <div className="row test-status">
        {status === "connecting" && <StatusBadge tone="busy">Connecting</StatusBadge>}
        {status === "open" && <StatusBadge tone="ok">Connected</StatusBadge>}
        {status === "over" && <StatusBadge tone="idle">Ended</StatusBadge>}
        <span className="quiet">in: to the server, out: from it</span>
        <Button look="bare" disabled={status === "over"} onClick={() => client.close()}>
          Disconnect
        </Button>
      </div>
      {loss !== undefined && (
        <CloseNote code={loss.code} reason={loss.reason} by="The server" contracts={contracts} />
      )}
      <FrameList label="Frames of the test client" log={log} forget={() => client.forget()} />
    </div>
  );
}

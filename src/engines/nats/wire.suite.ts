/** A connection to nats-server that a test can cut or freeze. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Wire {
  /** `nats://127.0.0.1:PORT`: leads to the server. */
  readonly url: string;
  /** Ends all connections and refuses new ones, as if the process at this end were gone. */
  cut(): void;
  /** Nothing passes any more, and nobody is told, as on a half-open connection. */
  freeze(): void;
  /** Undoes `cut` and `freeze`: what was frozen flows on. */
  mend(): void;
  stop(): Promise<void>;
}

export async function startWire(serverPort: number): Promise<Wire> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: "whole" | "cut" | "frozen" = "whole";
  const freeze = ([near, far]: readonly [Socket, Socket]) => {
    near.unpipe(far);
    far.unpipe(near);
    near.pause();
    far.pause();
  };
  const join = ([near, far]: readonly [Socket, Socket]) => {
    near.pipe(far);
    far.pipe(near);
  };
  const server = createServer((near) => {
    if (state === "cut") {
      near.destroy();
      return;
    }
    const far = connect(serverPort, "127.0.0.1");
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
    if (state === "whole") join(pair);
    else freeze(pair);
  });
  const end = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `nats://127.0.0.1:${port}`,
    cut: () => {
      state = "cut";
      end();
    },
    freeze: () => {
      state = "frozen";
      for (const pair of pairs) freeze(pair);
    },
    mend: () => {
      if (state === "frozen") for (const pair of pairs) join(pair);
      state = "whole";
    },
    stop: async () => {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

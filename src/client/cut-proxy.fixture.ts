/** For tests: a TCP proxy in front of a server, with the faults of a real network: cut, half-open, slow, refused, overtaken. */
import { connect as connectTcp, createServer, type Socket } from "node:net";

/** A running proxy. What it does to bytes it does to all connections, those that are open and those that come. */
export interface CutProxy {
  /** The target's URL with the proxy's address: same scheme, same path. */
  readonly url: string;
  /** When each connection was accepted (or refused), by `performance.now()`. */
  readonly acceptedAtMs: readonly number[];
  /** Connections that are open now. */
  readonly size: number;
  /** Destroys all connections, those held back too. */
  cut(): void;
  /** Passes nothing on, in both directions, no end either: everything stays open and says nothing. */
  stall(): void;
  /** Passes nothing on to the server. */
  stallUp(): void;
  /** Passes nothing on to the client. */
  stallDown(): void;
  /** Ends `stall…` and `slow`: what was held back goes on, in order. */
  resume(): void;
  /** Passes on at most so many bytes a second, by connection and direction. */
  slow(bytesPerSecond: number): void;
  /** `true`: whoever connects is reset at once. */
  refuse(on: boolean): void;
  /** The next `count` connections reach the server only after one that came later has been answered by it. */
  delayConnects(count: number): void;
  /** Destroys all connections and stops listening. */
  stop(): Promise<void>;
}

/** What is done to the bytes of one direction. */
interface Gate {
  stalled: boolean;
  bytesPerSecond: number;
}

/** A slow direction passes on so many pieces a second. */
const piecesPerSecond = 20;

/** Starts a proxy on a free port of loopback. `target`: ws, wss, http or https with a port; one that is not there is as one that refuses. */
export async function startProxy(target: string): Promise<CutProxy> {
  const { hostname, port } = new URL(target);
  const up: Gate = { stalled: false, bytesPerSecond: Number.POSITIVE_INFINITY };
  const down: Gate = { stalled: false, bytesPerSecond: Number.POSITIVE_INFINITY };
  const pairs = new Set<Pair>();
  const held = new Set<Socket>();
  const acceptedAtMs: number[] = [];
  let refuses = false;
  let toHold = 0;

  const serve = (client: Socket) => {
    const server = connectTcp({
      host: hostname,
      port: Number(port),
      allowHalfOpen: true,
      noDelay: true,
    });
    const pair = new Pair(client, server, up, down, () => pairs.delete(pair));
    pairs.add(pair);
    server.once("data", () => {
      for (const waiting of held) serve(waiting);
      held.clear();
    });
  };

  const listener = createServer(
    { allowHalfOpen: true, noDelay: true, pauseOnConnect: true },
    (client) => {
      acceptedAtMs.push(performance.now());
      if (refuses) {
        client.resetAndDestroy();
      } else if (toHold > 0) {
        toHold--;
        held.add(client);
        client.on("error", () => {});
        client.once("close", () => held.delete(client));
      } else serve(client);
    },
  );
  await new Promise<void>((resolve, reject) =>
    listener.once("error", reject).listen(0, "127.0.0.1", 4096, resolve),
  );
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);

  const set = (gates: readonly Gate[], change: Partial<Gate>) => {
    for (const gate of gates) Object.assign(gate, change);
    for (const pair of pairs) pair.pump();
  };
  const cut = () => {
    for (const pair of [...pairs]) pair.destroy();
    for (const client of held) client.destroy();
    held.clear();
  };
  return {
    url: url.href.replace(/\/$/, ""),
    acceptedAtMs,
    get size() {
      return pairs.size;
    },
    cut,
    stall: () => set([up, down], { stalled: true }),
    stallUp: () => set([up], { stalled: true }),
    stallDown: () => set([down], { stalled: true }),
    resume: () => set([up, down], { stalled: false, bytesPerSecond: Number.POSITIVE_INFINITY }),
    slow: (bytesPerSecond) => set([up, down], { bytesPerSecond }),
    refuse: (on) => {
      refuses = on;
    },
    delayConnects: (count) => {
      toHold = count;
    },
    async stop() {
      const closed = new Promise((resolve) => listener.close(resolve));
      cut();
      await closed;
    },
  };
}

/** A client's socket and the one to the server. */
class Pair {
  readonly #sockets: readonly Socket[];
  readonly #flows: readonly Flow[];

  constructor(client: Socket, server: Socket, up: Gate, down: Gate, closed: () => void) {
    this.#sockets = [client, server];
    this.#flows = [new Flow(client, server, up), new Flow(server, client, down)];
    let open = 2;
    for (const socket of this.#sockets) {
      socket.once("close", () => {
        open--;
        if (open === 0) closed();
      });
    }
    this.pump();
  }

  pump(): void {
    for (const flow of this.#flows) flow.pump();
  }

  destroy(): void {
    for (const flow of this.#flows) flow.stop();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** One direction of a pair. Holds one chunk at most: the rest waits in the kernel, as it would without a proxy. */
class Flow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #gate: Gate;
  #held: Buffer = Buffer.alloc(0);
  #busy = false;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #broken = false;

  constructor(source: Socket, sink: Socket, gate: Gate) {
    this.#source = source;
    this.#sink = sink;
    this.#gate = gate;
    source.on("data", (chunk: Buffer) => {
      this.#held = chunk;
      source.pause();
      this.pump();
    });
    source.on("end", () => {
      this.#ended = true;
      this.pump();
    });
    source.on("error", () => {});
    source.once("close", () => {
      // Closed without an end: it broke, and so does the other side.
      this.#broken = !this.#ended;
      this.pump();
    });
    source.pause();
  }

  /** Passes on what may be passed on now. */
  pump(): void {
    if (this.#gate.stalled || this.#busy || this.#sink.destroyed) return;
    if (this.#broken) this.#sink.destroy();
    else if (this.#held.length > 0) this.#passOn();
    else if (this.#ended) this.#sink.end();
    else this.#source.resume();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#busy = true;
  }

  #passOn(): void {
    const { bytesPerSecond } = this.#gate;
    const piece = this.#held.subarray(0, Math.max(1, Math.floor(bytesPerSecond / piecesPerSecond)));
    this.#held = this.#held.subarray(piece.length);
    this.#busy = true;
    const free = () => {
      this.#busy = false;
      this.pump();
    };
    // Called when the piece has left, or never will.
    this.#sink.write(piece, () => {
      if (Number.isFinite(bytesPerSecond))
        this.#timer = setTimeout(free, (piece.length / bytesPerSecond) * 1000);
      else free();
    });
  }
}

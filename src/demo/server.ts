/** The server that the participants connect to: a whole one, on loopback, in this process. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { configFrom, installedServices, LogOutput, startGateway } from "../gateway/index.ts";

/** How long a reader of the log that has stopped may hold the end. */
const lastLinesMs = 500;

/** A running server. */
export interface DemoServer {
  /** `http://127.0.0.1:7400` */
  readonly url: string;
  /** Where it stores. */
  readonly data: string;
  /** Drains it, and removes what it has stored if that is temporary. */
  stop(): Promise<void>;
}

/** Rejects with a SwitchboardError that says what to do if it cannot start. Its warnings go to standard error. */
export async function startServer(port: number, data: string | undefined): Promise<DemoServer> {
  const temporary =
    data === undefined ? await mkdtemp(join(tmpdir(), "switchboard-demo-")) : undefined;
  const folder = data ?? join(temporary ?? "", "data");
  const remove = async () => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  try {
    const config = configFrom(installedServices, { listen: { port }, data: folder });
    const logOutput = new LogOutput();
    const logger = pino({ level: "warn", timestamp: pino.stdTimeFunctions.isoTime }, logOutput);
    const gateway = await startGateway(config, { services: installedServices, logger, logOutput });
    const [main] = gateway.listeners;
    if (main === undefined) throw new Error("a gateway without a listener");
    return {
      url: main.url,
      data: folder,
      async stop() {
        await gateway.drain();
        await remove();
        await logOutput.drained(lastLinesMs);
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** For tests: a Switchboard that can be restarted, a proxy before it, and viewers whose events are noted and checked. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { within } from "../../../test/support/inbox.ts";
import type { Scope } from "../../../test/support/scope.ts";
import { configFrom } from "../../gateway/config/load-config.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { installedServices } from "../../gateway/services.ts";
import { type CutProxy, startProxy } from "../cut-proxy.fixture.ts";
import { ExperimentViewer, type ExperimentViewerOptions } from "./experiment-viewer.ts";
import type { ChainNames, GapEvent, LogEvent } from "./viewer-events.ts";

/** A gateway on one data directory and one port, over restarts. */
export class Served {
  readonly proxy: CutProxy;
  readonly url: string;
  readonly #config: object;
  #gateway: Gateway;

  private constructor(gateway: Gateway, url: string, proxy: CutProxy, config: object) {
    this.#gateway = gateway;
    this.url = url;
    this.proxy = proxy;
    this.#config = config;
  }

  static async start(scope: Scope, config: object = {}): Promise<Served> {
    const folder = await mkdtemp(join(tmpdir(), "switchboard-experiments-"));
    scope.own(folder, () => rm(folder, { recursive: true, force: true }));
    const settings = {
      data: join(folder, "data"),
      services: { experiments: { gatherMs: 5 } },
      ...config,
    };
    const gateway = await launch({ ...settings, listen: { port: 0 } });
    const url = gateway.listeners[0]?.url ?? "";
    const proxy = await startProxy(url);
    const served = new Served(gateway, url, proxy, {
      ...settings,
      listen: { port: Number(new URL(url).port) },
    });
    return scope.own(served, async () => {
      await proxy.stop();
      await served.stop();
    });
  }

  async stop(): Promise<void> {
    await this.#gateway.drain();
  }

  async startAgain(): Promise<void> {
    this.#gateway = await launch(this.#config);
  }

  /** Not through the proxy. */
  async stored(xid: string, chain: string, variable: string): Promise<unknown[]> {
    const query = new URLSearchParams({ chain, variable }).toString();
    const response = await this.#fetch(`/experiments/${xid}/samples?${query}`);
    return response.ok ? ((await response.json()) as { data: unknown[] }).data : [];
  }

  /** Posts text or samples, not through the proxy. */
  async post(xid: string, payload: object): Promise<void> {
    const response = await this.#fetch(`/api/object/${xid}`, {
      method: "POST",
      body: JSON.stringify({ payload }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  async remove(xid: string): Promise<void> {
    await this.#fetch(`/experiments/${xid}`, { method: "DELETE" });
  }

  /** On a connection of its own: a kept one might break with a gateway that has been stopped. */
  #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { ...init, headers: { connection: "close" } });
  }
}

function launch(config: object): Promise<Gateway> {
  return startGateway(configFrom(installedServices, config), {
    services: installedServices,
    logger: pino({ level: "silent" }),
  });
}

/** A payload of samples: chain → variable → values; all chains have the same iterations. */
export function samplesPayload(
  vars: Readonly<Record<string, Record<string, readonly unknown[]>>>,
  first: number,
  last: number,
): object {
  const iteration = Object.fromEntries(Object.keys(vars).map((chain) => [chain, [first, last]]));
  return {
    object_type: "experiment.protobuf_message",
    logs: { vars, iteration },
    batch_id: "b",
    run_id: "r",
  };
}

/** A payload that says something. */
export function wordPayload(message: object): object {
  return { object_type: "experiment.text_message", datas: [{ message }] };
}

/** A viewer and all that it has told; samples that are not the next ones are an error. */
export class Watch {
  readonly viewer: ExperimentViewer;
  log = "";
  readonly names: ChainNames[] = [];
  /** By `chain variable`: value by index. */
  readonly samples = new Map<string, unknown[]>();
  readonly thinned: {
    readonly from: number;
    readonly at: readonly number[];
    readonly values: readonly unknown[];
  }[] = [];
  readonly gaps: GapEvent[] = [];
  readonly resets: string[] = [];
  readonly refused: string[] = [];
  readonly summaries: object[] = [];
  readonly errors: unknown[] = [];
  readonly wrong: string[] = [];
  finishes = 0;
  readonly #waiting = new Set<() => void>();

  constructor(scope: Scope, url: string, options: Partial<ExperimentViewerOptions> = {}) {
    this.viewer = scope.own(
      new ExperimentViewer(url, { experiment: "E1", maxDelayMs: 50, ...options }),
      ({ connection }) => connection.destroy(),
    );
    const { viewer } = this;
    viewer.on("log", (event) => this.#note(() => this.#takeLog(event)));
    viewer.on("names", (names) => this.#note(() => this.names.push(...names)));
    viewer.on("samples", ({ chain, variable, from, values, at }) =>
      this.#note(() => {
        const key = `${chain} ${variable}`;
        const all = this.samples.get(key) ?? [];
        this.samples.set(key, all);
        if (at !== undefined) {
          this.thinned.push({ from, at, values });
          all.length = (at.at(-1) ?? 0) + 1;
        } else {
          if (from !== all.length) this.wrong.push(`${key}: ${from} instead of ${all.length}`);
          all.push(...values);
        }
      }),
    );
    viewer.on("gap", (gap) => this.#note(() => this.gaps.push(gap)));
    viewer.on("reset", ({ reason }) =>
      this.#note(() => {
        this.resets.push(reason);
        this.samples.clear();
      }),
    );
    viewer.on("refused", ({ code }) => this.#note(() => this.refused.push(code)));
    viewer.on("summary", (summary) => this.#note(() => this.summaries.push(summary)));
    viewer.on("error", (error) => this.#note(() => this.errors.push(error)));
    viewer.on("finish", () => this.#note(() => this.finishes++));
  }

  of(variable: string, chain = "c"): unknown[] {
    return this.samples.get(`${chain} ${variable}`) ?? [];
  }

  /** Resolves when `holds`: looks at each event. */
  async until(what: string, holds: () => boolean): Promise<void> {
    let stop = () => {};
    const held = new Promise<void>((resolve) => {
      const look = () => {
        if (holds()) resolve();
      };
      this.#waiting.add(look);
      stop = () => this.#waiting.delete(look);
      look();
    });
    const state = () =>
      JSON.stringify([
        [...this.samples].map(([key, { length }]) => [key, length]),
        this.viewer.connection.state,
      ]);
    await within(held, what)
      .catch((error: Error) => Promise.reject(new Error(`${error.message}; has ${state()}`)))
      .finally(stop);
  }

  #takeLog({ text, initial }: LogEvent): void {
    this.log = initial ? text : this.log + text;
  }

  #note(take: () => void): void {
    take();
    for (const look of [...this.#waiting]) look();
  }
}

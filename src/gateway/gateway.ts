/** The composition root: engine, services, transports and listeners become one running server. */
import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";
import type { Logger } from "pino";
import { v7 as uuidv7 } from "uuid";
import { ByteBudget } from "../kit/byte-budget.ts";
import { type Clock, systemClock } from "../kit/clock.ts";
import { Connections } from "../kit/connections.ts";
import type { Engine } from "../kit/engine.ts";
import { Entrance } from "../kit/entrance.ts";
import { OriginGuard } from "../kit/origin-guard.ts";
import { RunningService } from "../kit/running-service.ts";
import type { ServerView } from "../kit/server-view.ts";
import type { AnyService } from "../kit/service.ts";
import { Turn } from "../kit/turn.ts";
import {
  configureHttpServer,
  createHttpHandler,
  fileAnswer,
  type HttpOperation,
  RequestCount,
  RequestTurns,
} from "../transports/http/index.ts";
import { createSocketIoTransport, type SocketIoTransport } from "../transports/socketio/index.ts";
import { pathOf, refuseUpgrade, WebSocketTransport } from "../transports/websocket/index.ts";
import { createAuthenticator, type GatewayAuthenticator } from "./auth/index.ts";
import { isLoopback } from "./config/exposure.ts";
import type { Config } from "./config.ts";
import { consolePages } from "./console-pages.ts";
import { Entrances } from "./entrances.ts";
import { Listener, type ListenerRoutes } from "./listener.ts";
import { Metrics } from "./metrics.ts";
import { openEngine } from "./open-engine.ts";
import { operations, type Readiness } from "./operations.ts";
import { openProcessMeter } from "./process-meter.ts";
import { serverVersion } from "./version.ts";

/** A server that listens. */
export interface Gateway {
  /** Where it listens; the main listener first. `service` is set on a listener given to one service. */
  readonly listeners: readonly { readonly url: string; readonly service?: string }[];
  /**
   * Leaves: accepts nothing new, closes every connection with 1012, stores what is under way, lets go of everything.
   * Resolves within `drainTimeoutMs`; a second call gives the first one's promise.
   */
  drain(): Promise<void>;
}

/** What a gateway is started with. */
export interface GatewayParts {
  readonly services: readonly AnyService[];
  readonly logger: Logger;
  /** What `logger` writes to, whose dropped lines are counted in the metrics. Default: nothing is counted. */
  readonly logOutput?: { readonly dropped: number };
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** Starts the server; rejects with a SwitchboardError that says what to do when it cannot, leaving nothing behind. */
export async function startGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const opened: (() => Promise<void> | void)[] = [];
  try {
    return await start(config, parts, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

async function start(
  config: Config,
  parts: GatewayParts,
  opened: (() => Promise<void> | void)[],
): Promise<Gateway> {
  const { logger } = parts;
  const clock = parts.clock ?? systemClock;
  const newId = (): string => uuidv7();
  const engine = await openEngine(config, logger);
  opened.push(() => engine.close());
  const authenticator = await createAuthenticator(config, { clock, logger });
  opened.push(() => authenticator.close());
  const connections = new Connections({
    clock,
    turn: new Turn(),
    limits: config.limits,
    authenticator,
    newId,
  });
  opened.push(() => connections.stop());
  authenticator.onChange(() => connections.recheck());

  const guard = new OriginGuard(
    {
      origins: config.cors.origins,
      allowedHosts: config.allowedHosts,
      authEnabled: authenticator.enabled,
      onLoopback: [config.listen, ...config.listeners].every(({ host }) => isLoopback(host)),
    },
    logger,
  );

  const readiness: Readiness = { draining: false, engine };
  const services: RunningService[] = [];
  /** Those of every listener. */
  const allEntrances: Entrance[] = [];
  const server: ServerView = {
    version: serverVersion(),
    host: hostname(),
    pid: process.pid,
    engine,
    get draining() {
      return readiness.draining;
    },
    services,
    entrances: allEntrances,
    connections,
    openMeter: openProcessMeter,
  };
  const pages: HttpOperation[] = [];
  for (const service of parts.services) {
    const own = config.services[service.contract.name];
    if (own === undefined || !own.enabled) continue;
    const running = await RunningService.start(service, {
      config: own,
      limits: own.limits,
      engine,
      clock,
      logger,
      authEnabled: authenticator.enabled,
      ...(authenticator.enabled
        ? { authenticate: (token: string) => authenticator.authenticate(token) }
        : {}),
      newId,
      server,
    });
    opened.push(() => running.stop());
    services.push(running);
    const directory = service.pages?.(own as never);
    if (directory !== undefined) {
      pages.push({
        method: "GET",
        path: "/*",
        roles: "open",
        kind: "page",
        answer: (request) => fileAnswer(directory, request),
      });
    }
  }

  const webSockets = new WebSocketTransport({
    connections,
    authenticator,
    clock,
    guard,
  });
  opened.push(() => webSockets.close());
  const socketIos = services
    .filter((service) => service.contract.transport === "socketio")
    .map((service) =>
      createSocketIoTransport({
        service,
        connections,
        authenticator,
        limits: service.limits,
        guard,
        clock,
        logger,
      }),
    );
  for (const transport of socketIos) opened.push(() => transport.close());
  const entrances = new Entrances(services, authenticator.enabled);
  allEntrances.push(...entrances.all);
  const requests = new RequestCount();
  const answers = new ByteBudget({
    total: config.limits.maxAnswerBytes,
    perAddress: config.limits.maxAnswerBytesPerAddress,
  });
  const requestFailed = (error: unknown) =>
    logger.error({ code: "internal", err: error }, "a request could not be handled");
  const turns = new RequestTurns({
    limits: config.limits,
    answers,
    clock,
    requests,
    failed: requestFailed,
  });
  const metrics = new Metrics({
    services,
    entrances: allEntrances,
    connections,
    engine,
    limits: config.limits,
    droppedLogLines: () => parts.logOutput?.dropped ?? 0,
    http: { requests, turns, answers },
    refusedPages: () => guard.refused,
  });
  const handleRequest = createHttpHandler({
    services,
    authenticator,
    limits: config.limits,
    guard,
    logger,
    clock,
    newId,
    requests,
    answers,
    input: connections.inputBudget,
    operations: [
      ...operations(readiness, metrics),
      ...consolePages({ start: isStartFree(services, pages) }),
      ...pages,
    ],
  });

  const routes = (only: RunningService | undefined): ListenerRoutes => {
    const everyPath =
      only?.contract.transport === "websocket"
        ? new Entrance([only], authenticator.enabled)
        : undefined;
    if (everyPath !== undefined) allEntrances.push(everyPath);
    const ofPath = (path: string) => everyPath ?? entrances.at(path);
    return {
      configure: (server) => {
        configureHttpServer(server, config.limits);
        turns.watch(server);
      },
      failed: requestFailed,
      request: (request, response) =>
        turns.request(request, response, () => {
          const transport = owner(socketIos, request);
          if (transport !== undefined) transport.handleRequest(request, response);
          else handleRequest(request, response, (path) => ofPath(path) !== undefined);
        }),
      upgrade: (request, socket, head) =>
        turns.upgrade(request, socket, head, () => {
          const transport = owner(socketIos, request);
          const entrance = transport === undefined ? ofPath(pathOf(request)) : undefined;
          if (transport !== undefined) transport.handleUpgrade(request, socket, head);
          else if (entrance !== undefined)
            webSockets.handleUpgrade(request, socket, head, entrance);
          else refuseUpgrade(socket, 404);
        }),
    };
  };

  const listeners: { listener: Listener; only: RunningService | undefined }[] = [];
  opened.push(async () => {
    for (const { listener } of listeners) listener.destroy();
    await Promise.all(listeners.map(({ listener }) => listener.close()));
  });
  for (const address of [config.listen, ...config.listeners]) {
    const name = "service" in address ? address.service : undefined;
    const only = services.find((service) => service.contract.name === name);
    const host = address.host ?? config.listen.host;
    listeners.push({
      listener: await Listener.open({ host, port: address.port }, routes(only)),
      only,
    });
  }

  const addresses = listeners.map(({ listener, only }) => ({
    url: `${only?.contract.transport === "websocket" ? "ws" : "http"}://${listener.authority}`,
    ...(only === undefined ? {} : { service: only.contract.name }),
  }));
  logger.info(
    {
      listeners: addresses,
      engine: engine.kind,
      auth: authenticator.enabled,
      services: services.map((service) => service.contract.name),
    },
    "listening",
  );

  let draining: Promise<void> | undefined;
  return {
    listeners: addresses,
    drain() {
      readiness.draining = true;
      draining ??= leave({
        connections,
        listeners: listeners.map(({ listener }) => listener),
        services,
        closeTransports: [
          ...socketIos.map((transport) => () => transport.close()),
          () => webSockets.close(),
        ],
        authenticator,
        engine,
        clock,
        timeoutMs: config.drainTimeoutMs,
        logger,
      });
      return draining;
    },
  };
}

/** Everything that a drain lets go of. */
interface Leaving {
  readonly connections: Connections;
  readonly listeners: readonly Listener[];
  readonly services: readonly RunningService[];
  readonly closeTransports: readonly (() => void | Promise<void>)[];
  readonly authenticator: GatewayAuthenticator;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** Half of the time is for clients to take their close frame, the rest for storing what is under way. */
async function leave(parts: Leaving): Promise<void> {
  const {
    connections,
    listeners,
    services,
    closeTransports,
    authenticator,
    engine,
    clock,
    timeoutMs,
    logger,
  } = parts;
  logger.info({ connections: connections.size }, "draining");
  const closed = Promise.all(listeners.map((listener) => listener.close()));
  connections.drain();
  await within(clock, timeoutMs / 2, connections.whenEmpty());
  for (const connection of connections) connection.destroy("draining");
  for (const close of closeTransports) await close();
  for (const listener of listeners) listener.destroy();
  const stored = (async () => {
    for (const service of services) await service.stop();
    connections.stop();
    authenticator.close();
    await engine.close();
  })();
  if (!(await within(clock, timeoutMs / 2, Promise.all([closed, stored]))))
    logger.error({}, "left before everything was closed");
  logger.info({}, "drained");
}

/** Resolves to whether `work` was done within `ms`. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => resolve(false));
    work.then(
      () => {
        timer.cancel();
        resolve(true);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}

/** Whether nobody else answers a GET of `/`. */
function isStartFree(
  services: readonly RunningService[],
  pages: readonly HttpOperation[],
): boolean {
  const routes = services.flatMap(({ contract }) => Object.values(contract.routes));
  return pages.length === 0 && !routes.some(({ method, path }) => method === "GET" && path === "/");
}

function owner(
  transports: readonly SocketIoTransport[],
  request: IncomingMessage,
): SocketIoTransport | undefined {
  return transports.find((transport) => transport.owns(pathOf(request)));
}

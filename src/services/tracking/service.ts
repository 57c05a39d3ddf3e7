/** The tracking service: thin handlers over the objects, their timelines, the processors and the boxes. */
import {
  type Connection,
  dataAnswer,
  defineService,
  hasRole,
  isSwitchboardError,
  nullWords,
  type Principal,
  RawJson,
  rawMembers,
  SwitchboardError,
  tokenOf,
} from "../../kit/index.ts";
import { Announcer } from "./announcer.ts";
import { Boxes } from "./boxes.ts";
import { configSchema } from "./config.ts";
import { trackingContract } from "./contract.ts";
import { Expiry } from "./expiry.ts";
import { FrameIdsByCamera } from "./frame-ids.ts";
import type { TrackedObject } from "./object-book.ts";
import { Objects } from "./objects.ts";
import { type Processor, Processors } from "./processors.ts";
import { idOf, mentioned, timeStamp } from "./rules.ts";
import { Timelines } from "./timelines.ts";

type Endpoint = "client" | "processor";

/** As the original answers those who may ask. */
const corsHeaders = { "access-control-allow-origin": "*" };

export const tracking = defineService({
  contract: trackingContract,
  config: configSchema,
  roleNames: ({ clientRole, processorRole }) => ({
    "tracking.client": clientRole,
    "tracking.processor": processorRole,
  }),
  async start(context) {
    const { config, clock, background, logger } = context;
    const log = await context.log();
    const frameIds = new FrameIdsByCamera(config.maxCameras, config.maxFrameIds);
    const processors = await Processors.open({
      leases: context.leases,
      maxCameras: config.maxCameras,
      now: () => clock.now(),
      evicted(connection, why) {
        if (why === "stolen")
          context.close(
            connection,
            "replaced",
            "a processor with the same id has come on another connection",
          );
        else
          context.close(
            connection,
            "restarting",
            "this server lost its place in the cluster: come back",
          );
      },
    });
    const announcer = new Announcer({
      context,
      processors,
      frameIds,
      objects: { all: () => objects.all(), get: (id) => objects.get(id) },
    });
    const objects = await Objects.open({
      log,
      bounds: config,
      now: () => clock.now(),
      background,
      changed(change) {
        announcer.changed(change);
        if (change.live && change.what === "created") expiry?.created();
      },
    });
    const { trackingTimeoutMs } = config;
    const expiry: Expiry | undefined =
      trackingTimeoutMs === null
        ? undefined
        : new Expiry({ clock, logger, objects, trackingTimeoutMs, background });
    const timelines = new Timelines({ log, maxEntries: config.maxTimelineEntries, background });
    const boxes = await Boxes.open({
      bus: context.bus,
      session: context.session.id,
      topic: context.topic,
    });

    /** Throws `forbidden` if the principal may not be at this endpoint. */
    const demandRole = (principal: Principal, endpoint: Endpoint) => {
      const role = endpoint === "client" ? config.clientRole : config.processorRole;
      if (hasRole(principal, [role])) return;
      throw new SwitchboardError(
        "forbidden",
        `this needs the role ${role}; the token has ${principal.roles.join(", ") || "none"}`,
      );
    };

    /** Throws unless the connection has authenticated, with auth on, and is of this kind. */
    const demand = (connection: Connection, endpoint: Endpoint) => {
      if (context.authEnabled && connection.principal === undefined) throw unauthenticated();
      if (endpointOf(connection) !== endpoint)
        throw new SwitchboardError("unknown_message", `this is a message of a ${endpoint}`);
    };

    const demandProcessor = (connection: Connection): Processor => {
      demand(connection, "processor");
      const processor = processors.of(connection);
      if (processor === undefined)
        throw new SwitchboardError(
          "wrong_state",
          "say which camera this is first: send identifier",
        );
      return processor;
    };

    const admit = (connection: Connection) => {
      if (endpointOf(connection) === "client") boxes.watchAll(connection);
    };

    /** An unmodified client has no answer to a refusal, so it goes on as before. */
    const refusable = async (connection: Connection, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        if (!isSwitchboardError(error, "over_capacity")) throw error;
        context.reportError(connection, error);
      }
    };

    /** Stores what is seen now for the first time in this second. */
    const spot = async (
      { id: processorId, spotted }: Processor,
      seen: readonly TrackedObject[],
      second: number,
    ) => {
      await Promise.all(seen.map((object) => timelines.add(object, { processorId, second })));
      spotted.add(seen, second);
    };

    const demandHttp = async (request: Request) => {
      if (!config.httpAuth || !context.authEnabled) return;
      const token = tokenOf({
        authorization: request.headers.get("authorization") ?? undefined,
        query: new URL(request.url).search,
      });
      if (token === undefined) throw unauthenticated();
      demandRole(await context.authenticate(token), "client");
    };

    return {
      opened(connection) {
        if (connection.principal === undefined) return;
        demandRole(connection.principal, endpointOf(connection));
        admit(connection);
      },
      on: {
        async authenticate(connection, { jwt }) {
          if (!context.authEnabled) return;
          const principal = await context.authenticate(jwt);
          demandRole(principal, endpointOf(connection));
          const isNew = connection.principal === undefined;
          connection.principal = principal;
          if (isNew) admit(connection);
        },
        async start(connection, { cameraId }, text) {
          demand(connection, "client");
          if (!(await processors.isPresent(cameraId)))
            throw new SwitchboardError("not_found", "no processor has this cameraId");
          const given = rawMembers(text);
          const wish = {
            cameraId,
            ...pick(given, "frameId"),
            ...pick(given, "boxId"),
            ...pick(given, "image"),
          };
          await refusable(connection, async () => {
            await objects.create(wish);
          });
        },
        async stop(connection, { objectId }) {
          demand(connection, "client");
          if (!(await objects.stop(objectId))) throw notTracked(objectId);
        },
        async setUsesImages(connection, { usesImages }) {
          demand(connection, "client");
          if (usesImages) await announcer.addImageUser(connection);
          else announcer.removeImageUser(connection);
        },
        cameras(connection, { cameraIds }) {
          demand(connection, "client");
          boxes.watch(connection, cameraIds);
        },
        async identifier(connection, { id }) {
          demand(connection, "processor");
          if (await processors.register(connection, id)) await announcer.addProcessor(connection);
        },
        boundingBoxes(connection, message, text) {
          const processor = demandProcessor(connection);
          const given = rawMembers(text);
          const frameId = given.get("frameId") ?? "";
          const second = Math.floor(clock.now() / 1000);
          frameIds.of(processor.id).sent(frameId);
          const tracked = mentioned(message.boxes).map((id) => objects.get(id));
          const fresh = processor.spotted.fresh(
            tracked.filter((object) => object !== undefined),
            second,
          );
          const publish = () =>
            boxes.publish({
              cameraId: processor.id,
              frameId,
              boxes: nullWords(given.get("boxes") ?? ""),
            });
          // Most frames have nothing new to store, and wait for nothing.
          return fresh.length === 0 ? publish() : spot(processor, fresh, second).then(publish);
        },
        async featureMap(connection, { objectId }, text) {
          demand(connection, "processor");
          const featureMap = rawMembers(text).get("featureMap") ?? "";
          await refusable(connection, async () => {
            if (!(await objects.map(objectId, featureMap))) throw notTracked(objectId);
          });
        },
      },
      invalid(connection, { name }) {
        if (!context.authEnabled || connection.principal !== undefined || name === undefined)
          return "tell";
        context.close(connection, "unauthenticated", unauthenticated().message);
      },
      async closed(connection) {
        boxes.forget(connection);
        await processors.leave(connection);
      },
      routes: {
        async timelines({ params: { objectId }, request }) {
          await demandHttp(request);
          if (objectId === undefined) return badRequest('Missing "objectId" query parameter');
          const id = idOf(objectId);
          const entries = id === undefined ? [] : await timelines.of(id);
          if (entries.length === 0) return badRequest("Object id not present in tracking history");
          const data = entries.map(({ processorId, second }) => ({
            timeStamp: timeStamp(second),
            processorId,
          }));
          return dataAnswer(data, { headers: corsHeaders });
        },
        async objectIds({ request }) {
          await demandHttp(request);
          return dataAnswer(new RawJson(`[${(await objects.ids()).join(", ")}]`), {
            headers: corsHeaders,
          });
        },
        async cameras() {
          return dataAnswer(await processors.list(), { headers: corsHeaders });
        },
      },
      async stop() {
        processors.stop();
        boxes.stop();
        await objects.close();
      },
    };
  },
});

function endpointOf({ opening }: Connection): Endpoint {
  return /\/processor\/?$/.test(opening.path) ? "processor" : "client";
}

function unauthenticated(): SwitchboardError {
  return new SwitchboardError("unauthenticated", "send authenticate first, with a good token");
}

function notTracked(objectId: number): SwitchboardError {
  return new SwitchboardError("not_found", `no object ${objectId} is tracked`);
}

/** The member of that name, if it is there, in its own spelling. */
function pick<Name extends string>(
  members: ReadonlyMap<string, string>,
  name: Name,
): { [N in Name]?: string } {
  const text = members.get(name);
  return (text === undefined ? {} : { [name]: text }) as { [N in Name]?: string };
}

function badRequest(text: string): Response {
  return new Response(text, {
    status: 400,
    headers: { "content-type": "text/plain; charset=utf-8", ...corsHeaders },
  });
}

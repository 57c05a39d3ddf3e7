/** The admin service: thin handlers over the overview, the inspector, the list of connections and the contracts. */
import {
  bareAnswer,
  closeCodes,
  defineService,
  errors,
  hasRole,
  SwitchboardError,
  tokenOf,
} from "../../kit/index.ts";
import { Census } from "./census.ts";
import { configSchema } from "./config.ts";
import { listConnections } from "./connection-list.ts";
import { adminContract } from "./contract.ts";
import { contractJson } from "./contract-json.ts";
import { FiguresReader } from "./figures.ts";
import { Inspector } from "./inspector.ts";
import { loggedMessage, loggedPath } from "./logged.ts";
import { Overview } from "./overview.ts";

export const admin = defineService({
  contract: adminContract,
  config: configSchema,
  async start(context, server) {
    if (server === undefined)
      throw new TypeError("the admin service shows a server, and has been given none");
    const { clock, session } = context;
    const node = session.id;
    const census = new Census(server, clock);
    const overview = new Overview({
      context,
      reader: new FiguresReader({ node, server, census, clock }),
    });
    await overview.start();
    const inspector = new Inspector({ context, server });
    /** They never change: made once, when first asked for. */
    let contracts: readonly object[] | undefined;

    return {
      opened(connection) {
        if (
          !context.authEnabled ||
          (connection.principal !== undefined && hasRole(connection.principal, ["admin"]))
        )
          return;
        throw new SwitchboardError("forbidden", "only a token with the role admin may come here");
      },
      on: {
        overview: (connection) => overview.watch(connection),
        inspect: (console, { connection }) => inspector.inspect(console, connection),
        inspect_next: (console, { service, path }) => inspector.inspectNext(console, service, path),
        uninspect: (console, { connection }) => inspector.uninspect(console, connection),
      },
      closed: (console) => inspector.drop(console),
      routes: {
        connections({ params }) {
          const list = listConnections({ server, census, clock }, params);
          return bareAnswer({ node, at: clock.now(), total: server.connections.size, ...list });
        },
        contracts() {
          contracts ??= server.services.map(contractJson);
          return bareAnswer({ services: contracts, errors, closes: Object.values(closeCodes) });
        },
        test({ body: { service, path, message }, principal }) {
          const tested = server.services.find(({ contract }) => contract.name === service);
          if (tested === undefined)
            throw new SwitchboardError(
              "not_found",
              `no service ${JSON.stringify(service)} is served here`,
            );
          const audited = {
            by: principal?.name ?? "anybody",
            testedService: service,
            path: loggedPath(path),
          };
          context.logger.info(
            { audit: "test", ...audited, message: loggedMessage(tested.contract, message) },
            "test message",
          );
          return bareAnswer({ ok: true });
        },
        async session({ request }) {
          const token = tokenOf({
            authorization: request.headers.get("authorization") ?? undefined,
            query: new URL(request.url).search,
          });
          const caller =
            context.authEnabled && token !== undefined
              ? await context.authenticate(token)
              : undefined;
          return bareAnswer({
            auth: context.authEnabled,
            ...(caller === undefined ? {} : { name: caller.name, roles: caller.roles }),
            services: server.services.map(({ contract }) => contract.name),
            version: server.version,
            node,
          });
        },
      },
      async stop() {
        overview.stop();
      },
    };
  },
});

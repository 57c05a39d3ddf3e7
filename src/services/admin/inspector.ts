/** Who inspects what: begins and ends inspections, within bounds, and writes each down. */
import {
  type Connection,
  type ServerView,
  type ServiceView,
  SwitchboardError,
} from "../../kit/index.ts";
import { type AdminContext, adminName } from "./context.ts";
import { Inspection } from "./inspection.ts";
import { loggedPath, pathOnly } from "./logged.ts";
import { redact } from "./redaction.ts";

interface InspectorParts {
  readonly context: Pick<AdminContext, "send" | "clock" | "logger" | "config">;
  readonly server: ServerView;
}

/** What one console inspects, by connection, and what ends its waiting for next ones. */
interface Desk {
  readonly inspections: Map<string, Inspection>;
  readonly waits: Set<() => void>;
}

/** Why an inspection has ended, for the audit line. */
type Ending = "asked" | "closed" | "console left";

/**
 * Every wait, beginning and end is logged at level info with `audit: "inspect"`. A console is told of no frame twice, and of none after its
 * `uninspect` has been handled.
 */
export class Inspector {
  readonly #parts: InspectorParts;
  readonly #desks = new Map<Connection, Desk>();

  constructor(parts: InspectorParts) {
    this.#parts = parts;
  }

  /** Throws `not_found` for a connection that is not open on this node, `conflict` for one that cannot be inspected (too). */
  inspect(console: Connection, id: string): void {
    const inspected = this.#open(id);
    if (inspected === undefined) {
      throw new SwitchboardError(
        "not_found",
        `no connection ${id} is open on this node: GET /admin/connections lists those that are`,
      );
    }
    this.#demandRoom(console);
    if (this.#desks.get(console)?.inspections.has(id)) {
      throw new SwitchboardError("conflict", `connection ${id} is being inspected already`);
    }
    const service = this.#parts.server.services.find(({ connections }) =>
      connections.has(inspected),
    );
    this.#begin(console, inspected, service);
  }

  /** Throws `not_found` for a service that this node does not have, `conflict` for one more than may be. The path's query is left out. */
  inspectNext(console: Connection, name: string, address: string | undefined): void {
    const path = address === undefined ? undefined : pathOnly(address);
    const { services } = this.#parts.server;
    const service = services.find(({ contract }) => contract.name === name);
    if (service === undefined) {
      const known = services.map(({ contract }) => contract.name).join(", ");
      throw new SwitchboardError(
        "not_found",
        `no service ${JSON.stringify(name)} is served here: there are ${known}`,
      );
    }
    demandOther(service);
    this.#demandRoom(console);
    const { waits } = this.#desk(console);
    const end = service.onOpen((opened, first) => {
      if (path !== undefined && opened.opening.path !== path) return;
      waits.delete(end);
      end();
      const inspection = this.#begin(console, opened, service);
      if (first !== undefined) inspection.text(first, Buffer.byteLength(first));
    });
    waits.add(end);
    this.#audit("wait", console, {
      inspectedService: name,
      ...(path === undefined ? {} : { path: loggedPath(path) }),
    });
  }

  /** Ends one inspection, or all and the waiting. What is not inspected needs no end. */
  uninspect(console: Connection, id: string | undefined): void {
    if (id === undefined) this.#clear(console, "asked");
    else this.#end(console, id, "asked");
  }

  /** The console has gone. */
  drop(console: Connection): void {
    this.#clear(console, "console left");
  }

  /** A connection of this node by its id: it compares the ids of all. */
  #open(id: string): Connection | undefined {
    for (const connection of this.#parts.server.connections)
      if (connection.id === id) return connection.isClosed ? undefined : connection;
    return undefined;
  }

  #desk(console: Connection): Desk {
    let desk = this.#desks.get(console);
    if (desk === undefined) {
      desk = { inspections: new Map(), waits: new Set() };
      this.#desks.set(console, desk);
    }
    return desk;
  }

  #demandRoom(console: Connection): void {
    const { maxInspections } = this.#parts.context.config;
    const desk = this.#desks.get(console);
    if (desk === undefined || desk.inspections.size + desk.waits.size < maxInspections) return;
    throw new SwitchboardError(
      "conflict",
      `${maxInspections} connections are inspected or waited for (services.admin.maxInspections): end one with uninspect`,
    );
  }

  #begin(console: Connection, inspected: Connection, service: ServiceView | undefined): Inspection {
    if (service !== undefined) demandOther(service);
    const { context } = this.#parts;
    const { id, opening } = inspected;
    const inspection = new Inspection({
      inspected,
      namesEvents: service?.contract.transport === "socketio",
      console,
      clock: context.clock,
      framesPerSecond: context.config.inspectedFramesPerSecond,
      tell: (frame) => context.send(console, "frame", frame),
      ended: ({ code, reason, byServer }, dropped) => {
        context.send(console, "closed", {
          connection: id,
          code,
          reason: redact(reason),
          byServer,
          ...(dropped > 0 ? { dropped } : {}),
        });
        this.#end(console, id, "closed");
      },
    });
    this.#desk(console).inspections.set(id, inspection);
    const name = service?.contract.name ?? "none";
    this.#audit("begin", console, {
      connection: id,
      inspectedService: name,
      path: loggedPath(opening.path),
      address: opening.address,
    });
    const openMs = Math.round(context.clock.monotonic() - inspected.openedMs);
    const since = context.clock.now() - openMs;
    context.send(console, "inspecting", {
      connection: id,
      service: name,
      path: opening.path,
      address: opening.address,
      since,
    });
    inspected.addTap(inspection);
    return inspection;
  }

  #end(console: Connection, id: string, why: Ending): void {
    const desk = this.#desks.get(console);
    const inspection = desk?.inspections.get(id);
    if (desk === undefined || inspection === undefined) return;
    desk.inspections.delete(id);
    inspection.inspected.removeTap(inspection);
    this.#audit("end", console, { connection: id, why });
    if (desk.inspections.size + desk.waits.size === 0) this.#desks.delete(console);
  }

  #clear(console: Connection, why: Ending): void {
    const desk = this.#desks.get(console);
    if (desk === undefined) return;
    for (const end of desk.waits) end();
    desk.waits.clear();
    for (const id of [...desk.inspections.keys()]) this.#end(console, id, why);
    this.#desks.delete(console);
  }

  #audit(event: "wait" | "begin" | "end", console: Connection, more: object): void {
    const by = console.principal?.name ?? "anybody";
    this.#parts.context.logger.info(
      { audit: "inspect", event, by, console: console.id, ...more },
      `inspection: ${event}`,
    );
  }
}

/** Inspecting a console would show it what it is shown, without end. */
function demandOther({ contract }: ServiceView): void {
  if (contract.name === adminName)
    throw new SwitchboardError("conflict", "the connections of consoles cannot be inspected");
}

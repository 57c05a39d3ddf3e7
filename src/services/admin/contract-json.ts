/** A contract as JSON, complete enough to make forms and documentation from. */
import { z } from "zod";
import type { ServiceView } from "../../kit/index.ts";

type Contract = ServiceView["contract"];

/** Members that name a message in the protocols that are served; which one does in a contract, its codec says. Of two, the first is meant. */
const nameMembers = ["action", "type", "packet_type", "message", "event"] as const;

/** Messages, routes, roles and limits of a service. Schemas are of what travels, not of what the server makes of it. */
export function contractJson({
  contract,
  limits,
}: Pick<ServiceView, "contract" | "limits">): object {
  return {
    name: contract.name,
    doc: contract.doc,
    transport: contract.transport,
    paths: contract.paths,
    auth: contract.auth ?? "connection",
    ...(contract.opensWith === undefined
      ? {}
      : { opensWith: contract.opensWith, opensAt: contract.opensAt ?? contract.paths }),
    roles: contract.roles,
    limits,
    in: Object.entries(contract.in).map(([name, { doc, schema, roles, errors }]) => ({
      name,
      direction: "in",
      doc,
      roles,
      ...(errors === undefined ? {} : { errors }),
      ...namedBy(contract, name),
      schema: jsonSchema(schema),
    })),
    out: Object.entries(contract.out).map(([name, { doc, schema, delivery, text }]) => ({
      name,
      direction: "out",
      doc,
      delivery,
      ...(text === undefined ? {} : { text }),
      schema: jsonSchema(schema),
    })),
    routes: Object.entries(contract.routes).map(
      ([name, { method, path, doc, params, body, roles, errors }]) => ({
        name,
        method,
        path,
        doc,
        roles,
        ...(errors === undefined ? {} : { errors }),
        params: jsonSchema(params),
        ...(body === undefined ? {} : { body: jsonSchema(body) }),
      }),
    ),
  };
}

/** `{named: {type: "start"}}`: the member that a frame of this message has beside its fields. Absent for events and unusual codecs. */
function namedBy(
  { codec, transport }: Contract,
  name: string,
): { readonly named?: Readonly<Record<string, string>> } {
  if (codec === undefined || transport === "socketio") return {};
  const member = nameMembers.find((candidate) => codec.nameOf({ [candidate]: name }) === name);
  return member === undefined ? {} : { named: { [member]: name } };
}

/** What JSON Schema cannot say (a transformation, a class) becomes `{}`, which is anything. */
function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

/** What the form for a test message is about: where it goes, and which message it is. Pure. */
import type { Contracts, MessageContract, ServiceContract } from "../../session/use-contracts.ts";
import type { Filled } from "./message-fields.ts";

export interface Draft {
  readonly service: string;
  /** As the contract has it, with its parameters: "/experiments/:xid". */
  readonly path: string;
  readonly message: string;
  /** What was filled in for the path's parameters and the message's fields. */
  readonly params: Filled;
  readonly filled: Filled;
  /** The frame, where it is written by hand. */
  readonly byHand: string | undefined;
}

/** Services that a test client can speak to: the console's own is none, and Socket.IO has pages of its own. */
export function testable(contracts: Contracts): readonly ServiceContract[] {
  return contracts.services.filter(
    ({ name, transport, in: messages }) =>
      transport === "websocket" && name !== "admin" && messages.length > 0,
  );
}

/** The first message of a service. */
export function draftFor({ name, paths, in: messages }: ServiceContract): Draft {
  return {
    service: name,
    path: paths.find((path) => path.startsWith(`/${name}`)) ?? paths[0] ?? "/",
    ...draftOfMessage(messages[0]),
  };
}

/** What changes with the message. */
export function draftOfMessage(
  message: MessageContract | undefined,
): Omit<Draft, "service" | "path"> {
  return { message: message?.name ?? "", params: {}, filled: {}, byHand: undefined };
}

/** Names of the parameters of a path. */
export function paramsOf(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** The path with its parameters; undefined while one is missing. */
export function filledPath(path: string, params: Filled): string | undefined {
  if (paramsOf(path).some((name) => (params[name] ?? "") === "")) return undefined;
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

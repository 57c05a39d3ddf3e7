/** The contracts of the server under test, as GET /admin/contracts gives them. */
import type { JsonSchema } from "./schema-value.ts";

export interface MessageContract {
  readonly name: string;
  /** The member that names a frame of this message, beside its fields. */
  readonly named?: Readonly<Record<string, string>>;
  readonly schema: JsonSchema;
}

export interface RouteContract {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly auth: "open" | "token";
  readonly params: JsonSchema;
  readonly body?: JsonSchema;
}

export interface ServiceContract {
  readonly name: string;
  readonly transport: "websocket" | "socketio";
  readonly paths: readonly string[];
  readonly opensWith?: readonly string[];
  readonly in: readonly MessageContract[];
  readonly routes: readonly RouteContract[];
}

/** Reads them. `token`: one with the role `admin`, where auth is on. */
export async function fetchContracts(
  url: string,
  token: string | undefined,
): Promise<readonly ServiceContract[]> {
  const response = await fetch(`${url}/admin/contracts`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status !== 200)
    throw new Error(`GET /admin/contracts was answered with ${response.status}`);
  const { services } = (await response.json()) as { services: readonly ServiceContract[] };
  return services;
}

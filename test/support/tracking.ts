/** Tracking clients and processors, as the tests need them. */
import { request } from "./http.ts";
import type { Scope } from "./scope.ts";
import { TextSocket } from "./text-socket.ts";

/** Whatever has a WebSocket address for a path: a server of the tests, in this process or in its own. */
export interface Served {
  readonly url: string;
}

/** Opens a socket that is told of its errors. */
export async function openAt(scope: Scope, { url }: Served, path: string): Promise<TextSocket> {
  return await TextSocket.open(
    scope,
    `${url.replace(/^http/, "ws")}${path}${path.includes("?") ? "&" : "?"}errors=1`,
  );
}

/** An interface; with `images`, one that has been told of the present objects. Everything that was sent has been handled. */
export async function clientAt(scope: Scope, served: Served, images = false): Promise<TextSocket> {
  const client = await openAt(scope, served, "/client");
  if (images) client.send({ type: "setUsesImages", usesImages: true });
  await handled(client);
  return client;
}

/** A camera's processor that is registered; the feature maps that it was given have been read. */
export async function processorAt(scope: Scope, served: Served, id: string): Promise<TextSocket> {
  const processor = await openAt(scope, served, "/processor");
  processor.send({ type: "identifier", id });
  await handled(processor);
  return processor;
}

/** Resolves when everything that the socket has sent has been handled; the frames before that are returned. */
export async function handled(socket: TextSocket): Promise<string[]> {
  socket.send("no JSON");
  const before: string[] = [];
  for (;;) {
    const frame = await socket.next();
    if (frame.includes('"bad_json"')) return before;
    before.push(frame);
  }
}

/** Shows that nothing has come to a socket that is told of its errors. */
export async function nothingCame(socket: TextSocket): Promise<void> {
  const before = await handled(socket);
  if (before.length > 0)
    throw new Error(`${before.join(" ").slice(0, 500)} came where nothing was due`);
}

/** Has an object tracked; its id, from the processor's next `start`. */
export async function startObject(
  client: TextSocket,
  processor: TextSocket,
  start: object,
): Promise<number> {
  client.send({ type: "start", ...start });
  return Number((await processor.ofType("start")).objectId);
}

/** The ids there ever were. */
export async function objectIdsOf(url: string): Promise<unknown> {
  return (await request(url, "GET /objectIds")).json;
}

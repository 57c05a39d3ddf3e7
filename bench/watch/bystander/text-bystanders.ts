/** The bystanders of the services that speak text frames over WebSocket. */
import type { Bystander } from "../round-trips.ts";
import { TextLine } from "../text-line.ts";

/** Where the server is. */
export interface Place {
  readonly url: string;
  readonly token: string | undefined;
  /** What this client is called: its lobby, camera, worker and experiment. Default `bystander`. */
  readonly name?: string;
}

/** The name of whoever is at this place. */
export function nameAt({ name = "bystander" }: Place): string {
  return name;
}

function address({ url, token }: Place, path: string): string {
  const query = token === undefined ? "" : `${path.includes("?") ? "&" : "?"}token=${token}`;
  return `${url.replace(/^http/, "ws")}${path}${query}`;
}

/** A viewer of a lobby's prompts that updates them and waits for its own `refresh`. */
export function lobbyBystander(place: Place): Bystander {
  let line: TextLine;
  return {
    name: "lobby",
    pauseMs: 20,
    async open(lost) {
      line = await TextLine.open(address(place, "/lobby"), lost);
      line.send({ type: "lobby_prompts", lobby_id: nameAt(place) });
    },
    async once() {
      line.send({ type: "lobby_prompts_update" });
      await line.next((text) => text === "refresh");
    },
    close: () => line.close(),
  };
}

/** A worker that asks for its numbers. */
export function crowdBystander(place: Place): Bystander {
  let line: TextLine;
  return {
    name: "crowd",
    pauseMs: 20,
    async open(lost) {
      line = await TextLine.open(address(place, `/crowd?worker=${nameAt(place)}`), lost);
    },
    async once() {
      line.send({ message: "get_worker_stats" });
      await line.next((text) => text.includes('"set_worker_stats"'));
    },
    close: () => line.close(),
  };
}

/** A camera whose boxes a client watches. */
export function trackingBystander(place: Place): Bystander {
  let processor: TextLine;
  let client: TextLine;
  let frameId = 0;
  return {
    name: "tracking",
    pauseMs: 20,
    async open(lost) {
      processor = await TextLine.open(address(place, "/tracking/processor"), lost);
      client = await TextLine.open(address(place, "/tracking/client"), lost);
      const jwt = place.token ?? "";
      processor.send({ type: "authenticate", jwt });
      processor.send({ type: "identifier", id: nameAt(place) });
      client.send({ type: "authenticate", jwt });
      client.send({ type: "cameras", cameraIds: [nameAt(place)] });
    },
    async once() {
      const boxes = [{ boxId: 1, x: 0, y: 0, width: 1, height: 1 }];
      processor.send({ type: "boundingBoxes", frameId: ++frameId, boxes });
      await client.next((text) => text.includes(`"frameId":${frameId},`));
    },
    close() {
      processor.close();
      client.close();
    },
  };
}

/** A publisher and a subscriber of one variable. */
export function experimentsBystander(place: Place): Bystander {
  let subscriber: TextLine;
  let count = 0;
  const bearer: Readonly<Record<string, string>> =
    place.token === undefined ? {} : { authorization: `Bearer ${place.token}` };
  return {
    name: "experiments",
    pauseMs: 100,
    async open(lost) {
      subscriber = await TextLine.open(address(place, `/experiments/${nameAt(place)}`), lost);
      subscriber.send({ action: "authorization", token: place.token ?? null });
      subscriber.send({ action: "subscribe", data: [{ chain: "c", variables: ["v"] }] });
    },
    async once() {
      const n = ++count;
      const logs = { vars: { c: { v: [n] } }, iteration: { c: [n, n, 17e18] } };
      const payload = {
        object_type: "experiment.protobuf_message",
        logs,
        batch_id: "b",
        run_id: "r",
      };
      const response = await fetch(`${place.url}/api/object/${nameAt(place)}`, {
        method: "POST",
        headers: bearer,
        body: JSON.stringify({ payload }),
      });
      if (response.status !== 200)
        throw new Error(`a post was answered with ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
      await subscriber.next(
        (text) => text.includes('"experiment:event"') && text.includes(`"from":{"v":${n - 1}}`),
      );
    },
    close: () => subscriber.close(),
  };
}

/** An operator who watches the overview, which comes once a second. */
export function adminBystander(place: Place): Bystander {
  let line: TextLine;
  return {
    name: "admin (each second)",
    pauseMs: 0,
    async open(lost) {
      line = await TextLine.open(address(place, "/admin"), lost);
      line.send({ type: "overview" });
    },
    async once() {
      await line.next((text) => text.includes('"overview"'));
    },
    close: () => line.close(),
  };
}

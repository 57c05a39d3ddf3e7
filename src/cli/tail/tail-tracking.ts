/** `switchboard tail tracking`: boxes and objects, as they come. */
import type { Command } from "commander";
import { addLiveOptions, type LiveOptions, LiveView } from "../live-view.ts";
import { serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";

interface TailTrackingOptions extends LiveOptions {
  readonly camera?: readonly string[];
}

export function addTailTracking(command: Command, surroundings: Surroundings): void {
  addLiveOptions(
    command
      .command("tracking")
      .description("boxes of the cameras, and objects that are tracked or stopped")
      .option(
        "--camera <id>",
        "only this camera's boxes; may be given again",
        (id: string, before: readonly string[] = []) => [...before, id],
      ),
  ).action((options: TailTrackingOptions) => tail(options, surroundings));
}

async function tail(options: TailTrackingOptions, surroundings: Surroundings): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { TrackingInterface } = await import("../../client/tracking/index.ts");
  const server = serverOf(options, surroundings);
  const view = new LiveView(options, surroundings);
  const cameras = options.camera === undefined ? {} : { cameraIds: options.camera };
  const client = new TrackingInterface(server.url, {
    usesImages: true,
    ...cameras,
    ...tokenOption(server),
  });
  client.on("boxes", ({ cameraId, frameId, boxes }) => {
    const kinds = boxes.map(({ objectType, objectId }) =>
      objectId === undefined ? objectType : `${objectType} #${objectId}`,
    );
    const what = boxes.length === 0 ? "nothing" : kinds.join(", ");
    view.show(`${cameraId}  frame ${frameId.text}  ${what}`, {
      event: "boxes",
      cameraId,
      frameId: frameId.value,
      boxes,
    });
  });
  client.on("newObject", ({ objectId, image }) => {
    view.show(`object ${objectId} is tracked${image === undefined ? "" : " (with an image)"}`, {
      event: "newObject",
      objectId,
      image,
    });
  });
  client.on("stopped", ({ objectId }) =>
    view.show(`object ${objectId} is tracked no more`, { event: "stopped", objectId }),
  );
  await view.run(client.connection);
}

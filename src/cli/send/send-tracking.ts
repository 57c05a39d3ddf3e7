/** `switchboard send tracking`: has an object tracked, or forgotten. */
import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { TrackingInterface as Interface } from "../../client/tracking/index.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { addServerOptions, type ServerOptions, serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { opened, openWithinMs } from "../waiting.ts";

interface StartOptions extends ServerOptions {
  readonly frame?: number;
  readonly box?: number;
  readonly image?: string;
}

export function addSendTracking(command: Command, surroundings: Surroundings): void {
  const tracking = command.command("tracking").description("have an object tracked, or forgotten");
  addServerOptions(
    tracking
      .command("start")
      .description("track a box in a frame, or what an image shows")
      .argument("<camera>", "its id"),
  )
    .option("--frame <number>", "the frame's id", number)
    .option("--box <number>", "the box in it", wholeNumber)
    .option("--image <file>", "an image of the object, in the place of frame and box")
    .action(async (camera: string, options: StartOptions, command: Command) => {
      const { frame, box, image } = options;
      if (image === undefined && (frame === undefined || box === undefined))
        return command.error("error: give --frame and --box, or --image");
      const wish =
        image === undefined
          ? { cameraId: camera, frameId: frame ?? 0, boxId: box ?? 0 }
          : { cameraId: camera, image: await imageIn(image) };
      return withInterface(
        options,
        surroundings,
        (client) => client.startTracking(wish, { expiresInMs: openWithinMs }).outcome,
      );
    });
  addServerOptions(
    tracking
      .command("stop")
      .description("forget an object")
      .argument("<object>", "its id", wholeNumber),
  ).action((object: number, options: ServerOptions) =>
    withInterface(
      options,
      surroundings,
      (client) => client.stopTracking(object, { expiresInMs: openWithinMs }).outcome,
    ),
  );
}

async function withInterface(
  options: ServerOptions,
  surroundings: Surroundings,
  send: (client: Interface) => Promise<string>,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { TrackingInterface } = await import("../../client/tracking/index.ts");
  const server = serverOf(options, surroundings);
  const client = new TrackingInterface(server.url, tokenOption(server));
  try {
    await opened(client.connection);
    const outcome = await send(client);
    if (outcome !== "sent")
      throw new SwitchboardError(
        "internal",
        `the connection was lost: whether the server has it is ${outcome}; look before you send it again`,
      );
    surroundings.print(
      "sent (the protocol has no answer: switchboard tail tracking shows what comes of it)",
    );
  } finally {
    await client.close();
  }
}

async function imageIn(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new SwitchboardError("not_found", `${file} could not be read: ${error.message}`);
  });
  if (bytes.length === 0)
    throw new SwitchboardError("bad_message", `${file} is empty: give a file with an image in it`);
  return bytes.toString("base64");
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === "")
    throw new InvalidArgumentError("Write a number.");
  return value;
}

function wholeNumber(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("Write a whole number.");
  return value;
}

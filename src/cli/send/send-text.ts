/** `switchboard send text`: any texts to any WebSocket path, and what comes back. */
import type { Command } from "commander";
import { addLiveOptions, type LiveOptions, LiveView } from "../live-view.ts";
import { serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { opened } from "../waiting.ts";

/** The reason of a close with 1000 where no service takes the first message. */
const refused = "invalid message type";

export function addSendText(command: Command, surroundings: Surroundings): void {
  addLiveOptions(
    command
      .command("text")
      .description(
        "texts as they are to a WebSocket path; prints what comes back until the server closes, Ctrl-C, --count or --for",
      )
      .argument("<path>", "such as /lobby")
      .argument("<text...>", "each is one frame"),
  ).action((path: string, texts: readonly string[], options: LiveOptions) =>
    send(path, texts, options, surroundings),
  );
}

async function send(
  path: string,
  texts: readonly string[],
  options: LiveOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { connect } = await import("../../client/index.ts");
  const server = serverOf(options, surroundings);
  const view = new LiveView(options, surroundings);
  const connection = connect(
    `${server.url}${path.startsWith("/") ? "" : "/"}${path}`,
    tokenOption(server),
  );
  connection.on("message", (text) => view.show(text, { text }));
  // 1000 is the server's way to say that all is done, but for one reason; why else it is over is told as an error.
  connection.on("state", (state) => {
    if (state.status !== "closed" || state.ending.loss === undefined) return;
    const { code, reason } = state.ending.loss;
    if (code === 1000 && reason !== refused) view.end();
  });
  const running = view.run(connection);
  try {
    await opened(connection);
    for (const text of texts) connection.send(text);
  } catch (error) {
    view.end();
    await running.catch(() => {});
    throw error;
  }
  await running;
}

/** A monitor and a user that sends it one command after another, over Socket.IO. */
import { io, type Socket } from "socket.io-client";
import type { Bystander } from "../round-trips.ts";
import { nameAt, type Place } from "./text-bystanders.ts";

export function devicesBystander(place: Place): Bystander {
  const { url, token } = place;
  const monitorId = nameAt(place).padEnd(32, "-");
  let monitor: Socket;
  let user: Socket;
  let finished: ((reason: string) => void) | undefined;
  const connect = async (lost: (why: string) => void, name: string): Promise<Socket> => {
    const socket = io(url, {
      forceNew: true,
      reconnection: false,
      transports: ["websocket"],
      ...(token === undefined ? {} : { auth: { token } }),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", reject);
    });
    socket.on("disconnect", (why) => lost(`the devices' ${name} was disconnected: ${why}`));
    return socket;
  };
  return {
    name: "devices",
    pauseMs: 20,
    async open(lost) {
      monitor = await connect(lost, "monitor");
      monitor.on("command do", ({ command_id }: { readonly command_id: string }) =>
        monitor.emit("command done", { command_id }),
      );
      monitor.emit("con", { monitor_id: monitorId });
      user = await connect(lost, "user");
      user.on("command finish", () => finished?.(""));
      user.on("command failed", ({ reason }: { readonly reason: string }) => finished?.(reason));
      user.emit("query", { monitor_id: monitorId });
      await new Promise((resolve) => user.once("query ok", resolve));
    },
    async once() {
      const done = new Promise<string>((resolve) => {
        finished = resolve;
      });
      user.emit("command send", { command: "open the door" });
      const reason = await done;
      if (reason !== "") throw new Error(`a command failed: ${reason}`);
    },
    close() {
      // `disconnect` is also what the server's leaving looks like: nobody listens any more.
      user.off("disconnect").disconnect();
      monitor.off("disconnect").disconnect();
    },
  };
}

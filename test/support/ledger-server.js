/**
 * A server of nobody's protocol, in a process of its own: `node ledger-server.js FILE PORT`. Messages are JSON objects with an `id`. Each arrival is a line of
 * FILE before anything is answered; one with `ack` is answered by `{"ack": id}`, each time. SIGTERM: closes all with 1012 and ends.
 */
import { appendFileSync } from "node:fs";
import { WebSocketServer } from "ws";

const [file = "", port = "0"] = process.argv.slice(2);
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(port),
  perMessageDeflate: false,
});
server.on("listening", () =>
  process.stdout.write(`listening on ws://127.0.0.1:${server.address().port}\n`),
);
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const { id, ack } = JSON.parse(data.toString());
    appendFileSync(file, `${id}\n`);
    if (ack) socket.send(JSON.stringify({ ack: id }));
  });
});
process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  for (const socket of server.clients) socket.close(1012, "restarting");
});

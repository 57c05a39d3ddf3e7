/** Refused upgrades on real sockets: nobody can stop the process or keep a socket with one. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

const scope = scopePerTest();

test("answers with the status and destroys the socket, also of a peer that keeps its side open", async () => {
  const server = createServer();
  const refused = new Promise<Duplex>((resolve) => {
    server.on("upgrade", (_request, socket) => {
      refuseUpgrade(socket, 404);
      resolve(socket);
    });
  });
  scope.own(server, () => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const peer = scope.own(connect({ port, host: "127.0.0.1", allowHalfOpen: true }), (socket) =>
    socket.destroy(),
  );
  peer.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  const [answer] = await within(once(peer, "data"), "the answer");
  expect(String(answer)).toBe(
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
  );
  const socket = await refused;
  if (!socket.closed) await within(once(socket, "close"), "the end of the server's socket");
  expect(socket.destroyed).toBe(true);
});

test("a peer that resets instead of reading is no uncaught error", async () => {
  const socket = new Duplex({ read() {}, write() {} });
  refuseUpgrade(socket, 503);
  socket.destroy(new Error("read ECONNRESET"));
  // An `error` event without a listener would be thrown, and fail the test.
  // Not `once`, which would take the error for its own.
  await within(
    new Promise<void>((resolve) => socket.on("close", resolve)),
    "the end of the socket",
  );
});

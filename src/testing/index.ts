/** The test kit: a server in the test's own process, and a client that awaits frames with a deadline. */

export { TestServer, type TestServerOptions } from "./test-server.ts";
export { type ClientClose, TextClient } from "./text-client.ts";

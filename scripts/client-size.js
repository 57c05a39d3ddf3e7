/**
 * Prints what the client costs a web page: bytes with brotli of `import { connect } from "switchboard/client"` alone and of each typed client with
 * it, as Vite bundles them for browsers. Ends with 1 if the connection alone is over its budget. Run it after the build.
 */

import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "vite";

const maxConnectionBytes = 8192;

const bundles = [
  ["connection", "connect", "switchboard/client"],
  ["IndexedDbOutboxStore", "IndexedDbOutboxStore", "switchboard/client/indexeddb-store"],
  ["lobby: LobbyPlayer", "LobbyPlayer", "switchboard/client/lobby"],
  ["lobby: Leaderboard", "Leaderboard", "switchboard/client/lobby"],
  ["devices: DeviceUser", "DeviceUser", "switchboard/client/devices"],
  ["devices: Monitor", "Monitor", "switchboard/client/devices"],
  ["experiments: ExperimentViewer", "ExperimentViewer", "switchboard/client/experiments"],
  ["experiments: ExperimentPublisher", "ExperimentPublisher", "switchboard/client/experiments"],
  ["tracking: TrackingInterface", "TrackingInterface", "switchboard/client/tracking"],
  ["tracking: TrackingProcessor", "TrackingProcessor", "switchboard/client/tracking"],
  ["crowd: CrowdWorker", "CrowdWorker", "switchboard/client/crowd"],
];

/** The code of a page that has nothing but this import. */
async function codeOf(name, from) {
  const entry = fileURLToPath(new URL("../size-entry.js", import.meta.url));
  const output = await build({
    configFile: false,
    root: fileURLToPath(new URL("..", import.meta.url)),
    logLevel: "warn",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) =>
          id === entry ? `export { ${name} } from ${JSON.stringify(from)};` : undefined,
      },
    ],
    build: { write: false, minify: true, lib: { entry, name: "page", formats: ["iife"] } },
  });
  return [output]
    .flat()
    .flatMap(({ output }) => output.map(({ code = "" }) => code))
    .join("");
}

let isOver = false;
for (const [what, name, from] of bundles) {
  const code = await codeOf(name, from);
  const bytes = brotliCompressSync(code, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11 },
  }).length;
  const isConnection = name === "connect";
  if (isConnection && bytes > maxConnectionBytes) isOver = true;
  const budget = isConnection ? ` (at most ${maxConnectionBytes})` : "";
  console.log(
    `${what.padEnd(34)} ${String(bytes).padStart(6)} bytes${budget}, ${Buffer.byteLength(code)} before compression`,
  );
}
if (isOver) {
  console.error(
    "The connection alone is over its budget: look at what has come into src/client/connect.ts, or at texts of errors.",
  );
  process.exitCode = 1;
}

/** How the web console is built into dist/console, and served during development. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const outDir = path("../dist/console");

/** Where `npm run dev:console` finds a running server. */
const server = process.env.SWITCHBOARD_URL ?? "http://127.0.0.1:7400";

/** Writes FILE.br and FILE.gz beside every text file, so that the gateway need not compress. */
function precompressed(): Plugin {
  return {
    name: "switchboard:precompressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const text = readFileSync(join(outDir, name));
        writeFileSync(
          join(outDir, `${name}.br`),
          brotliCompressSync(text, {
            params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
          }),
        );
        writeFileSync(join(outDir, `${name}.gz`), gzipSync(text, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: path("."),
  base: "/console/",
  resolve: {
    alias: [
      { find: /^switchboard\/client\/([a-z]+)$/, replacement: path("../src/client/$1/index.ts") },
      { find: /^switchboard\/client$/, replacement: path("../src/client/index.ts") },
      { find: "#platform", replacement: path("../src/client/platform/browser.ts") },
    ],
  },
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    // light-dark() is left as it is.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    // scripts/console-size.js reads it to know what the first page loads.
    manifest: "manifest.json",
    // Everything is a file of this origin: the Content-Security-Policy has no exception for data: scripts and styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  plugins: [precompressed()],
  server: {
    port: 7480,
    // All that is not the console's own goes to the server, WebSockets included.
    proxy: { "^/(?!console/)": { target: server, ws: true } },
  },
});

/**
 * Tests: `unit` beside the code (and the benchmarks), `wire` with real clients against a really started server (built first), `e2e` the web
 * console (built first) in a browser.
 */
import { defineConfig } from "vitest/config";

const threadTypeScript = new URL("test/support/thread-typescript.js", import.meta.url).href;

export default defineConfig({
  // As package.json's imports, for the sources.
  resolve: {
    alias: { "#platform": new URL("src/client/platform/node.ts", import.meta.url).pathname },
  },
  test: {
    // Deadlines of last resort: what a test waits for has a shorter deadline of its own, which says what did not come.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 20 } },
    retry: 0,
    // Two cores, and every wire test file has a server process of its own.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "bench/**/*.test.ts", "console/src/**/*.test.ts"],
          execArgv: ["--import", threadTypeScript],
        },
      },
      {
        extends: true,
        test: {
          name: "wire",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          globalSetup: ["test/support/build.ts"],
          // The built package runs as it is, without the aliases of the sources.
          server: { deps: { external: [/\/dist\//] } },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/build.ts", "test/e2e/build-console.ts"],
        },
      },
    ],
  },
});

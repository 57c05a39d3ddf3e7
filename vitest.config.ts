/** Tests: `unit` beside the code (and the benchmarks), `wire` with real clients against a really started server (built first). */
import { defineConfig } from "vitest/config";

const threadTypeScript = new URL("test/support/thread-typescript.js", import.meta.url).href;

export default defineConfig({
  test: {
    // Deadlines of last resort: what a test waits for has a shorter deadline of its own, which says what did not come.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    // Two cores, and every wire test file has a server process of its own.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["src/**/*.test.ts", "bench/**/*.test.ts"], execArgv: ["--import", threadTypeScript] },
      },
      { extends: true, test: { name: "wire", include: ["test/**/*.test.ts"], globalSetup: ["test/support/build.ts"] } },
    ],
  },
});

/** The one conformance suite: every engine passes it. Its parts are the `engine-*.suite.ts` files beside it. */
import { afterEach, beforeEach, describe } from "vitest";
import { busSuite } from "./engine-bus.suite.ts";
import { followSuite } from "./engine-follow.suite.ts";
import type { EngineHarness, EngineSuiteOptions, SuiteContext } from "./engine-harness.suite.ts";
import { leasesSuite } from "./engine-leases.suite.ts";
import { lifeSuite } from "./engine-life.suite.ts";
import { logSuite } from "./engine-log.suite.ts";
import { modelSuite } from "./engine-model.suite.ts";
import { nodesSuite } from "./engine-nodes.suite.ts";
import { purgeSuite } from "./engine-purge.suite.ts";
import { retentionSuite } from "./engine-retention.suite.ts";

/** Declares the tests for one engine; call it at the top level of a test file. */
export function engineSuite(name: string, options: EngineSuiteOptions): void {
  describe(`engine ${name}`, () => {
    let harness: EngineHarness | undefined;
    beforeEach(async () => {
      harness = await options.start();
    });
    afterEach(async () => {
      await harness?.cleanUp();
      harness = undefined;
    });
    const context: SuiteContext = {
      open: () => {
        if (harness === undefined) throw new Error("no test is running");
        return harness.open();
      },
      cannot: options.cannot ?? {},
      propertyRuns: options.propertyRuns ?? 100,
    };

    logSuite(context);
    followSuite(context);
    purgeSuite(context);
    retentionSuite(context);
    busSuite(context);
    leasesSuite(context);
    lifeSuite(context);
    nodesSuite(context);
    modelSuite(context);
  });
}

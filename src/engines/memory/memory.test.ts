/** The memory engine passes the suite, with several nodes on one store. */
import type { Engine } from "../../kit/engine.ts";
import { engineSuite } from "../engine.suite.ts";
import { MemoryStore, openMemoryEngine } from "./index.ts";

engineSuite("memory", {
  start: async () => {
    const store = new MemoryStore();
    const engines: Engine[] = [];
    return {
      open: async () => {
        const engine = await openMemoryEngine({ store });
        engines.push(engine);
        return engine;
      },
      cleanUp: async () => {
        await Promise.all(engines.map((engine) => engine.close()));
      },
    };
  },
});

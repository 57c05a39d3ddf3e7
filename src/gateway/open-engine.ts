/** Opens the engine that the config names. */
import { openEmbeddedEngine } from "../engines/embedded/index.ts";
import { openNatsEngine } from "../engines/nats/index.ts";
import type { Engine, EngineLogger } from "../kit/engine.ts";
import type { Config } from "./config.ts";

/** Rejects with `data_locked`, `data_version`, `data_damaged` or `log_unavailable`, each saying what to do. */
export function openEngine(config: Config, logger: EngineLogger): Promise<Engine> {
  const { engine } = config;
  if (engine.kind === "embedded")
    return openEmbeddedEngine({
      directory: config.data,
      durability: engine.durability,
      logger,
    });
  const { kind: _, password, ...options } = engine;
  return openNatsEngine(password === undefined ? options : { ...options, pass: password });
}

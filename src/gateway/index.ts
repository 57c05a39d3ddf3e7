/** The server's public face: start it from a program of one's own. */

export { type ConfigSources, configFrom, loadConfig } from "./config/load-config.ts";
export type { Flag } from "./config/override.ts";
export type { ResolvedConfig } from "./config/resolve-config.ts";
export type { Config, ListenerConfig, ServiceConfig } from "./config.ts";
export { type Gateway, type GatewayParts, startGateway } from "./gateway.ts";
export { LogOutput, type LogOutputOptions } from "./log-output.ts";
export { installedServices } from "./services.ts";

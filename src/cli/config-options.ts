/** The flags that set parts of the configuration. */
import { type Command, InvalidArgumentError } from "commander";
import type { ConfigSources } from "../gateway/config/load-config.ts";
import type { Flag } from "../gateway/config/override.ts";
import type { Surroundings } from "./surroundings.ts";

/** Flags as commander has read them. */
export interface ConfigOptions {
  readonly config?: string;
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly insecure?: true;
  readonly logLevel?: string;
  readonly set?: readonly Flag[];
}

/** Adds the flags that every command has which reads the configuration. */
export function addFileOptions(command: Command): Command {
  return command
    .option(
      "--config <file>",
      "configuration file (default: switchboard.config.js or .json here, if there is one)",
    )
    .option("--data <dir>", "directory of what is stored (default: ./data)");
}

/** Adds the flags for everything else in it. */
export function addAllOptions(command: Command): Command {
  return addFileOptions(
    command
      .option("--port <number>", "port to listen on, 0 for any free one (default: 7400)")
      .option("--host <address>", "address to listen on (default: 127.0.0.1)"),
  )
    .option("--insecure", "listen on other addresses than loopback although auth is off")
    .option(
      "--log-level <level>",
      "trace, debug, info, warn, error, fatal or silent (default: info)",
    )
    .option(
      "--set <path=value>",
      "any setting, such as limits.maxFrameBytes=65536; may be given again",
      collectSetting,
    );
}

/** Where the configuration comes from, given these flags. */
export function sourcesOf(options: ConfigOptions, { env, folder }: Surroundings): ConfigSources {
  const flag = (name: string, text: string | undefined, source: string): Flag[] =>
    text === undefined ? [] : [{ name, text, source }];
  const flags = [
    ...(options.set ?? []),
    ...flag("listen.port", options.port, "--port"),
    ...flag("listen.host", options.host, "--host"),
    ...flag("data", options.data, "--data"),
    ...flag("insecure", options.insecure && "true", "--insecure"),
    ...flag("log.level", options.logLevel, "--log-level"),
  ];
  return { folder, env, flags, ...(options.config === undefined ? {} : { file: options.config }) };
}

function collectSetting(text: string, before: readonly Flag[] = []): readonly Flag[] {
  const equals = text.indexOf("=");
  if (equals < 1)
    throw new InvalidArgumentError("Write it as PATH=VALUE, such as listen.port=8080.");
  const name = text.slice(0, equals);
  return [...before, { name, text: text.slice(equals + 1), source: `--set ${name}` }];
}

/** `switchboard token`: creates, lists and revokes static tokens. */
import { type Command, InvalidArgumentError } from "commander";
import { changeTokens, newToken, readTokens, type TokenRecord } from "../gateway/auth/index.ts";
import { loadConfig } from "../gateway/config/load-config.ts";
import type { Config } from "../gateway/config.ts";
import { installedServices } from "../gateway/services.ts";
import { SwitchboardError } from "../wire/error.ts";
import { addFileOptions, type ConfigOptions, sourcesOf } from "./config-options.ts";
import { durationFlag } from "./duration.ts";
import type { Surroundings } from "./surroundings.ts";
import { printTable } from "./table.ts";

interface CreateOptions extends ConfigOptions {
  readonly name: string;
  readonly role: readonly string[];
  readonly lobby?: readonly string[];
  readonly monitor?: readonly string[];
  readonly expires?: number;
}

/** Adds the command and its three. */
export function addTokenCommands(program: Command, surroundings: Surroundings): void {
  const token = program
    .command("token")
    .description("create, list and revoke the static tokens of clients");

  addFileOptions(
    token
      .command("create")
      .description("create a token and print it: it is shown this once, only its hash is kept")
      .requiredOption("--name <name>", "what the token is called, in logs and in the list", nameOf)
      .requiredOption(
        "--role <role>",
        `what it allows; may be given again: ${knownRoles().join(", ")}`,
        collect,
      )
      .option("--lobby <id>", "limit it to this lobby; may be given again", collect)
      .option("--monitor <id>", "limit it to this monitor; may be given again", collect)
      .option(
        "--expires <duration>",
        "how long it is good: 12h, 30d, 1y (default: until it is revoked)",
        durationFlag,
      ),
  ).action((options: CreateOptions) => create(options, surroundings));

  addFileOptions(
    token.command("list").description("list the tokens, which are not shown themselves"),
  )
    .option("--json", "print JSON")
    .action((options: ConfigOptions & { readonly json?: true }) => list(options, surroundings));

  addFileOptions(
    token
      .command("revoke")
      .description("revoke a token: within a second its connections are closed")
      .argument("[id-or-name]", "which one")
      .option("--name <name>", "the same as a flag"),
  ).action(
    (
      which: string | undefined,
      options: ConfigOptions & { readonly name?: string },
      command: Command,
    ) => {
      const wanted = which ?? options.name;
      if (wanted === undefined)
        return command.error(
          "error: missing the id or name of the token to revoke: see switchboard token list",
        );
      return revoke(wanted, options, surroundings);
    },
  );
}

async function create(options: CreateOptions, surroundings: Surroundings): Promise<void> {
  const { auth } = await configOf(options, surroundings);
  const { name, role: roles, lobby: lobbies, monitor: monitors, expires: lifetimeMs } = options;
  const only = {
    ...(lobbies === undefined ? {} : { lobbies }),
    ...(monitors === undefined ? {} : { monitors }),
  };
  const { token, record } = newToken(
    { name, roles, only, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) },
    Date.now(),
  );
  await changeTokens(auth.tokensFile, (tokens) => {
    const other = tokens.find((existing) => existing.name === name);
    if (other === undefined) return [...tokens, record];
    const remedy = `revoke it (switchboard token revoke ${other.id}) or choose another name`;
    throw new SwitchboardError(
      "conflict",
      `there is a token called ${JSON.stringify(name)} already: ${remedy}`,
    );
  });
  const limited = limitsOf(record) === "" ? "" : `, limited to ${limitsOf(record)}`;
  const until = record.expiresAt ?? "it is revoked";
  surroundings.remark(
    `Token ${JSON.stringify(name)} (id ${record.id}) for ${roles.join(", ")}${limited}, good until ${until}.`,
  );
  surroundings.remark(`It is shown this once: ${auth.tokensFile} has only its hash.`);
  surroundings.print(token);
  const known = new Set(knownRoles());
  for (const unknown of roles.filter((role) => !known.has(role))) {
    surroundings.remark(
      `Note: no installed service has a role ${JSON.stringify(unknown)}; there are ${[...known].join(", ")}.`,
    );
  }
  if (!auth.enabled)
    surroundings.remark(
      "Note: auth is off, so nobody is asked for a token. Set auth.enabled to true.",
    );
}

async function list(
  options: ConfigOptions & { readonly json?: true },
  surroundings: Surroundings,
): Promise<void> {
  const { auth } = await configOf(options, surroundings);
  const tokens = await readTokens(auth.tokensFile);
  if (options.json) {
    const shown = tokens.map(({ sha256: _, ...record }) => record);
    surroundings.print(JSON.stringify(shown, null, 2));
    return;
  }
  if (tokens.length === 0)
    surroundings.remark(
      `There are no tokens in ${auth.tokensFile}: see switchboard token create --help.`,
    );
  else
    for (const line of printTable(
      ["ID", "NAME", "ROLES", "LIMITED TO", "CREATED", "EXPIRES"],
      tokens.map(rowOf),
    ))
      surroundings.print(line);
}

async function revoke(
  wanted: string,
  options: ConfigOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { auth } = await configOf(options, surroundings);
  let revoked: TokenRecord | undefined;
  await changeTokens(auth.tokensFile, (tokens) => {
    revoked = tokens.find(({ id }) => id === wanted) ?? tokens.find(({ name }) => name === wanted);
    if (revoked === undefined) {
      const remedy = "switchboard token list shows those there are";
      throw new SwitchboardError(
        "not_found",
        `no token in ${auth.tokensFile} has the id or name ${JSON.stringify(wanted)}: ${remedy}`,
      );
    }
    return tokens.filter((token) => token !== revoked);
  });
  surroundings.remark(`Token ${JSON.stringify(revoked?.name)}, id ${revoked?.id}, is revoked.`);
}

async function configOf(options: ConfigOptions, surroundings: Surroundings): Promise<Config> {
  return (await loadConfig(installedServices, sourcesOf(options, surroundings))).config;
}

function knownRoles(): string[] {
  return [...installedServices.flatMap(({ contract }) => Object.keys(contract.roles)), "metrics"];
}

function rowOf(record: TokenRecord): string[] {
  const { id, name, roles, createdAt, expiresAt } = record;
  const expires =
    expiresAt === undefined
      ? "never"
      : `${expiresAt}${Date.parse(expiresAt) <= Date.now() ? " (over)" : ""}`;
  return [id, name, roles.join(", "), limitsOf(record) || "-", createdAt, expires];
}

function limitsOf({ only: { lobbies, monitors } }: TokenRecord): string {
  const limits = [
    ...(lobbies === undefined ? [] : [`lobbies ${lobbies.join(", ")}`]),
    ...(monitors === undefined ? [] : [`monitors ${monitors.join(", ")}`]),
  ];
  return limits.join("; ");
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  if (value === "") throw new InvalidArgumentError("It is empty.");
  return [...before, value];
}

function nameOf(text: string): string {
  if (!/^[^\p{Cc}]{1,100}$/u.test(text))
    throw new InvalidArgumentError("It must have 1 to 100 characters, and no control characters.");
  return text;
}

/**
 * Writes the tables of docs/security.md from the contracts and the limits, between their markers: `npm run docs`. With `--check` it
 * writes nothing and ends with 1 if the file is stale. A path as the last argument takes the place of docs/security.md. Run it after
 * the build of the server.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { limitsSchema, serviceLimits } from "../dist/contract/index.js";
import { consolePages } from "../dist/gateway/console-pages.js";
import { operations } from "../dist/gateway/operations.js";
import { installedServices } from "../dist/gateway/services.js";

const gatewayRoutes = [...operations(), ...consolePages({ start: true })];

function table(head, rows) {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

const code = (text) => `\`${text}\``;

function access(roles) {
  if (roles === "open") return "no token";
  return roles === "any" ? "any good token" : roles.map(code).join(", ");
}

function routesTable() {
  const services = installedServices.flatMap(({ contract }) =>
    Object.values(contract.routes).map(({ method, path, roles }) => [
      contract.name,
      code(`${method} ${path}`),
      access(roles),
    ]),
  );
  const own = gatewayRoutes.map(({ method, path, roles }) => [
    "the server",
    code(`${method} ${path}`),
    access(roles),
  ]);
  return table(["service", "route", "who may call it"], [...services, ...own]);
}

function messagesTable() {
  const rows = installedServices.flatMap(({ contract }) =>
    Object.entries(contract.in).map(([name, { roles }]) => [
      contract.name,
      code(name),
      access(roles),
    ]),
  );
  return table(["service", "message", "who may send it"], rows);
}

function rolesTable() {
  const rows = installedServices.flatMap(({ contract }) =>
    Object.entries(contract.roles).map(([role, allows]) => [code(role), allows]),
  );
  return table(["role", "what it allows"], [...rows, [code("metrics"), "may read `GET /metrics`"]]);
}

/** Descriptions of limits are written as "What it bounds; over it: what happens. Default so many". */
function limitRow(name, schema, value) {
  const text = (schema.description ?? "").replace(/\.? Default .*$/s, "").replaceAll("|", "\\|");
  const [, bounds = text, beyond = ""] = /^(.*?); (.*)$/s.exec(text) ?? [];
  return [code(name), number(value), bounds, beyond.replace(/^over it: /, "")];
}

function number(value) {
  if (value === null || value === undefined) return "none";
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
}

function limitsTable() {
  const defaults = limitsSchema.parse({});
  const rows = Object.entries(limitsSchema.shape).map(([name, schema]) =>
    limitRow(`limits.${name}`, schema, defaults[name]),
  );
  return table(["setting", "default", "what it bounds", "beyond it"], rows);
}

function serviceLimitsTable() {
  const rows = installedServices.flatMap(({ contract, config }) => {
    const common = Object.entries(contract.limits ?? {}).map(([name, value]) =>
      limitRow(`services.${contract.name}.limits.${name}`, limitsSchema.shape[name], value),
    );
    const defaults = config.parse({});
    const own = Object.entries(config.shape)
      .filter(([name]) => /^max|Ms$/.test(name))
      .map(([name, schema]) =>
        limitRow(`services.${contract.name}.${name}`, schema, defaults[name]),
      );
    return [...common, ...own];
  });
  const note = `Each service can have these of the common limits for itself, as \`services.NAME.limits.LIMIT\`: ${serviceLimits.map(code).join(", ")}.\n\n`;
  return note + table(["setting", "default", "what it bounds", "beyond it"], rows);
}

const tables = {
  routes: routesTable,
  messages: messagesTable,
  roles: rolesTable,
  limits: limitsTable,
  "service-limits": serviceLimitsTable,
};

/** Puts every table between its markers. */
function written(text) {
  let result = text;
  for (const [name, make] of Object.entries(tables)) {
    const pattern = new RegExp(`(<!-- ${name}: [^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!pattern.test(result)) throw new Error(`the file has no markers of the table ${name}`);
    result = result.replace(pattern, (_all, begin, end) => `${begin}\n${make()}\n${end}`);
  }
  return result;
}

const args = process.argv.slice(2);
const isCheck = args.includes("--check");
const file =
  args.find((arg) => !arg.startsWith("--")) ??
  fileURLToPath(new URL("../docs/security.md", import.meta.url));
const before = readFileSync(file, "utf8");
const after = written(before);
if (isCheck && after !== before) {
  console.error(`${file} is stale: run npm run docs`);
  process.exitCode = 1;
}
if (!isCheck && after !== before) writeFileSync(file, after);

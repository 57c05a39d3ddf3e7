/** The configuration: its one schema, and the types that come out of it. */
import { z } from "zod";
import { type Limits, limitsSchema, type ServiceLimits, serviceLimits } from "../contract/index.ts";
import { isHostPattern, isOriginPattern } from "../kit/origin-pattern.ts";
import type { AnyService } from "../kit/service.ts";

const host = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9.:%_-]+$/.test(text),
    "a host name or an IP address, without scheme, brackets or port, such as 127.0.0.1",
  );
const port = z.int().min(0).max(65_535);

const listen = z.strictObject({
  host: host
    .default("127.0.0.1")
    .describe(
      "Address to listen on. Any other than loopback asks for auth.enabled, or for insecure",
    ),
  port: port.default(7400).describe("Port to listen on; 0 is any free one"),
});

/** `disk`: an append is on the disk when it resolves. `process`: it survives the end of the process, not a power cut. */
const embeddedEngine = z.strictObject({
  kind: z
    .literal("embedded")
    .optional()
    .default("embedded")
    .describe("Which engine stores: embedded (one process) or nats (many)"),
  durability: z
    .enum(["process", "disk"])
    .default("process")
    .describe(
      "What acknowledged events survive: the end of the process, or a power cut too (disk: slower)",
    ),
});

const natsEngine = z.strictObject({
  kind: z.literal("nats").describe("Which engine stores: embedded (one process) or nats (many)"),
  servers: z
    .array(z.string().min(1))
    .min(1)
    .describe("Addresses of the NATS servers, such as nats://127.0.0.1:4222"),
  prefix: z.exactOptional(
    z
      .string()
      .refine((text) => /^[A-Za-z0-9_-]{1,40}$/.test(text), "1 to 40 letters, digits, - or _")
      .describe(
        "What the names of streams and subjects start with; gateways that belong together have the same",
      ),
  ),
  replicas: z.exactOptional(
    z
      .int()
      .min(1)
      .max(5)
      .describe("Copies of what is stored, in a cluster of NATS servers: 1, 3 or 5. Default 1"),
  ),
  user: z.exactOptional(z.string().min(1).describe("User at the NATS servers")),
  password: z.exactOptional(
    z.string().min(1).meta({ secret: true }).describe("Password at the NATS servers"),
  ),
  token: z.exactOptional(
    z.string().min(1).meta({ secret: true }).describe("Token at the NATS servers"),
  ),
});

const jwt = z.strictObject({
  publicKeyFile: z
    .string()
    .min(1)
    .describe(
      "PEM file with the public key (RSA, EC P-256 or Ed25519) that tokens are signed with",
    ),
  issuer: z.exactOptional(z.string().min(1).describe("What `iss` must be; absent: anything")),
  audience: z.exactOptional(
    z.string().min(1).describe("What `aud` must be or contain; absent: anything"),
  ),
  rolesClaim: z
    .string()
    .min(1)
    .default("roles")
    .describe("Where the roles are, a dotted path such as resource_access.my-app.roles"),
  algorithms: z.exactOptional(
    z
      .array(z.enum(["RS256", "ES256", "EdDSA"]))
      .min(1)
      .describe("Signatures to accept; absent: the one that fits the key"),
  ),
});

const auth = z.strictObject({
  enabled: z.boolean().default(false).describe("Whether clients need a token"),
  jwt: z.exactOptional(jwt),
  tokensFile: z.exactOptional(
    z
      .string()
      .min(1)
      .describe("Where `switchboard token` keeps static tokens. Default DATA/tokens.json"),
  ),
});

const cors = z.strictObject({
  origins: z.exactOptional(
    z
      .union([
        z.literal("*"),
        z.array(
          z
            .string()
            .refine(
              isOriginPattern,
              "an origin: scheme, host and port only, such as https://example.org",
            ),
        ),
      ])
      .describe(
        "Origins of the pages that may use the server beside its own: https://example.org, https://*.example.org, capacitor://localhost, null; * is all. Absent: all with auth on, loopback with auth off",
      ),
  ),
});

const allowedHosts = z
  .union([
    z.literal("*"),
    z.array(
      z
        .string()
        .refine(
          isHostPattern,
          "a host name without port, such as dev.example.org, or .example.org for all its subdomains too",
        ),
    ),
  ])
  .default([])
  .describe(
    "Names, beside localhost and IP addresses, by which requests may call a server that has auth off and listens on loopback only; * is all",
  );

const log = z.strictObject({
  level: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("The least important messages that are still logged"),
  maxBufferBytes: z.exactOptional(
    z
      .int()
      .min(1)
      .describe(
        "Log lines that may wait for whoever reads the log; further ones are dropped and counted. Default 1 MiB",
      ),
  ),
});

/** The limits that a service can have for itself, each optional and without its default: what is absent is decided by the levels above. */
const someLimits = z.strictObject(
  Object.fromEntries(
    serviceLimits.map((name) => [
      name,
      z
        .exactOptional(limitsSchema.shape[name].unwrap())
        .describe(`As limits.${name}, for this service only`),
    ]),
  ),
) as z.ZodType<ServiceLimits, Record<string, unknown>>;

/**
 * The schema of the whole configuration for these services. Every key is optional, except where a chosen alternative needs one
 * (`engine.servers` with nats, `auth.jwt.publicKeyFile` with auth.jwt).
 *
 * Throws a TypeError for services that cannot be configured: two of one name, a config that is no object schema, or a config that has a key
 * `enabled` or `limits`.
 */
export function configSchema(services: readonly AnyService[]) {
  const listener = z.strictObject({
    host: z.exactOptional(host.describe("Address to listen on; absent: that of listen.host")),
    port,
    service: z.exactOptional(
      z
        .enum(services.map((service) => service.contract.name))
        .describe("The one service that has all paths here"),
    ),
  });
  return z.strictObject({
    listen: listen.prefault({}),
    listeners: z
      .array(listener)
      .default([])
      .describe("Further addresses; one with a service gives all its paths to that service"),
    data: z
      .string()
      .min(1)
      .default("./data")
      .describe("Directory of what is stored, from the working directory"),
    engine: z.discriminatedUnion("kind", [embeddedEngine, natsEngine]).prefault({}),
    auth: auth.prefault({}),
    insecure: z
      .boolean()
      .default(false)
      .describe("Listen on other addresses than loopback although auth is off"),
    cors: cors.prefault({}),
    allowedHosts,
    limits: limitsSchema.prefault({}),
    drainTimeoutMs: z
      .int()
      .min(0)
      .max(9000)
      .default(8000)
      .describe("Longest time to leave properly after SIGTERM. Default 8 s"),
    services: z.strictObject(servicesShape(services)).prefault({}),
    log: log.prefault({}),
  });
}

function servicesShape(services: readonly AnyService[]) {
  const shape: Record<string, ServiceSchema> = {};
  for (const { contract, config } of services) {
    if (!(config instanceof z.ZodObject))
      throw new TypeError(`the config of service ${contract.name} must be an object schema`);
    if (Object.hasOwn(shape, contract.name))
      throw new TypeError(`two services are called ${contract.name}`);
    if ("enabled" in config.shape || "limits" in config.shape) {
      throw new TypeError(
        `the config of service ${contract.name} has a key enabled or limits: the gateway has these, name it otherwise`,
      );
    }
    shape[contract.name] = z
      .strictObject({
        enabled: z.boolean().default(true).describe(`Whether ${contract.name} is served`),
        limits: someLimits.prefault({}),
        ...(config.shape as z.ZodRawShape),
      })
      .prefault({}) as ServiceSchema;
  }
  return shape;
}

type ServiceSchema = z.ZodType<{ readonly enabled: boolean; readonly limits: ServiceLimits }>;

/** What the schema gives, before it is completed. */
export type ParsedConfig = z.output<ReturnType<typeof configSchema>>;

/** An address to listen on, beside the main one. */
export interface ListenerConfig {
  readonly host: string;
  readonly port: number;
  readonly service?: string;
}

/** `services.NAME`: the service's own settings, and what the gateway wants to know of it. */
export interface ServiceConfig {
  readonly enabled: boolean;
  /** All of them, resolved: see `completeConfig`. */
  readonly limits: Limits;
  readonly [setting: string]: unknown;
}

/** The engine to open. */
type EngineConfig = Readonly<ParsedConfig["engine"]>;

/** How JWTs are checked. */
export type JwtConfig = Readonly<z.output<typeof jwt>>;

/** Who gets in. */
interface AuthConfig {
  readonly enabled: boolean;
  readonly jwt?: JwtConfig;
  readonly tokensFile: string;
}

/** The configuration, checked and complete. Relative paths in it are meant from the working directory. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  readonly listeners: readonly ListenerConfig[];
  readonly data: string;
  readonly engine: EngineConfig;
  readonly auth: AuthConfig;
  readonly insecure: boolean;
  readonly cors: { readonly origins?: "*" | readonly string[] };
  readonly allowedHosts: "*" | readonly string[];
  readonly limits: Limits;
  readonly drainTimeoutMs: number;
  /** Each installed service, enabled or not. */
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly log: { readonly level: ParsedConfig["log"]["level"]; readonly maxBufferBytes?: number };
}

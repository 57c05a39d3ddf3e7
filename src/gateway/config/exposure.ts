/** Keeps a server without auth from being reachable by accident. */
import { isIP } from "node:net";
import type { Config } from "../config.ts";
import type { Problem } from "./problem.ts";

/** True for localhost, 127.0.0.0/8 and ::1: addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  const embedded = /^::ffff:(?=[\d.]+$)/i.exec(host)?.[0] ?? "";
  const address = host.slice(embedded.length);
  if (isIP(address) === 4) return address.startsWith("127.");
  return isIP(address) === 6 && new URL(`http://[${address}]/`).hostname === "[::1]";
}

/** A problem for each address that others can reach, unless auth is on or `insecure` says that it is meant so. */
export function exposureProblems(
  config: Config,
  sourceOf: (path: readonly PropertyKey[]) => string | undefined,
): readonly Problem[] {
  if (config.auth.enabled || config.insecure) return [];
  const addresses = [
    { path: ["listen", "host"], name: "listen.host", host: config.listen.host },
    ...config.listeners.map(({ host }, index) => ({
      path: ["listeners", index, "host"],
      name: `listeners[${index}].host`,
      host,
    })),
  ];
  return addresses
    .filter(({ host }) => !isLoopback(host))
    .map(({ path, name, host }) => {
      const source = sourceOf(path);
      return {
        path: name,
        wrong: `${name} is ${JSON.stringify(host)}, which other machines can reach, and auth is off`,
        ...(source === undefined ? {} : { source }),
        remedy:
          "set auth.enabled to true (--set auth.enabled=true) and create tokens, or accept that anybody gets in with --insecure",
      };
    });
}

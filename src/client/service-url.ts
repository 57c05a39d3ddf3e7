/** Where a service is, from the address of its server. */
import { SwitchboardError } from "../wire/error.ts";
import { addQuery } from "./add-query.ts";

/** An id as one part of a path. Throws `bad_url` for half a surrogate pair, which no address can hold. */
export function pathPart(id: string): string {
  try {
    return encodeURIComponent(id);
  } catch (cause) {
    throw new SwitchboardError(
      "bad_url",
      `${JSON.stringify(id)} holds half a character, which no address can: mend the id`,
      {},
      { cause },
    );
  }
}

/**
 * The service's `path` on the server, with `query` added: `ws://host:7400` and `/lobby` are `ws://host:7400/lobby`. A URL that has a path of its own
 * is taken as it is. In a page it may be relative. What is no address comes back unchanged: `connect` says what is wrong with it.
 */
export function serviceUrl(
  url: string | URL,
  path: string,
  query: Readonly<Record<string, string>> = {},
): string {
  let address: URL;
  try {
    address = new URL(url, globalThis.location?.href);
  } catch {
    return String(url);
  }
  if (address.pathname === "/") address.pathname = path;
  for (const [name, value] of Object.entries(query)) {
    if (address.searchParams.has(name)) address.searchParams.set(name, value);
    else addQuery(address, String(new URLSearchParams({ [name]: value })));
  }
  return address.href;
}

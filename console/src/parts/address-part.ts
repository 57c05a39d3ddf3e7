/** One part of an address as it was meant. Pure. */

/**
 * The part of `pathname` at the place of the first `:name` in `pattern` ("/console/devices/:id"), decoded once, so that every id that went through
 * encodeURIComponent comes back. What has a malformed escape is taken as it stands: an id, most likely of nothing. Undefined where there is none.
 */
export function addressPart(pathname: string, pattern: string): string | undefined {
  const place = pattern.split("/").findIndex((part) => part.startsWith(":"));
  const part = pathname.split("/")[place];
  if (part === undefined || part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

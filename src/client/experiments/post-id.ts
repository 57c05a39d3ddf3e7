/** The id of a post, which says where it belongs: a durable store keeps it, and its next reader may be a publisher of something else. Pure. */

/** Of a new post for that address (`postAddress`). `unique` has no space. */
export function postId(unique: string, address: string): string {
  return `${unique} ${address}`;
}

/** The address that the post of that id is for; undefined for one of a version that did not say so. */
export function addressOf(id: string): string | undefined {
  return /^\S+ (https?:\/\/\S+)$/.exec(id)?.[1];
}

/** An object's address as ids have it: as http, without what may be secret (a user, a query). What is no address comes back unchanged. */
export function postAddress(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url, globalThis.location?.href);
    return `${protocol.replace("ws", "http")}//${host}${pathname}`;
  } catch {
    return url;
  }
}

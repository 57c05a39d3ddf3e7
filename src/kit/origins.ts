/** Which web pages may speak to a service. Pure. */

/** What a request says of where it comes from and whom it means; browsers say it for a page, which cannot change it. */
interface Sender {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/** Whose pages may come. */
export interface OriginRule {
  /** `cors.origins`: all, or these. */
  readonly origins: "*" | readonly string[];
  /** The contract's: only the server's own pages, and those of origins that are named; `*` names none. */
  readonly sameOrigin: boolean;
  readonly authEnabled: boolean;
}

/**
 * Whether a request may come. One without an Origin is no page's of another origin, and passes.
 *
 * With `sameOrigin` and auth off, the server must also have been addressed by its IP address, as localhost, or by the host of a named origin: a
 * page can make a name of its own lead here (DNS rebinding), and is then of the same origin. With auth on it would still have no token.
 */
export function mayCome(
  { origin, host }: Sender,
  { origins, sameOrigin, authEnabled }: OriginRule,
): boolean {
  if (!sameOrigin) return origins === "*" || origin === undefined || origins.includes(origin);
  const named = namedOrigins(origins);
  if (origin !== undefined && named.includes(origin)) return true;
  if (origin !== undefined && (host === undefined || hostOf(origin) !== host.toLowerCase()))
    return false;
  return (
    authEnabled ||
    host === undefined ||
    isAddress(host) ||
    named.some((each) => hostOf(each) === host.toLowerCase())
  );
}

/** Those of `cors.origins` that are named. */
export function namedOrigins(origins: "*" | readonly string[]): readonly string[] {
  return origins === "*" ? [] : origins;
}

/** Host and port as the Host header has them; undefined for what is no origin, such as `null`. */
function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/** An IP address, or a name that is always this machine. */
function isAddress(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    /^\[[\da-f:.]+\]$/.test(name) ||
    /^\d+\.\d+\.\d+\.\d+$/.test(name)
  );
}

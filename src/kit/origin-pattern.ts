/** How origins and hosts are named in settings, and what each name fits. Pure. */

/**
 * Whether `text` can name origins in `cors.origins`: an origin as browsers send it (`https://example.org:8443`,
 * `capacitor://localhost`), `https://*.example.org` for all subdomains at any depth, or `null`.
 */
export function isOriginPattern(text: string): boolean {
  if (text === "null") return true;
  const web = /^https?:\/\/(\*\.)?(?!.*\*)/.exec(text);
  if (web !== null) {
    const origin = text.replace("*.", "");
    return URL.canParse(origin) && new URL(origin).origin === origin;
  }
  return /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9._~:@%-]+$/.test(text);
}

/** Whether `text` can name hosts in `allowedHosts`: `dev.example.org`, or `.example.org` with all its subdomains. */
export function isHostPattern(text: string): boolean {
  return /^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text);
}

/** Whether an origin, as a browser sends it, is one that the pattern names. */
export function fitsOrigin(pattern: string, origin: string): boolean {
  if (!pattern.includes("://*.")) return pattern === origin;
  const [scheme = "", rest = ""] = pattern.split("://*");
  return (
    origin.startsWith(`${scheme}://`) &&
    origin.endsWith(rest) &&
    /^[^/.@:][^/@:]*$/.test(origin.slice(scheme.length + 3, -rest.length))
  );
}

/** Whether a host name, without its port, is one that `allowedHosts` names. */
export function fitsHost(pattern: string, name: string): boolean {
  const host = pattern.toLowerCase();
  return host.startsWith(".") ? name === host.slice(1) || name.endsWith(host) : name === host;
}

/** The host that an origin of `cors.origins` has, as `allowedHosts` names hosts; undefined for one that is not of the web. */
export function hostPatternOf(pattern: string): string | undefined {
  if (!/^https?:/.test(pattern)) return undefined;
  const { hostname } = new URL(pattern.replace("://*.", "://"));
  return pattern.includes("://*.") ? `.${hostname}` : hostname;
}

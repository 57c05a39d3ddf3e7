/** Which web pages may use the server, and by which names it may be called. Pure. */
import { isIP } from "node:net";
import { fitsHost, fitsOrigin, hostPatternOf } from "./origin-pattern.ts";

/** What a request says about the page that sends it. A browser sets these headers; the page cannot change them. */
export interface Sender {
  readonly method?: string | undefined;
  readonly headers: {
    readonly origin?: string | undefined;
    readonly host?: string | undefined;
    readonly "sec-fetch-site"?: string | string[] | undefined;
    readonly "sec-fetch-mode"?: string | string[] | undefined;
    readonly "sec-fetch-dest"?: string | string[] | undefined;
  };
}

/** What a request is for. */
export interface Target {
  /** Only for the server's own pages and for origins that are named: see `Contract.sameOrigin`. Default false. */
  readonly sameOrigin?: boolean;
  /** A file of a page, which holds no data: other sites may link to it and frame it. Default false. */
  readonly isPage?: boolean;
}

/** What the config says. */
export interface OriginSettings {
  /** `cors.origins`. Absent: every origin with auth on; with auth off the server's own and those of loopback. */
  readonly origins: "*" | readonly string[] | undefined;
  /** `allowedHosts`. */
  readonly allowedHosts: "*" | readonly string[];
  readonly authEnabled: boolean;
  /** Only this machine can reach the server: every listener is on loopback. */
  readonly onLoopback: boolean;
}

/**
 * Why a request is refused. `origin`: its `Origin` is not allowed. `site`: it has none, and the browser says that the page is of
 * another site. `host`: it calls the server by a name that anybody may have made lead here.
 */
export type Refusal = "origin" | "site" | "host";

/** The rule of one server. */
export class OriginRule {
  /** Pages of every origin may come; contracts with `sameOrigin` are excepted. */
  readonly allowsAll: boolean;
  readonly #settings: OriginSettings;
  readonly #named: readonly string[];
  readonly #namedHosts: readonly string[];

  constructor(settings: OriginSettings) {
    const { origins, allowedHosts, authEnabled } = settings;
    this.#settings = settings;
    this.allowsAll = origins === "*" || (origins === undefined && authEnabled);
    this.#named = origins === undefined || origins === "*" ? [] : origins;
    this.#namedHosts = [
      ...(allowedHosts === "*" ? [] : allowedHosts),
      ...this.#named.map(hostPatternOf).filter((host) => host !== undefined),
    ];
  }

  /** Why the request must not be answered; undefined if it may be. Requests that no browser sends are refused for their host only. */
  refusal({ method, headers }: Sender, target: Target = {}): Refusal | undefined {
    if (!this.#mayName(headers.host, target)) return "host";
    if (headers.origin !== undefined && headers.origin !== "")
      return this.allows(headers.origin, headers.host, target) ? undefined : "origin";
    return this.#isOtherSite(method, headers, target) ? "site" : undefined;
  }

  /** Whether pages of an origin may ask, at a server that they call `host`. */
  allows(origin: string, host: string | undefined, { sameOrigin = false }: Target = {}): boolean {
    if (this.#named.some((pattern) => fitsOrigin(pattern, origin))) return true;
    if (host !== undefined && isOriginOf(host, origin)) return true;
    if (sameOrigin) return false;
    return this.allowsAll || (!this.#settings.authEnabled && isLoopbackOrigin(origin));
  }

  /**
   * A page can make a name of its own lead to this machine (DNS rebinding), and is then of the server's origin. With auth on it
   * still has no token. On other addresses than loopback any name may be the server's.
   */
  #mayName(host: string | undefined, { sameOrigin = false }: Target): boolean {
    const { authEnabled, onLoopback, allowedHosts } = this.#settings;
    if (host === undefined || host === "" || authEnabled || !(onLoopback || sameOrigin))
      return true;
    if (allowedHosts === "*" && !sameOrigin) return true;
    const name = hostnameOf(host);
    return (
      name !== undefined &&
      (isAddress(name) ||
        isLocalName(name) ||
        this.#namedHosts.some((pattern) => fitsHost(pattern, name)))
    );
  }

  /** For requests without an Origin: images, scripts, links, and what else a browser fetches without asking. */
  #isOtherSite(
    method: string | undefined,
    headers: Sender["headers"],
    { sameOrigin = false, isPage = false }: Target,
  ): boolean {
    if (this.allowsAll && !sameOrigin) return false;
    const site = headers["sec-fetch-site"];
    if (site !== "cross-site" && site !== "same-site") return false;
    if (isNavigation(method, headers, isPage)) return false;
    // Of the same site as a name of loopback is only loopback itself, on other ports.
    const name = hostnameOf(headers.host ?? "");
    const fromLoopback = site === "same-site" && name !== undefined && isLoopbackName(name);
    return sameOrigin || this.#settings.authEnabled || !fromLoopback;
  }
}

/** Somebody has followed a link. The page that had the link cannot read what it leads to. */
function isNavigation(
  method: string | undefined,
  headers: Sender["headers"],
  isPage: boolean,
): boolean {
  if (headers["sec-fetch-mode"] !== "navigate" || (method !== "GET" && method !== "HEAD"))
    return false;
  const dest = headers["sec-fetch-dest"];
  return dest === "document" || (isPage && (dest === "iframe" || dest === "frame"));
}

/** Whether an origin is that of the server that is called `host`. A proxy may have taken TLS off: schemes are not compared. */
function isOriginOf(host: string, origin: string): boolean {
  const url = webUrl(origin);
  return url !== undefined && url.host === webUrl(`${url.protocol}//${host}`)?.host;
}

function isLoopbackOrigin(origin: string): boolean {
  const url = webUrl(origin);
  return url !== undefined && isLoopbackName(url.hostname);
}

/** The name in a Host header, in lower case and without port; undefined if there is none in it. */
function hostnameOf(host: string): string | undefined {
  const url = /[/?#@\\]/.test(host) ? undefined : webUrl(`http://${host}`);
  return url?.hostname.replace(/\.$/, "");
}

function webUrl(text: string): URL | undefined {
  const url = /^https?:/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  return url?.hostname === "" ? undefined : url;
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function isLoopbackName(name: string): boolean {
  return isLocalName(name) || name === "[::1]" || (isIP(name) === 4 && name.startsWith("127."));
}

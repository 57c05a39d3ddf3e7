/** Applies the rule of origins and hosts to requests, and says in the log what it has refused. */
import { SwitchboardError } from "../wire/error.ts";
import type { Logger } from "./logger.ts";
import {
  OriginRule,
  type OriginSettings,
  type Refusal,
  type Sender,
  type Target,
} from "./origins.ts";

/** Most different origins and hosts that are logged. */
const maxLogged = 1000;

/** Longest origin or host that a message or the log repeats. */
const maxShownLength = 200;

/** One for a server: what one transport has logged, another does not log again. */
export class OriginGuard {
  readonly #rule: OriginRule;
  readonly #logger: Logger;
  readonly #logged = new Set<string>();
  readonly #refused: Record<Refusal, number> = { origin: 0, site: 0, host: 0 };

  constructor(settings: OriginSettings, logger: Logger) {
    this.#rule = new OriginRule(settings);
    this.#logger = logger;
  }

  /** Whether pages of every origin may come; contracts with `sameOrigin` are excepted. */
  get allowsAll(): boolean {
    return this.#rule.allowsAll;
  }

  /** Requests refused since the start, by reason. */
  get refused(): Readonly<Record<Refusal, number>> {
    return this.#refused;
  }

  /** Whether pages of an origin may ask, at a server that they call `host`. */
  allows(origin: string, host: string | undefined, target?: Target): boolean {
    return this.#rule.allows(origin, host, target);
  }

  /**
   * `forbidden` for a request that must not be answered; its message names the setting that would allow it. Logs the first refusal of
   * each origin and host, up to 1,000 of them.
   */
  refusal(request: Sender, target?: Target): SwitchboardError | undefined {
    const reason = this.#rule.refusal(request, target);
    if (reason === undefined) return undefined;
    this.#refused[reason]++;
    const { origin, host } = request.headers;
    const what = shown((reason === "host" ? host : origin) ?? "");
    const message = explanations[reason](what, target);
    this.#logOnce(
      `${reason} ${what}`,
      { reason, origin: shown(origin), host: shown(host) },
      message,
    );
    return new SwitchboardError("forbidden", message);
  }

  #logOnce(key: string, fields: object, message: string): void {
    if (this.#logged.size === maxLogged || this.#logged.has(key)) return;
    this.#logged.add(key);
    this.#logger.warn(fields, `request refused: ${message}`);
    if (this.#logged.size === maxLogged)
      this.#logger.warn(
        {},
        `${maxLogged} origins and hosts were refused: further ones are not logged`,
      );
  }
}

const explanations: Record<Refusal, (what: string, target: Target | undefined) => string> = {
  origin: (what, target) =>
    `pages of the origin ${JSON.stringify(what)} may not use this${
      target?.sameOrigin === true ? "" : " server"
    }: name the origin in cors.origins to allow it`,
  site: () =>
    "pages of other sites may not fetch this without an Origin header: name their origin in cors.origins, and have them fetch with CORS",
  host: (what) =>
    `without auth this server answers to an IP address or localhost, not to the name ${JSON.stringify(what)}: add the name to allowedHosts to allow it`,
};

function shown<Text extends string | undefined>(text: Text): Text {
  return (
    text !== undefined && text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text
  ) as Text;
}

/** Which services are behind which WebSocket path. */
import { Entrance } from "../kit/entrance.ts";
import { pathParams } from "../kit/path-params.ts";
import type { RunningService } from "../kit/running-service.ts";

/** The entrances of a server: one for each path of its services' contracts, shared where they share the path. */
export class Entrances {
  readonly all: readonly Entrance[];
  readonly #byPath: ReadonlyMap<string, Entrance>;
  /** The paths with parameters, in the order of the services. */
  readonly #patterns: readonly (readonly [pattern: string, entrance: Entrance])[];

  /** Services whose transport has paths of its own are passed over. */
  constructor(services: readonly RunningService[], authEnabled: boolean) {
    const sharing = new Map<string, RunningService[]>();
    for (const service of services) {
      if (service.contract.transport !== "websocket") continue;
      for (const path of service.contract.paths)
        sharing.set(path, [...(sharing.get(path) ?? []), service]);
    }
    this.#byPath = new Map(
      [...sharing].map(([path, present]) => [path, new Entrance(present, authEnabled)]),
    );
    this.#patterns = [...this.#byPath].filter(([path]) => path.includes("/:"));
    this.all = [...this.#byPath.values()];
  }

  /** Where a connection to this path goes; a literal path wins over one with parameters. Undefined: nobody is there. */
  at(path: string): Entrance | undefined {
    return (
      this.#byPath.get(path) ??
      this.#patterns.find(([pattern]) => pathParams(pattern, path) !== undefined)?.[1]
    );
  }
}

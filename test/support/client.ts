/** The client as its users have it: the built package under its own name. Typed by the sources, so that checking types needs no build. */
type Client = typeof import("../../src/client/index.ts");
type Experiments = typeof import("../../src/client/experiments/index.ts");

// Not a literal: the types come from the line above.
const name: string = "switchboard/client";

export const { connect } = (await import(name)) as Client;
export const { ExperimentPublisher } = (await import(`${name}/experiments`)) as Experiments;

/** Programs and Python modules of Debian that some tests need: without them they are skipped, in CI they fail. */
import { spawnSync } from "node:child_process";
import { beforeEach } from "vitest";

/** Something that the machine must have, and the Debian package that brings it. */
export type Requirement =
  | { readonly program: string; readonly debianPackage: string }
  | { readonly pythonModule: string; readonly debianPackage: string };

/** Debian's Python, the one that Debian's modules are for. */
export const pythonPath = "/usr/bin/python3";

export const pythonWebsockets: Requirement = {
  pythonModule: "websockets",
  debianPackage: "python3-websockets",
};
export const pythonSocketio: Requirement = {
  pythonModule: "socketio",
  debianPackage: "python3-socketio",
};
/** python3-socketio speaks long polling through this one. */
export const pythonRequests: Requirement = {
  pythonModule: "requests",
  debianPackage: "python3-requests",
};
/** python3-socketio speaks WebSocket through this one. */
export const pythonWebsocket: Requirement = {
  pythonModule: "websocket",
  debianPackage: "python3-websocket",
};
/** The browser of the e2e tests. */
export const chromium: Requirement = { program: "chromium", debianPackage: "chromium" };
export const pythonTornado: Requirement = {
  pythonModule: "tornado",
  debianPackage: "python3-tornado",
};

function isThere(requirement: Requirement): boolean {
  return "program" in requirement
    ? spawnSync("sh", ["-c", 'command -v -- "$0"', requirement.program]).status === 0
    : spawnSync(pythonPath, ["-c", `import ${requirement.pythonModule}`]).status === 0;
}

/** What is missing, and what to install; null if nothing is. */
function missing(...requirements: readonly Requirement[]): string | null {
  const packages = requirements
    .filter((requirement) => !isThere(requirement))
    .map(({ debianPackage }) => debianPackage);
  return packages.length === 0
    ? null
    : `missing on this machine: apt-get install ${packages.join(" ")}`;
}

/**
 * Skips every test of the file (or of the `describe` that it is called in) if something is missing, with the reason. With
 * `CI=true` and `SWITCHBOARD_REQUIRE_ALL=1` they fail instead, so that no run that counts goes without them.
 */
export function needs(...requirements: readonly Requirement[]): void {
  const reason = missing(...requirements);
  if (reason === null) return;
  const mustHave = process.env.CI === "true" && process.env.SWITCHBOARD_REQUIRE_ALL === "1";
  beforeEach((context) => {
    if (mustHave) throw new Error(reason);
    context.skip(reason);
  });
}

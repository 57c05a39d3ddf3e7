/** A module hook that removes the types from `.ts` files, with the transformer that Vitest itself uses. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const vitest = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"));
const vite = createRequire(vitest.resolve("vite/package.json"));
const { transformSync } = await import(pathToFileURL(vite.resolve("rolldown/utils")).href);

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const path = fileURLToPath(url);
  const { code, errors } = transformSync(path, await readFile(path, "utf8"));
  if (errors.length > 0) throw errors[0];
  return { format: "module", source: code, shortCircuit: true };
}

/** Fails if the console's first page loads more than its budget: index.html, and all that its entry and the heaviest page import, as brotli. */
import { readFileSync, statSync } from "node:fs";

const dist = new URL("../dist/console/", import.meta.url);
const budgetBytes = 200_000;

const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));
const sizeOf = (file) => statSync(new URL(`${file}.br`, dist)).size;

/** A chunk's own files and those of what it imports, not of what it loads later. */
function filesOf(key, files = new Set()) {
  const { file, css = [], imports = [] } = manifest[key];
  if (files.has(file)) return files;
  for (const name of [file, ...css]) files.add(name);
  for (const name of imports) filesOf(name, files);
  return files;
}

const total = (files) => [...files].reduce((sum, file) => sum + sizeOf(file), 0);
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shell = new Set(["index.html", "theme.js", "icon.svg", ...filesOf(entry)]);
const pages = Object.keys(manifest)
  .filter((key) => manifest[key].isDynamicEntry)
  .map((key) => ({ key, bytes: total(new Set([...shell, ...filesOf(key)])) }))
  .sort((a, b) => b.bytes - a.bytes);
const [heaviest = { key: "the shell", bytes: total(shell) }] = pages;

const said = `first load of the console: shell ${total(shell)} bytes, with ${heaviest.key} ${heaviest.bytes} of ${budgetBytes} (brotli)`;
if (heaviest.bytes > budgetBytes) {
  console.error(`error: ${said}`);
  process.exit(1);
}
console.error(said);

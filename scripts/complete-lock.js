/**
 * Completes package-lock.json with the optional packages of other platforms. Run it after `npm install` where the registry does not
 * have those packages: npm then leaves them out of the lock, and `npm ci` refuses a lock without them. They are added without an
 * integrity hash; a machine of this platform never fetches them.
 */
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const systems = new Set(["android", "darwin", "freebsd", "linux", "openharmony", "win32"]);
const processors = new Set(["arm", "arm64", "ia32", "ppc64", "riscv64", "s390x", "x64"]);

const lock = JSON.parse(readFileSync(file, "utf8"));
for (const { optionalDependencies = {}, dev } of Object.values(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (lock.packages[`node_modules/${name}`] !== undefined) continue;
    const words = name.split(/[/-]/);
    const os = words.find((word) => systems.has(word));
    const cpu = words.find((word) => processors.has(word));
    if (os === undefined || cpu === undefined)
      throw new Error(`${name}: cannot tell which platform it is for; add it by hand`);
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ""),
      cpu: [cpu],
      ...(dev && { dev }),
      optional: true,
      os: [os],
    };
    console.log(`added ${name}`);
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

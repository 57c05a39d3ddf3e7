/** `npm run bench:fuzz`: fuzzed inputs against the built server, with bystanders; see bench/README.md. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runBenchmark } from "../options.ts";
import { table, whole } from "../statistics.ts";
import { WatchedServer } from "../watch/watched-server.ts";
import { excerpt, type Finding, readFinding, writeFinding } from "./finding.ts";
import { effectOf } from "./isolation.ts";
import { bounds } from "./rules.ts";
import { Run, type RunResult } from "./run.ts";

const quickInputs = 50_000;
const usualInputs = 200_000;
const findingsFolder = ".artifacts/fuzz";

function options() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      inputs: { type: "string" },
      seed: { type: "string" },
      auth: { type: "string", default: "both" },
      replay: { type: "string" },
    },
  });
  const inputs = Number(values.inputs ?? (values.quick ? quickInputs : usualInputs));
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!Number.isInteger(inputs) || inputs < 1)
    throw new Error(`--inputs ${values.inputs}: give a whole number above 0`);
  if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed}: give a whole number`);
  const kinds = { off: [false], on: [true], both: [false, true] }[values.auth];
  if (kinds === undefined) throw new Error(`--auth ${values.auth}: give off, on or both`);
  return { inputs, seed, kinds, replay: values.replay };
}

const named = (auth: boolean): string => `auth ${auth ? "on" : "off"}`;

function report(auth: boolean, seed: number, result: RunResult): void {
  const rate = result.inputs / Math.max(result.seconds, 0.001);
  console.log(
    `\n${named(auth)}: ${whole(result.inputs)} inputs in ${result.seconds.toFixed(0)} s, ${whole(rate)} a second (seed ${seed})\n`,
  );
  const rows = result.loaded.map((loaded) => {
    const quiet = result.quiet.find(({ name }) => name === loaded.name);
    const ms = (value: number | undefined): string => (value ?? Number.NaN).toFixed(1);
    return [
      loaded.name,
      whole(loaded.count),
      ms(quiet?.p50Ms),
      ms(quiet?.p99Ms),
      ms(loaded.p50Ms),
      ms(loaded.p99Ms),
      ms(loaded.maxMs),
    ];
  });
  console.log(
    table([
      ["bystander, ms", "round trips", "quiet p50", "quiet p99", "p50", "p99", "max"],
      ...rows,
    ]),
  );
  console.log("");
  for (const { rule, held, detail } of result.verdicts)
    console.log(`${held ? "holds " : "BROKEN"}  ${rule}: ${detail}`);
}

function save(finding: Finding, index: number): void {
  const file = join(findingsFolder, `${finding.seed}-${finding.auth ? "on" : "off"}-${index}.json`);
  writeFinding(file, finding);
  console.log(`\nFOUND (${named(finding.auth)}): ${finding.rule}: ${finding.detail}`);
  for (const conversation of finding.conversations.slice(0, 3))
    console.log(`  ${excerpt(conversation)}`);
  if (finding.conversations.length > 3)
    console.log(`  and ${finding.conversations.length - 3} more conversations, all in the file`);
  console.log(`  send it again: npm run bench:fuzz -- --replay ${file}`);
}

/** Sends a saved finding to a fresh server. Resolves to whether it is still a fault. */
async function replay(file: string): Promise<boolean> {
  const finding = readFinding(file);
  console.log(
    `${finding.rule} (${named(finding.auth)}): ${finding.conversations.length} conversations`,
  );
  const server = await WatchedServer.start(finding.auth);
  let faulty = false;
  try {
    for (const conversation of finding.conversations) {
      const { answered, logged, ended, holdMs } = await effectOf(conversation, server);
      const faults = [
        ...answered,
        ...logged,
        ...(holdMs > bounds.holdMs ? [`the event loop was held for ${Math.round(holdMs)} ms`] : []),
        ...(ended === undefined ? [] : [`the process ${ended}`]),
      ];
      if (faults.length === 0) continue;
      faulty = true;
      console.log(`${excerpt(conversation)}\n  BROKEN: ${faults.join("\n  BROKEN: ")}`);
      if (ended !== undefined) break;
    }
  } finally {
    await server.kill();
  }
  console.log(faulty ? "It is still so." : "All rules hold.");
  return faulty;
}

await runBenchmark(async () => {
  const { inputs, seed, kinds, replay: file } = options();
  if (file !== undefined) {
    process.exit((await replay(file)) ? 1 : 0);
  }
  let found = 0;
  let broken = 0;
  for (const auth of kinds) {
    const result = await new Run({ seed, inputs: Math.ceil(inputs / kinds.length), auth }).finish();
    report(auth, seed, result);
    for (const finding of result.findings) save(finding, ++found);
    broken += result.verdicts.filter(({ held }) => !held).length;
  }
  console.log(
    broken === 0 ? "\nAll rules hold." : `\n${broken} rules are BROKEN. Repeat: --seed ${seed}`,
  );
  if (broken > 0) process.exitCode = 1;
  process.exit();
});

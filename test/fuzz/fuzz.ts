/**
 * `npm run fuzz -- [--cases N] [--seed N] [parser ...]`: damaged input for every parser, a million cases in all. Nothing may escape a parser, take more
 * than 50 ms of processor time or 32 MiB. Prints the seed first; exit code 1 when one fails.
 */
import { fuzzRecorders } from "../support/recorder/fuzz.ts";
import { randomFrom } from "../support/recorder/mutate.ts";
import { toolCommand, wholeNumber } from "../support/tool-command.ts";
import { runTarget } from "./run-target.ts";
import { closeFuzzTargets, fuzzTargets } from "./targets.ts";

const CASES = 1_000_000;
/** Whole recording probes against recorders whose answers are damaged: each is many parsers in one. */
const RECORDERS = { name: "recorders (ONVIF, ISAPI, Dahua)", share: 0.005 };

const parsers = fuzzTargets.map(({ name }) => name);
const command = toolCommand("fuzz", "damaged input for every parser", parsers)
  .option("--cases <n>", "how many in all", wholeNumber, CASES)
  .option("--seed <n>", "of an earlier run, to repeat it", wholeNumber)
  .parse();
const { cases, seed = Math.floor(Math.random() * 0x1_0000_0000) } = command.opts<{ cases: number; seed?: number }>();
const isAll = command.args.length === 0;
const chosen = fuzzTargets.filter(({ name }) => isAll || command.args.includes(name));
const weights = chosen.reduce((sum, { weight = 1 }) => sum + weight, 0);
console.log(`seed ${seed}, ${cases} cases, ${chosen.length} parsers`);

let failed = 0;
let done = 0;
for (const target of chosen) {
  const count = Math.ceil((cases * (target.weight ?? 1)) / weights);
  try {
    const { refused, slowestMs, largestBytes } = await runTarget(target, count, randomFrom(seed));
    done += count;
    console.log(
      `holds  ${target.name}: ${count} cases, ${refused} refused, slowest ${slowestMs.toFixed(1)} ms, largest ${(largestBytes / 2 ** 20).toFixed(1)} MiB`,
    );
  } catch (error) {
    failed++;
    console.log(`FAILED ${error instanceof Error ? error.message : String(error)}`);
  }
}
if (isAll) {
  const { mutated, slowestMs } = await fuzzRecorders(Math.ceil(cases * RECORDERS.share), seed);
  done += mutated;
  console.log(`holds  ${RECORDERS.name}: ${mutated} answers, slowest whole run ${slowestMs.toFixed(0)} ms`);
}
console.log(`${done} cases, ${failed} parsers failed`);
closeFuzzTargets();
process.exitCode = failed > 0 ? 1 : 0;

/**
 * `npm run chaos -- [scenario ...] [--seed N] [--short]`: breaks lines, disks, clocks and processes, and holds what is left against the promises of
 * docs/protocol.md. Prints the seed first, then a line of figures per scenario; exit code 1 when a promise does not hold.
 */
import { availableParallelism, loadavg } from "node:os";
import { seeded } from "../support/seeded.ts";
import { toolCommand, wholeNumber } from "../support/tool-command.ts";
import type { ChaosContext } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

async function runAll(names: readonly string[], context: Omit<ChaosContext, "chance">): Promise<boolean> {
  let allHold = true;
  for (const name of names) {
    const beganMs = performance.now();
    context.print(`\n## ${name}: ${scenarios[name]?.sentence}`);
    try {
      const figures = await scenarios[name]?.run({ ...context, chance: seeded(context.seed) });
      context.print(`holds  ${name} ${JSON.stringify({ ...figures, tookS: Math.round((performance.now() - beganMs) / 1_000) })}`);
    } catch (error) {
      allHold = false;
      context.print(`BROKEN ${name} ${error instanceof Error ? (error.name === "PromiseBroken" ? error.message : error.stack) : String(error)}`);
    }
  }
  return allHold;
}

const command = toolCommand("chaos", "breaks lines, disks, clocks and processes, and holds what is left against docs/protocol.md", Object.keys(scenarios))
  .option("--seed <n>", "of an earlier run, to repeat it", wholeNumber)
  .option("--short", "fewer rounds, as in the tests")
  .parse();
const { seed = Math.floor(Math.random() * 0x1_0000_0000), short } = command.opts<{ seed?: number; short?: true }>();
console.log(`seed ${seed}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`);
const names = command.args.length > 0 ? command.args : Object.keys(scenarios);
const print = (line: string) => console.log(line);
process.exitCode = (await runAll(names, { seed, full: short !== true, print })) ? 0 : 1;

/**
 * `npm run chaos -- [scenario ...] [--seed N] [--short]`: breaks lines, disks, clocks and processes, and holds what is left against the promises of
 * docs/protocol.md. Prints the seed first, then a line of figures per scenario; exit code 1 when a promise does not hold.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { seeded } from "../support/seeded.ts";
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

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seed: { type: "string" }, short: { type: "boolean" } } });
const unknown = positionals.filter((name) => !Object.hasOwn(scenarios, name));
if (unknown.length > 0) {
  console.error(`there is no scenario called ${unknown.join(", ")}; there are: ${Object.keys(scenarios).join(", ")}`);
  process.exitCode = 64;
} else {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 0x1_0000_0000) : Number(values.seed);
  console.log(`seed ${seed}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`);
  const names = positionals.length > 0 ? positionals : Object.keys(scenarios);
  const print = (line: string) => console.log(line);
  process.exitCode = (await runAll(names, { seed, full: values.short !== true, print })) ? 0 : 1;
}

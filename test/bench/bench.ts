/**
 * `npm run bench -- [name ...] [options]`: speed and memory as ratios within one run, with the machine named. Without a name all of them run.
 * Never part of the tests: machines are shared and noisy.
 */
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { positiveNumber, toolCommand, wholeNumber } from "../support/tool-command.ts";
import { benchDashboards } from "./dashboards.ts";
import { benchDevices } from "./devices.ts";
import { benchFleet } from "./fleet.ts";
import { benchIngest } from "./ingest.ts";
import { benchJudge } from "./judge.ts";
import { benchLink } from "./link.ts";
import { benchPages } from "./pages.ts";
import { benchRecording } from "./recording.ts";
import { benchQuery, benchStorage } from "./samples.ts";

type Options = { agents: number; seconds: number; centres: number; people: number; rounds: number; millions: number; peers?: true };

const benches: Readonly<Record<string, (options: Options) => unknown>> = {
  judge: () => benchJudge(),
  devices: () => benchDevices(),
  recording: () => benchRecording(),
  ingest: ({ rounds, peers }) => benchIngest({ rounds, peers: peers === true }),
  fleet: ({ agents, seconds }) => benchFleet({ agents, seconds }),
  storage: () => benchStorage(),
  query: ({ millions }) => benchQuery({ millions }),
  link: () => benchLink(),
  dashboards: () => benchDashboards(),
  pages: ({ centres, people }) => benchPages({ centres, together: people }),
};

const command = toolCommand("bench", "speed and memory as ratios within one run", Object.keys(benches))
  .option("--agents <n>", "fleet: how many; the demand is for 3300", wholeNumber, 300)
  .option("--seconds <n>", "fleet: for how long; the demand is for 600", wholeNumber, 60)
  .option("--centres <n>", "pages: how many, of which 135 are simulated and the others repeat them", wholeNumber, 135)
  .option("--people <n>", "pages: how many look at once", wholeNumber, 10)
  .option("--rounds <n>", "ingest: measured rounds", wholeNumber, 5)
  .option("--millions <n>", "query: millions of rows; the demand is for 97.2", positiveNumber, 9.7)
  .option("--peers", "ingest: also Debian's Zabbix and InfluxDB")
  .parse();

const [load = 0] = loadavg();
console.log(
  `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, kernel ${release()}, Node ${process.version}, load ${load.toFixed(1)}`,
);
for (const name of command.args.length > 0 ? command.args : Object.keys(benches)) {
  console.log(`\n## ${name}`);
  const result = await benches[name]?.(command.opts());
  if (result !== undefined) console.log(JSON.stringify(result));
}

/**
 * `npm run bench -- [name ...] [options]`: speed and memory as ratios within one run, with the machine named. Without a name all of them run.
 * Never part of the tests: machines are shared and noisy.
 */
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { benchDashboards } from "./dashboards.ts";
import { benchDevices } from "./devices.ts";
import { benchFleet } from "./fleet.ts";
import { benchIngest } from "./ingest.ts";
import { benchJudge } from "./judge.ts";
import { benchLink } from "./link.ts";
import { benchPages } from "./pages.ts";
import { benchRecording } from "./recording.ts";
import { benchQuery, benchStorage } from "./samples.ts";

const { positionals: names, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** fleet: how many agents, and for how long. The demand is for 3300 and 600. */
    agents: { type: "string", default: "300" },
    seconds: { type: "string", default: "60" },
    /** pages: how many centres, of which 135 are simulated and the others repeat them, and how many people look at once. */
    centres: { type: "string", default: "135" },
    people: { type: "string", default: "10" },
    /** ingest: measured rounds. */
    rounds: { type: "string", default: "5" },
    /** query: millions of rows. The demand is for 97.2. */
    millions: { type: "string", default: "9.7" },
    /** ingest: also Debian's Zabbix and InfluxDB. */
    peers: { type: "boolean", default: false },
  },
});

const benches: Readonly<Record<string, () => unknown>> = {
  judge: benchJudge,
  devices: benchDevices,
  recording: benchRecording,
  ingest: () => benchIngest({ rounds: Number(values.rounds), peers: values.peers }),
  fleet: () => benchFleet({ agents: Number(values.agents), seconds: Number(values.seconds) }),
  storage: () => benchStorage(),
  query: () => benchQuery({ millions: Number(values.millions) }),
  link: benchLink,
  dashboards: benchDashboards,
  pages: () => benchPages({ centres: Number(values.centres), together: Number(values.people) }),
};

const unknown = names.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`there is no bench called ${unknown.join(", ")}; there are: ${Object.keys(benches).join(", ")}`);
  process.exitCode = 64;
} else {
  const [load = 0] = loadavg();
  console.log(
    `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, kernel ${release()}, Node ${process.version}, load ${load.toFixed(1)}`,
  );
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    console.log(`\n## ${name}`);
    const result = await benches[name]?.();
    if (result !== undefined) console.log(JSON.stringify(result));
  }
}

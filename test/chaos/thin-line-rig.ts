import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Spool } from "../../agent/spool/spool.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import { openCollectorRig } from "./collector-rig.ts";
import { becomeAgent, configureAgent, drained } from "./spooling-agent.ts";

/** What happened on the line; times in s. */
export type ThinLineSeen = {
  readonly liveAgesS: readonly number[];
  readonly backlog: number;
  /** When the last observation of the day was stored; absent when the line was too thin for the time. */
  readonly drainedAfterS?: number;
  readonly rows: number;
  readonly distinct: number;
  readonly lastSeq: number;
  readonly live: number;
  readonly deadLetters: number;
  readonly lost: number;
  /** What the agent's side has sent, with the heads of its frames. */
  readonly wireBytes: number;
};

/**
 * A collector, and a gateway PC in a network namespace of its own behind a thin line. `thin-line.ts` starts it in a namespace, too, so that the names and
 * addresses here are nobody else's. Prints what it saw as JSON.
 */
const [kbits = "64", hoursText = "24", minutesText = "8"] = process.argv.slice(2);
const [hours, minutes] = [Number(hoursText), Number(minutesText)];
/** 40 values a minute: two runs of twenty readings. */
const EVERY_MS = 30_000;
const SERVER = "10.77.0.1";
const PC = `hcc-thin-${process.pid}`;
const run = promisify(execFile);
const ip = (...words: string[]) => run("ip", words);

/** The same rate both ways; a queue of half a second, as cheap boxes have. */
async function buildLine(): Promise<void> {
  await ip("netns", "add", PC);
  await ip("link", "add", "line", "type", "veth", "peer", "name", "line", "netns", PC);
  await ip("address", "add", `${SERVER}/30`, "dev", "line");
  await ip("-n", PC, "address", "add", "10.77.0.2/30", "dev", "line");
  const shape = ["dev", "line", "root", "tbf", "rate", `${kbits}kbit`, "burst", "1600", "latency", "500ms"];
  for (const inside of [[], ["-n", PC]]) {
    await ip(...inside, "link", "set", "lo", "up");
    await ip(...inside, "link", "set", "line", "up");
    await run("tc", [...inside, "qdisc", "add", ...shape]);
  }
  // Real lines carry single frames: joined ones would never pass the shaper.
  await run("ethtool", ["-K", "line", "tso", "off", "gso", "off"]);
  await run("ip", ["netns", "exec", PC, "ethtool", "-K", "line", "tso", "off", "gso", "off"]);
}

/** A day of an earlier boot, on disk. */
function fillSpool(folder: string): number {
  using spool = new Spool({ folder, nowMs: Date.now, log: () => undefined });
  const count = Math.round((hours * 3_600_000) / EVERY_MS);
  const startMs = Date.now() - count * EVERY_MS;
  for (let index = 0; index < count; index++) {
    spool.append({
      probe: "link-quality",
      takenAt: new Date(startMs + index * EVERY_MS).toISOString(),
      uptimeMs: index * EVERY_MS,
      bootId: "yesterday",
      clock: "ok",
      elapsedMs: 2_012.5,
      outcome: {
        kind: "measured",
        readings: Array.from({ length: 20 }, (_, hop) => ({
          metric: "rtt_avg_ms",
          value: Math.round((20 + hop + 30 * Math.random() ** 4) * 1_000) / 1_000,
          labels: { hop: `hop-${hop}` },
        })),
      },
    });
  }
  return count;
}

const folder = await mkdtemp(join(tmpdir(), "hcc-thin-"));
try {
  await buildLine();
  await using rig = await openCollectorRig(1, { host: "0.0.0.0" });
  await rig.start();
  const url = `http://${SERVER}:${rig.port}`;
  const [owner] = rig.agents;
  if (!owner) throw new Error("the rig has no agent");
  await becomeAgent(folder, owner, url);
  await configureAgent(folder, owner, { portals: [`${url}/health/live`], count: 10 });
  const backlog = fillSpool(folder);
  const beganMs = Date.now();
  const agent = spawn("ip", ["netns", "exec", PC, process.execPath, ...nodeFlags, join(projectRoot, "agent/main.ts"), "run", "--no-splay"], {
    cwd: folder,
    env: { ...process.env, HCC_AGENT_DATA: folder, HCC_LOG_LEVEL: "warn" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const liveAgesS: number[] = [];
  let drainedAfterS: number | undefined;
  while (Date.now() - beganMs < minutes * 60_000) {
    await sleep(1_000);
    const text = await rig.database.psql(
      `SELECT coalesce(extract(epoch FROM max(taken_at) FILTER (WHERE lane = 'live')) * 1000, 0), count(*) FILTER (WHERE seq <= ${backlog}) FROM observation`,
    );
    const [newestMs = 0, ofTheDay = 0] = text.split("|").map(Number);
    liveAgesS.push((Date.now() - Math.max(newestMs, beganMs)) / 1_000);
    if (ofTheDay === backlog) drainedAfterS ??= Math.round((Date.now() - beganMs) / 1_000);
    if (agent.exitCode !== null) throw new Error(`the agent ended with ${agent.exitCode}`);
  }
  const wireBytes = Number(/^\s*line:\s*(\d+)/m.exec(await readFile("/proc/net/dev", "utf8"))?.[1]);
  const gone = once(agent, "exit");
  agent.kill("SIGTERM");
  await gone;
  const { lastSeq, deadLetters, lost } = await drained(folder, `http://127.0.0.1:${rig.port}`);
  const counts = await rig.database.psql("SELECT count(*), count(DISTINCT (stream, seq)), count(*) FILTER (WHERE lane = 'live') FROM observation");
  const [rows = 0, distinct = 0, live = 0] = counts.split("|").map(Number);
  const seen: ThinLineSeen = {
    liveAgesS,
    backlog,
    ...(drainedAfterS !== undefined && { drainedAfterS }),
    rows,
    distinct,
    lastSeq,
    live,
    deadLetters,
    lost,
    wireBytes,
  };
  process.stdout.write(JSON.stringify(seen));
} finally {
  await ip("netns", "delete", PC).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}

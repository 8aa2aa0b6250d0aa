import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CollectorRig, openCollectorRig } from "../chaos/collector-rig.ts";
import { promise } from "../chaos/scenario.ts";
import { collectorCommand } from "../support/collector-command.ts";
import type { Ended, Windows } from "./open-windows.ts";

const CENTRE = "may-windows";
const LIMIT_MS = 180_000;

type Agent = {
  run(words: readonly string[]): Promise<Ended>;
  /** By the command that the installer brings. */
  command(words: readonly string[]): Promise<Ended>;
  start(): ReturnType<Windows["start"]>;
};
/** What the database has of the agent: how many runs, by how many numbers, up to which, and of which probes. */
type Stored = { readonly runs: number; readonly numbers: number; readonly last: number; readonly probes: readonly string[] };

/**
 * The agent on a PC with Windows from its first command on, against a collector on this machine: it enrols, measures, is asked while it
 * works, is killed, is without its collector for a minute, and goes on. @throws PromiseBroken when a run is lost or doubled, or a command does not do its work
 */
export async function workDay(windows: Windows, print: (line: string) => void): Promise<void> {
  await using rig = await openCollectorRig(1);
  await rig.start();
  const data = await windows.newFolder();
  const words = ["--import", "./compile-cache.js", "agent/main.ts"];
  const environment = { HCC_AGENT_DATA: data, HCC_LANG: "en" };
  const agent: Agent = {
    run: async (more) => (await windows.start([...words, ...more], environment)).ended,
    command: async (more) => (await windows.command(more, environment)).ended,
    start: () => windows.start([...words, "run"], environment),
  };
  await enrol(rig, agent);
  print("enrolled");
  const running = new AbortController();
  try {
    const first = await agent.start();
    running.signal.addEventListener("abort", () => first.child.kill("SIGKILL"));
    const measured = await until(rig, ({ runs, probes }) => runs >= 10 && ["host", "link-quality", "portal-http"].every((probe) => probes.includes(probe)));
    print(`measures and sends: ${JSON.stringify(measured)}`);
    await askWhileItWorks(agent, print);
    await rig.kill();
    await sleep(20_000);
    first.child.kill("SIGKILL");
    await first.ended;
    const second = await agent.start();
    running.signal.addEventListener("abort", () => second.child.kill("SIGKILL"));
    await sleep(40_000);
    await rig.start();
    const after = await until(rig, ({ runs, last }) => runs === last && last > measured.last + 10);
    promise(after.numbers === after.runs, `${after.runs} runs under ${after.numbers} numbers`);
    print(`killed, and a minute without a collector: ${JSON.stringify(after)}`);
  } finally {
    running.abort();
  }
}

async function enrol(rig: CollectorRig, agent: Agent): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hcc-centre-"));
  const environment = { DATABASE_URL: rig.database.url, HCC_LANG: "en", HCC_DATA: folder };
  try {
    const file = join(folder, "centres.json");
    await writeFile(file, JSON.stringify({ centres: [{ code: CENTRE, name: CENTRE, officers: 2 }] }));
    const imported = await collectorCommand(["centre", "import", file], environment);
    promise(imported.code === 0, `the centre was not imported: ${imported.said}`);
    const { out } = await collectorCommand(["enrol-code", CENTRE], environment);
    const { code, err } = await agent.run(["enrol", out.trim(), "--collector", rig.url]);
    promise(code === 0, `enrol ended with ${code}: ${err}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files that are open in one program are not free for another on Windows: each command that reads them is tried beside the agent. */
async function askWhileItWorks(agent: Agent, print: (line: string) => void): Promise<void> {
  const status = await agent.command(["status"]);
  promise(status.code === 0 && status.out.includes(CENTRE), `status ended with ${status.code}: ${status.out}${status.err}`);
  const check = await agent.run(["self-check", "--json", "--quick", "--bundle"]);
  const { checks } = JSON.parse(check.out) as { checks: readonly { id: string; state: string }[] };
  promise(checks.length > 20, `self-check told ${checks.length} lines: ${check.err}`);
  const again = await agent.run(["run"]);
  promise(again.code !== 0 && !again.err.includes("    at "), `a second agent ended with ${again.code}: ${again.err}`);
  print(
    `self-check: ${checks.filter(({ state }) => state === "ok").length} of ${checks.length} are ok; a second agent: ${again.err.trim().split("\n").at(-1)}`,
  );
}

async function until(rig: CollectorRig, isEnough: (stored: Stored) => boolean): Promise<Stored> {
  const beganMs = performance.now();
  for (;;) {
    const stored = await storedOf(rig);
    if (isEnough(stored)) return stored;
    promise(performance.now() - beganMs < LIMIT_MS, `after ${LIMIT_MS / 1_000} s the database has ${JSON.stringify(stored)}`);
    await sleep(1_000);
  }
}

async function storedOf({ database }: CollectorRig): Promise<Stored> {
  const row = await database.psql(
    `SELECT json_build_object('runs', count(*), 'numbers', count(DISTINCT (stream, seq)), 'last', coalesce(max(seq), 0), 'probes', coalesce(json_agg(DISTINCT probe), '[]'))
     FROM observation JOIN site USING (site_id) WHERE centre_code = '${CENTRE}'`,
  );
  return JSON.parse(row) as Stored;
}

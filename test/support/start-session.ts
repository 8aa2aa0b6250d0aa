import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeFlags } from "./node-flags.ts";

/**
 * Runs `npm start`'s program twice on one data folder, as a user would: looks at the page, stops it with Ctrl-C, starts it again.
 * Prints one JSON line of what was seen. Runs in whatever network its parent put it into.
 */
const [port = "", data = ""] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}`;
const environment = { ...process.env, HCC_PORT: port, HCC_MEASURE_PORT: String(Number(port) + 1), HCC_DATA: data, HCC_LANG: "vi" };

/** What one session showed; times are seconds. */
export type Seen = {
  readyS: number;
  firstFindingS: number;
  stopS: number;
  exitCode: number | null;
  lines: string[];
  /** Lines for findings. */
  told: number;
  requirements: string[];
  page: number;
  agent: string;
};

async function session(): Promise<Seen> {
  const startedMs = performance.now();
  const since = () => (performance.now() - startedMs) / 1_000;
  const program = spawn(process.execPath, [...nodeFlags, "deploy/start.ts"], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  program.stdout.on("data", (chunk: Buffer) => lines.push(...chunk.toString("utf8").split("\n").filter(Boolean)));
  const until = async (what: () => Promise<boolean>) => {
    while (!(await what().catch(() => false))) {
      if (since() > 150 || program.exitCode !== null) throw new Error(`not seen after ${since()} s: ${lines.join(" / ")}`);
      await sleep(250);
    }
    return since();
  };
  const readyS = await until(async () => (await fetch(`${url}/health/ready`)).ok);
  // A finding that stands on something the agent has sent, not only one that says that nothing is there.
  const firstFindingS = await until(async () => (await observedFindings()).length > 0);
  // Those who look at the window see as many lines as the page has findings.
  const expected = (await findings()).length;
  const told = () => lines.filter((line) => /^\d\d:\d\d:\d\d R\d\d /.test(line)).length;
  await until(async () => told() >= expected);
  const page = (await fetch(`${url}/centres/may-nay`)).status;
  const requirements = (await findings()).map(({ requirement, state }) => `${requirement} ${state}`);
  const agent = await fetch(`${url}/v1/centres/may-nay`).then((reply) => reply.text());
  const gone = once(program, "exit");
  const stopMs = performance.now();
  program.kill("SIGINT");
  await gone;
  return {
    readyS,
    firstFindingS,
    stopS: (performance.now() - stopMs) / 1_000,
    exitCode: program.exitCode,
    lines,
    told: told(),
    requirements,
    page,
    agent: agent.slice(0, 200),
  };
}

async function findings(): Promise<{ requirement: string; state: string; evidence: string[] }[]> {
  const reply = (await (await fetch(`${url}/v1/findings?centre=may-nay`)).json()) as { findings: { requirement: string; state: string; evidence: string[] }[] };
  return reply.findings;
}

async function observedFindings() {
  return (await findings()).filter(({ evidence }) => evidence.length > 0);
}

console.log(JSON.stringify([await session(), await session()]));

/**
 * `npm start`: a collector with its own database and an agent of this very PC, both real, as two child processes.
 * Ends both on Ctrl-C; starting again continues where it stopped.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Device, Inventory } from "#schemas/inventory.ts";
import { FindingsReply } from "#schemas/read-api.ts";
import { unitWord } from "#schemas/text/finding-sentence.ts";
import { isTextKey, text } from "#schemas/text/text.ts";
import { Lang } from "#schemas/words.ts";
import { runFlags } from "./run-flags.ts";

const CENTRE = "may-nay";
/** The centre that stands for this PC. */
const THIS_PC = "deploy/this-pc.json";
const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 4_500;
const POLL_MS = 2_000;

const lang = Lang.catch("vi").parse(process.env.HCC_LANG);
const port = process.env.HCC_PORT ?? "8890";
const address = `http://127.0.0.1:${port}`;
const dataDir = process.env.HCC_DATA ?? "data";
const collectorData = join(dataDir, "collector");
const agentData = join(dataDir, "agent");
const run = promisify(execFile);
const children: ChildProcess[] = [];
const stopping = new AbortController();

/** Arguments that run one of our programs with this very Node, as the scripts of package.json do. */
const program = (room: "agent" | "collector", ...words: string[]) => [...runFlags(room), `${room}/main.ts`, ...words];

/** Starts a child that lives as long as this program; its early end ends everything. */
function keep(...argv: string[]): ChildProcess {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "inherit", "inherit"], env: childEnv() });
  children.push(child);
  child.once("exit", (code) => {
    if (stopping.signal.aborted) return;
    console.error(text(lang, "start.ended", { program: argv.find((word) => word.endsWith("main.ts")) ?? "", code: code ?? -1 }));
    process.exitCode = 1;
    stopping.abort();
  });
  return child;
}

function childEnv(): NodeJS.ProcessEnv {
  return { ...process.env, HCC_PORT: port, HCC_DATA: collectorData, HCC_AGENT_DATA: agentData, HCC_COLLECTOR_URL: address, HCC_LANG: lang };
}

/** Runs a command of the collector to its end and gives what it printed. */
async function collector(...words: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, program("collector", ...words), { env: childEnv(), signal: stopping.signal, timeout: START_LIMIT_MS });
  return stdout.trim();
}

async function untilCollectorAnswers(): Promise<void> {
  const limit = AbortSignal.any([stopping.signal, AbortSignal.timeout(START_LIMIT_MS)]);
  for (;;) {
    const up = await fetch(`${address}/health/ready`, { signal: limit }).then(
      (reply) => reply.ok,
      () => false,
    );
    if (up) return;
    await sleep(200, undefined, { signal: limit });
  }
}

async function enrolThisPc(): Promise<void> {
  // The collector has made its own beside it, or has said why it could not.
  mkdirSync(agentData, { recursive: true });
  const settings = join(agentData, "hcc-agent.json");
  if (!existsSync(settings)) writeFileSync(settings, `${JSON.stringify({ localTest: true }, undefined, 2)}\n`);
  if (existsSync(join(agentData, "agent.json"))) return;
  await collector("centre", "import", THIS_PC);
  const code = await collector("enrol-code", CENTRE);
  await run(process.execPath, program("agent", "enrol", code, "--collector", address), { env: childEnv(), signal: stopping.signal, timeout: START_LIMIT_MS });
}

/**
 * Declares what this PC's LAN shows (printers, access points, cameras) as this centre's own devices. Only here, where the centre is this very PC:
 * a real centre's inventory is proposed by `discover` and decided by people.
 */
async function declareWhatIsThere(): Promise<void> {
  const options = { env: childEnv(), signal: stopping.signal, timeout: START_LIMIT_MS };
  // No private network, or no answer in time: there is nothing to declare.
  const found = await run(process.execPath, program("agent", "discover", "--json"), options).catch(() => undefined);
  if (!found) return;
  const { proposals } = JSON.parse(found.stdout) as { proposals: { device: unknown }[] };
  const devices = proposals.flatMap(({ device }) => Device.safeParse(device).data ?? []);
  console.log(text(lang, "start.found", { count: devices.length }));
  if (devices.length === 0) return;
  const [centre] = Inventory.parse(JSON.parse(readFileSync(THIS_PC, "utf8"))).centres;
  const file = join(dataDir, "this-pc.json");
  writeFileSync(file, JSON.stringify({ centres: [{ ...centre, devices }] }));
  await collector("centre", "import", file);
}

/** One line per finding whose state or reason changed, until the program stops. */
async function printChanges(): Promise<void> {
  const seen = new Map<string, string>();
  while (!stopping.signal.aborted) {
    const reply = await fetch(`${address}/v1/findings?centre=${CENTRE}`, { signal: stopping.signal }).catch(() => undefined);
    const findings = reply?.ok ? FindingsReply.parse(await reply.json()).findings : [];
    for (const { requirement, state, reason, observed, required, unit } of findings) {
      const now = `${state} ${reason}`;
      if (seen.get(requirement) === now) continue;
      seen.set(requirement, now);
      const key = `finding.short.${reason}`;
      const numbers =
        observed === undefined ? "" : ` ${text(lang, "start.numbers", { observed, required: required ?? "", unit: unit ? unitWord(lang, unit) : "" })}`;
      console.log(
        `${new Date().toTimeString().slice(0, 8)} ${requirement} ${text(lang, `state.${state}`)}${numbers}${isTextKey(key) ? `: ${text(lang, key)}` : ""}`,
      );
    }
    await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

async function stop(): Promise<void> {
  const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
  for (const child of alive) child.kill("SIGTERM");
  const ended = Promise.all(alive.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  await Promise.race([ended, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  for (const child of alive) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
}

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());
  try {
    keep(...program("collector", "serve"));
    await untilCollectorAnswers();
    await enrolThisPc();
    keep(...program("agent", "run", "--no-splay"));
    console.log(text(lang, "start.open", { url: `http://localhost:${port}` }));
    void declareWhatIsThere().catch((error: unknown) => console.error(String(error)));
    await printChanges();
  } catch (error) {
    if (!stopping.signal.aborted) {
      console.error(text(lang, "start.failed", { error: error instanceof Error ? error.message : String(error) }));
      process.exitCode = 1;
    }
  } finally {
    stopping.abort();
    await stop();
  }
}

await main();

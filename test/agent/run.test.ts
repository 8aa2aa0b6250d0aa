import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AgentConfig } from "#schemas/agent-config.ts";
import vn from "#schemas/calendars/vn.json" with { type: "json" };
import { bundledPolicy } from "../../agent/bundled-policy.ts";
import { FakeCollector } from "../support/fake-collector.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { healthy } from "../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../support/recorder/start-recorder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KILLS = Number(process.env.HCC_KILL_ROUNDS ?? 2);
const CANARY = "cAnary-5512-Zq";
const LIMIT_MS = 60_000;

const config = AgentConfig.parse({
  agent: "agt-0123456789abcdef",
  version: 1,
  issuedAt: "2026-11-28T00:00:00.000Z",
  centre: { code: "centre-a", name: "A", devices: [{ id: "nvr-1", role: "recorder", address: "127.0.0.1" }] },
  policy: { ...bundledPolicy, portals: [{ id: "web", name: { vi: "w", en: "w" }, url: "http://127.0.0.1:9/", everyMinutes: 5 }] },
  calendar: vn,
  measureServers: [],
});

type Agent = { readonly child: ChildProcess; readonly said: () => string };

/** Runs the agent as a process of its own. */
function start(folder: string, ...args: string[]): Agent {
  const child = spawn(process.execPath, [...nodeFlags, "agent/main.ts", ...args], {
    env: { ...process.env, HCC_AGENT_DATA: folder, HCC_LOG_LEVEL: "debug", HCC_LANG: "en" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  return { child, said: () => said };
}

async function ended({ child }: Agent): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return new Promise((resolve) => child.once("exit", resolve));
}

async function until(holds: () => boolean, what: () => string): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not reached: ${what()}`);
    await sleep(50);
  }
}

/** An enrolled agent's folder with a credential in it, its collector, and the recorder that the credential opens. */
async function enrolled(): Promise<{ folder: string; collector: FakeCollector; recorder: RunningRecorder }> {
  const recorder = await startRecorder(healthy(Date.now, { login: { kind: "digest-md5", user: "viewer", password: CANARY } }));
  const collector = await FakeCollector.start({ config });
  const folder = temporaryFolder();
  expect(await ended(start(folder, "enrol", "good-code", "--collector", collector.url))).toBe(0);
  const adding = start(folder, "creds", "add", "nvr");
  adding.child.stdin?.end(JSON.stringify({ port: recorder.port, user: "viewer", password: CANARY }));
  expect(await ended(adding)).toBe(0);
  writeFileSync(join(folder, "hcc-agent.json"), JSON.stringify({ localTest: true, credentials: { "nvr-1": { onvif: "nvr", http: "nvr" } } }));
  return { folder, collector, recorder };
}

describe("the whole agent", () => {
  it(
    `first findings soon after the start, ${KILLS} kills without a loss, a clean end, and no secret anywhere`,
    async () => {
      const { folder, collector, recorder } = await enrolled();
      await using _ = collector;
      const logs: string[] = [];
      for (let round = 0; round < KILLS; round++) {
        const before = collector.stored.size;
        const agent = start(folder, "run", "--no-splay");
        await until(() => collector.stored.size > before, agent.said);
        agent.child.kill("SIGKILL");
        await ended(agent);
        logs.push(agent.said());
      }
      const agent = start(folder, "run", "--no-splay");
      const probes = () => new Set([...collector.stored.values()].map(({ probe }) => probe));
      await until(() => ["host", "link-quality", "portal-http", "camera-presence"].every((kind) => probes().has(kind as "host")), agent.said);
      const told = [...collector.stored.values()].findLast(({ probe }) => probe === "camera-presence");
      expect(told?.outcome).toMatchObject({ kind: "measured", evidence: { cameras: [{ camera: "nvr-1", clock: "ok" }] } });
      const commandLine = process.platform === "linux" ? readFileSync(`/proc/${agent.child.pid}/cmdline`, "utf8") : "";
      agent.child.kill("SIGTERM");
      const begun = Date.now();
      expect(await ended(agent)).toBe(0);
      expect(Date.now() - begun).toBeLessThan(5_000);
      logs.push(agent.said());

      // One stream over all lives, each number once, none missing.
      const streams = new Set([...collector.stored.keys()].map((place) => place.split(":")[0]));
      expect(streams.size).toBe(1);
      const seqs = [...collector.stored.values()].map(({ seq }) => seq).sort((a, b) => a - b);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      expect(collector.conflicts).toBe(0);

      const check = start(folder, "self-check", "--quick", "--json", "--bundle", join(folder, "bundle.zip"));
      await ended(check);
      logs.push(check.said());
      const bodies = JSON.stringify([...collector.stored.values()]);
      expect(bodies).toContain("nvr-1");
      // The password was used, and stands in nothing that was said, sent or kept: not at the recorder, the collector, in files, logs or arguments.
      expect(recorder.heard.some((request) => request.includes("Digest username"))).toBe(true);
      await recorder.close();
      for (const text of [bodies, commandLine, ...logs, ...recorder.heard, ...filesOf(folder)]) expect(text.includes(CANARY)).toBe(false);
    },
    4 * LIMIT_MS,
  );

  it(
    "two agents on one folder: the second says so and ends",
    async () => {
      const { folder, collector, recorder } = await enrolled();
      await using _ = collector;
      await recorder.close();
      const first = start(folder, "run", "--no-splay");
      await until(() => first.said().includes("agent started"), first.said);
      const second = start(folder, "run", "--no-splay");
      expect(await ended(second)).toBe(64);
      expect(second.said()).toContain("another agent");
      first.child.kill("SIGTERM");
      expect(await ended(first)).toBe(0);
    },
    LIMIT_MS,
  );
});

/** Everything that lies in a folder, as text. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "latin1"));
}

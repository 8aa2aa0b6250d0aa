import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AgentConfig } from "#schemas/agent-config.ts";
import vn from "#schemas/calendars/vn.json" with { type: "json" };
import { bundledPolicy } from "../../agent/bundled-policy.ts";
import { readStatus } from "../../agent/status.ts";
import { agentCommand } from "../support/agent-command.ts";
import { Canaries } from "../support/canaries.ts";
import { type CanaryDevices, startCanaryDevices } from "../support/canary-devices.ts";
import { FakeCollector } from "../support/fake-collector.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KILLS = Number(process.env.HCC_KILL_ROUNDS ?? 2);
const LIMIT_MS = 120_000;

const config = AgentConfig.parse({
  agent: "agt-0123456789abcdef",
  version: 1,
  issuedAt: "2026-11-28T00:00:00.000Z",
  centre: { code: "centre-a", name: "A", devices: [] },
  policy: { ...bundledPolicy, portals: [{ id: "web", name: { vi: "w", en: "w" }, url: "http://127.0.0.1:9/", everyMinutes: 5 }] },
  calendar: vn,
  measureServers: [],
});

type Agent = { readonly child: ChildProcess; readonly said: () => string };

/** Runs the agent as a process of its own, in a folder in which it would leave a core file if it could. */
function start(folder: string, ...args: string[]): Agent {
  const program = [process.execPath, ...nodeFlags, join(projectRoot, "agent/main.ts"), ...args];
  const [command = "", ...words] = process.platform === "linux" ? ["sh", "-c", 'ulimit -c unlimited && exec "$0" "$@"', ...program] : program;
  const child = spawn(command, words, {
    cwd: folder,
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

/** An enrolled agent's folder, and its collector. */
async function enrolled(): Promise<{ folder: string; collector: FakeCollector }> {
  const collector = await FakeCollector.start({ config });
  const folder = temporaryFolder();
  const { code } = await agentCommand(["enrol", "good-code", "--collector", collector.url], { folder });
  expect(code).toBe(0);
  writeFileSync(join(folder, "hcc-agent.json"), JSON.stringify({ localTest: true }));
  return { folder, collector };
}

/** The same as a clerk types it, with a LAN of devices that ask for the credentials in the folder. */
async function enrolledWithDevices(canaries: Canaries): Promise<{ folder: string; collector: FakeCollector; devices: CanaryDevices }> {
  const devices = await startCanaryDevices(canaries);
  const collector = await FakeCollector.start({ config });
  const folder = temporaryFolder();
  expect(await ended(start(folder, "enrol", "good-code", "--collector", collector.url))).toBe(0);
  const [[first, secret] = [], ...others] = Object.entries(devices.credentials);
  const adding = start(folder, "creds", "add", first ?? "");
  adding.child.stdin?.end(secret);
  expect(await ended(adding)).toBe(0);
  for (const [name, other] of others) await agentCommand(["creds", "add", name], { folder, terminal: { readSecret: async () => other } });
  writeFileSync(join(folder, "hcc-agent.json"), JSON.stringify({ localTest: true, targets: devices.targets }));
  return { folder, collector, devices };
}

describe("the whole agent", () => {
  it(
    `first findings soon after the start, ${KILLS} kills without a loss, a clean end, and no secret anywhere`,
    async () => {
      const canaries = new Canaries();
      const { folder, collector, devices } = await enrolledWithDevices(canaries);
      await using _ = collector;
      const logs: string[] = [];
      for (let round = 0; round < KILLS; round++) {
        const before = collector.stored.size;
        const agent = start(folder, "run", "--no-splay");
        await until(() => collector.stored.size > before, agent.said);
        // By turns as power cuts end it, and as a crash does that would leave its memory behind.
        agent.child.kill(round % 2 === 0 ? "SIGABRT" : "SIGKILL");
        await ended(agent);
        logs.push(agent.said());
      }
      const agent = start(folder, "run", "--no-splay");
      const probes = () => new Set([...collector.stored.values()].map(({ probe }) => probe));
      await until(
        () => ["host", "link-quality", "portal-http", "camera-presence", "wifi-clients", "office-devices"].every((kind) => probes().has(kind as "host")),
        agent.said,
      );
      const told = [...collector.stored.values()].findLast(({ probe }) => probe === "camera-presence");
      expect(told?.outcome).toMatchObject({
        kind: "measured",
        evidence: { cameras: expect.arrayContaining([expect.objectContaining({ camera: "nvr-1", clock: "ok" })]) },
      });
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
      await devices.close();

      // Every secret was used, and stands in nothing that was said, sent or kept: not at the recorder, the collector, in files, logs, arguments or a core.
      expect([...devices.opened].sort()).toEqual(["SNMP community", "SNMPv3", "Wi-Fi controller", "controller key", "router"]);
      expect(devices.heard().some((request) => request.includes("Digest username"))).toBe(true);
      expect(readdirSync(folder).filter((name) => /^core|\.heapsnapshot$|^report\./.test(name))).toEqual([]);
      const hits = [
        ...canaries.in("bodies", bodies),
        ...canaries.in("command line", commandLine),
        ...logs.flatMap((log, index) => canaries.in(`log ${index}`, log)),
        ...canaries.in("requests at recorders", devices.heard().join("\n")),
        ...canaries.inFolder(folder),
      ];
      expect(hits).toEqual([]);
      // The search finds what is there.
      writeFileSync(join(folder, "leak"), `x${Buffer.from(`${devices.credentials.router}`).toString("base64")}`);
      expect(canaries.inFolder(folder)).toEqual([{ secret: "router password", place: "leak" }]);
    },
    4 * LIMIT_MS,
  );

  it(
    "two agents on one folder: the second says so and ends",
    async () => {
      const { folder, collector } = await enrolled();
      await using _ = collector;
      const first = start(folder, "run", "--no-splay");
      await until(() => first.said().includes("agent started"), first.said);
      const second = start(folder, "run", "--no-splay");
      expect(await ended(second)).toBe(64);
      expect(second.said()).toContain("The agent runs on this PC already");
      first.child.kill("SIGTERM");
      expect(await ended(first)).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    "what was enrolled anew at another reception point sends and remembers nothing of the one before, and says what people have to remove",
    async () => {
      const { folder, collector } = await enrolled();
      await using _ = collector;
      const streams = () => new Set(collector.batches.map(({ batch }) => batch.stream));
      const runs = async (count: number) => {
        const agent = start(folder, "run", "--no-splay");
        await until(() => streams().size === count, agent.said);
        agent.child.kill("SIGTERM");
        expect(await ended(agent)).toBe(0);
      };
      const memory = join(folder, "memory", "recording-depth.json");
      mkdirSync(join(folder, "memory"), { recursive: true });
      writeFileSync(memory, '{"nvr-1":{"day":1}}');
      await runs(1);
      expect(existsSync(memory)).toBe(true);
      const again = () => agentCommand(["enrol", "good-code", "--collector", collector.url], { folder });
      expect((await again()).err).not.toContain("creds remove");
      collector.options = { ...collector.options, point: "ia-ly" };
      const { err } = await again();
      for (const part of ["centre-a", "creds remove", "hcc-agent.json"]) expect(err).toContain(part);
      await runs(2);
      expect(existsSync(memory)).toBe(false);
    },
    LIMIT_MS,
  );

  it.skipIf(process.platform === "win32")(
    "a folder that takes no configuration: it is used all the same and named; a terminal that closes is an end in order",
    async () => {
      const { folder, collector } = await enrolled();
      await using _ = collector;
      const file = join(folder, "config.json");
      // A folder in its place refuses the rename.
      mkdirSync(join(file, "in-the-way"), { recursive: true });
      const agent = start(folder, "run", "--no-splay");
      // The portal stands in the configuration alone.
      await until(() => [...collector.stored.values()].some(({ probe }) => probe === "portal-http"), agent.said);
      expect(agent.said()).toContain(file);
      expect(agent.child.exitCode).toBeNull();
      agent.child.kill("SIGHUP");
      expect(await ended(agent)).toBe(0);
      expect(readStatus(folder)).toMatchObject({ configVersion: config.version, endedAt: expect.any(String) });
    },
    LIMIT_MS,
  );
});

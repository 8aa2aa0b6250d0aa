import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import vn from "#schemas/calendars/vn.json" with { type: "json" };
import { bundledPolicy } from "../../agent/bundled-policy.ts";
import { AgentConfig } from "../../schemas/agent-config.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import type { RigAgent } from "./collector-rig.ts";
import { promise } from "./scenario.ts";

/** Makes a folder that of an enrolled agent. */
export async function becomeAgent(folder: string, { agent, key, centre }: RigAgent, collector: string): Promise<void> {
  await writeFile(join(folder, "agent.json"), JSON.stringify({ agent, centre, collector, enrolledAt: new Date().toISOString() }));
  await writeFile(join(folder, `${agent}.key`), key.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
}

/**
 * What such an agent measures, from the configuration on disk alone: this PC, its way to the collector with `count` packets, and portals, `p-0` and so
 * on. It asks nobody else.
 */
export async function configureAgent(
  folder: string,
  { agent, centre }: RigAgent,
  { portals: urls, count }: { portals: readonly string[]; count: number },
): Promise<void> {
  const portals = urls.map((url, index) => ({ id: `p-${index}`, name: { vi: "Cổng", en: "Portal" }, url, everyMinutes: 5 }));
  const config = AgentConfig.parse({
    agent,
    version: 1,
    issuedAt: new Date().toISOString(),
    centre: { code: centre, name: centre, devices: [] },
    policy: { ...bundledPolicy, portals },
    calendar: vn,
    measureServers: [],
  });
  const own = {
    remoteConfig: false,
    localTest: true,
    allowedSubnets: [],
    probes: { host: { name: "localhost" }, "link-quality": { gateway: false, isp: false, references: [], count, timeoutMs: 1_000 } },
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "hcc-agent.json"), JSON.stringify(own));
}

/** `kill` gives the last number that was said to be durable. */
export type Appender = { kill(): Promise<number> };

/** Starts the delivering half of an agent, which appends as fast as it can; resolves when the first number is durable. */
export async function startAppender(folder: string, url: string): Promise<Appender> {
  const child: ChildProcess = spawn(process.execPath, [...nodeFlags, "test/support/delivering-agent.ts", folder, url], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let last = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    last = (last + text).slice(-64);
  });
  for (let waited = 0; last === "" && waited < 3_000; waited++) await sleep(10);
  return {
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "close");
        child.kill("SIGKILL");
        await gone;
      }
      return Number(last.split("\n").at(-2) ?? 0);
    },
  };
}

export type Drained = { readonly stream: string; readonly lastSeq: number; readonly deadLetters: number; readonly lost: number };

/** Delivers all that waits in a folder's spool, and gives what the spool says then. Rejects when that takes more than a minute. */
export async function drained(folder: string, url: string): Promise<Drained> {
  const child = spawn(process.execPath, [...nodeFlags, "test/support/delivering-agent.ts", folder, url, "drain"], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "close");
  promise(code === 0, `the agent could not deliver what was left (exit code ${code})`);
  return JSON.parse(said) as Drained;
}

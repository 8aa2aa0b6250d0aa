import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "../../schemas/exchange.ts";
import { type BatchRelay, startBatchRelay } from "../support/batch-relay.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { projectRoot } from "../support/source-files.ts";
import type { CollectorRig } from "./collector-rig.ts";
import { promise } from "./scenario.ts";
import { becomeAgent, configureAgent } from "./spooling-agent.ts";

/** A portal may be asked every five minutes and no oftener: many of them make many observations. */
const PORTALS = 60;

/** From when to when the agent was there, ms. */
export type Life = { readonly fromMs: number; toMs: number };

/** A batch on its way to the collector. */
export type Heard = { readonly atMs: number; readonly batch: Batch };

/** The whole agent as a process of its own, with a wall clock that lies, a collector that can be away, and portals that know when they were asked. */
export type ClockBench = AsyncDisposable & {
  readonly clock: FakeClock;
  readonly relay: BatchRelay;
  /** Every batch that came, as often as it came. */
  readonly heard: readonly Heard[];
  readonly folder: string;
  readonly lives: readonly Life[];
  /** When each portal was really asked. */
  readonly visits: { readonly portal: string; readonly atMs: number }[];
  begin(): void;
  end(signal: NodeJS.Signals): Promise<void>;
  /** Stops the process as a PC that goes to sleep. */
  suspend(ms: number, meanwhile?: () => void): Promise<void>;
  /** Waits for the next batch, and acts when it is committed and its sender has not heard of it; with `isLost` it never will. */
  inFlight(act: () => void | Promise<void>, isLost?: boolean): Promise<void>;
};

export async function openClockBench(rig: CollectorRig): Promise<ClockBench> {
  const folder = await mkdtemp(join(tmpdir(), "hcc-clock-"));
  const visits: { portal: string; atMs: number }[] = [];
  const portals = createServer((request, response) => {
    visits.push({ portal: (request.url ?? "").slice(1), atMs: Date.now() });
    response.end("<title>Cổng dịch vụ công</title>");
  });
  await once(portals.listen(0, "127.0.0.1"), "listening");
  const heard: Heard[] = [];
  const relay = await startBatchRelay(rig.port, (batch) => void heard.push({ atMs: Date.now(), batch }));
  const [owner] = rig.agents;
  if (!owner) throw new Error("the rig has no agent");
  await becomeAgent(folder, owner, relay.url);
  const url = `http://127.0.0.1:${(portals.address() as AddressInfo).port}`;
  await configureAgent(folder, owner, { portals: Array.from({ length: PORTALS }, (_, index) => `${url}/p-${index}`), count: 2 });
  const clock = new FakeClock(folder);
  const lives: Life[] = [];
  let child: ChildProcess | undefined;
  let said = "";

  const end = async (signal: NodeJS.Signals) => {
    const life = lives.at(-1);
    if (!child || !life) return;
    promise(child.exitCode === null && child.signalCode === null, `the agent ended by itself: ${said}`);
    const gone = once(child, "exit");
    child.kill(signal);
    child = undefined;
    const [code] = await gone;
    life.toMs = Date.now();
    promise(signal !== "SIGTERM" || code === 0, `the agent ended with ${code}: ${said}`);
  };
  return {
    clock,
    relay,
    heard,
    folder,
    lives,
    visits,
    begin: () => {
      const environment = { ...process.env, ...clock.environment, HCC_AGENT_DATA: folder, HCC_LOG_LEVEL: "warn" };
      const words = [...nodeFlags, join(projectRoot, "agent/main.ts"), "run", "--no-splay"];
      child = spawn(process.execPath, words, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => {
          said = (said + text).slice(-4_000);
        });
      lives.push({ fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY });
    },
    end,
    suspend: async (ms, meanwhile) => {
      child?.kill("SIGSTOP");
      meanwhile?.();
      await sleep(ms);
      child?.kill("SIGCONT");
    },
    inFlight: async (act, isLost = false) => {
      const happened = Promise.withResolvers<void>();
      relay.way = async (_, forward) => {
        relay.way = (_batch, onward) => onward();
        const reply = await forward();
        await act();
        happened.resolve();
        return isLost ? undefined : reply;
      };
      const late = AbortSignal.timeout(400_000);
      late.addEventListener("abort", () => happened.reject(new Error(`no batch came within 400 s: ${said}`)));
      await happened.promise;
    },
    [Symbol.asyncDispose]: async () => {
      child?.kill("SIGKILL");
      portals.closeAllConnections();
      portals.close();
      await relay.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

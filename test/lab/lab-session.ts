import type { ChildProcess } from "node:child_process";
import { cpus } from "node:os";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HEADER_FACTOR } from "#schemas/measure.ts";
import type { Outcome } from "#schemas/observation.ts";
import type { NetworkInterface } from "../../agent/io/interfaces.ts";
import { defaultLeaseRules } from "../../collector/lease/lease-rules.ts";
import { signLease } from "../../collector/measure/lease-token.ts";
import { runFlags } from "../../deploy/run-flags.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { type Line, LineLab, SERVER_ADDRESS } from "./line-lab.ts";

const rules = defaultLeaseRules.fullLength;
const SECRET = "a secret of the lab, long enough to sign";
/** Share of all cores above which the machine cannot carry the lab. */
const STARVED_SHARE = 0.85;
/** What one run of the probe gave, and what it cost the agent's process. */
export type LabRun = { readonly outcome: Outcome; readonly cpuMs: number; readonly rssBytes: number };

/** A lab with a measure server at one end and the agent's probe at the other. */
export class LabSession {
  readonly lab: LineLab;
  readonly #url: string;
  readonly #probe: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly server: ChildProcess;
  #leases = 0;

  private constructor(lab: LineLab, server: ChildProcess, url: string, probe: ChildProcess) {
    this.lab = lab;
    this.server = server;
    this.#url = url;
    this.#probe = probe;
    this.#answers = linesOf(probe)[Symbol.asyncIterator]();
  }

  static async open(line: Line): Promise<LabSession> {
    const lab = await LineLab.open(line);
    const server = lab.spawn("server", process.execPath, [...nodeFlags, fileURLToPath(new URL("measure-child.ts", import.meta.url)), SERVER_ADDRESS, SECRET]);
    const url = (await linesOf(server)[Symbol.asyncIterator]().next()).value as string;
    const probe = lab.spawn("pc", process.execPath, [...runFlags("agent"), fileURLToPath(new URL("probe-child.ts", import.meta.url))]);
    return new LabSession(lab, server, url, probe);
  }

  /** Runs the probe once. `nic` says what the lab's virtual interface cannot: speed and medium; `fullLength` makes it as long as the collector's weekly test. */
  async run(options: Record<string, unknown>, nic: Partial<NetworkInterface> = {}, fullLength = false): Promise<LabRun> {
    const id = (this.#leases++).toString(16).padStart(16, "0");
    const claims = {
      lease: id,
      agent: "agt-0123456789abcdef",
      server: "lab",
      notBeforeMs: 0,
      expiresMs: Date.now() + 60_000,
      bytesMax: fullLength ? rules.bytes.max : 4e9,
    };
    const lease = {
      id,
      token: signLease(claims, SECRET),
      server: { id: "lab", url: this.#url },
      expiresAt: new Date(claims.expiresMs).toISOString(),
      bytesMax: claims.bytesMax,
      ...(fullLength ? { capMs: rules.capMs, passMs: rules.passMs } : { capMs: 15_000 }),
    };
    this.#probe.stdin?.write(`${JSON.stringify({ options: { lease, ...options }, nic })}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error("the probe's process ended");
    return JSON.parse(answer.value) as LabRun;
  }

  /** Runs the probe until the machine could carry the lab, at most `attempts` times. The last run counts; how many were discarded is told. */
  async runAwake(options: Record<string, unknown>, attempts: number): Promise<LabRun & { readonly discarded: number }> {
    let run = await this.run(options);
    let discarded = 0;
    while (wasStarved(run.outcome) && discarded < attempts - 1) {
      run = await this.run(options);
      discarded++;
    }
    return { ...run, discarded };
  }

  /** What iperf3 with four streams says of the same line, as link rate in Mbps, and what that cost its process at the gateway PC. */
  async iperf(direction: "download" | "upload", seconds: number): Promise<{ readonly mbps: number; readonly cpuMsPerGbit: number }> {
    const server = this.lab.spawn("server", "iperf3", ["-s", "-1", "-p", "5301", "--forceflush"]);
    await linesOf(server)[Symbol.asyncIterator]().next();
    const args = ["-c", SERVER_ADDRESS, "-p", "5301", "-P", "4", "-t", String(seconds), "-O", "1", "-J", ...(direction === "download" ? ["-R"] : [])];
    const { end } = JSON.parse(await this.lab.output("pc", "iperf3", ...args)) as {
      end: { sum_received: { bits_per_second: number }; cpu_utilization_percent: { host_total: number } };
    };
    const bitsPerSecond = end.sum_received.bits_per_second;
    return { mbps: (bitsPerSecond / 1e6) * HEADER_FACTOR, cpuMsPerGbit: (end.cpu_utilization_percent.host_total * 10) / (bitsPerSecond / 1e9) };
  }

  /** Lets another program of the gateway PC download at a steady rate until the returned function is called. */
  async foreignDownload(mbps: number): Promise<() => void> {
    return this.#foreign("-u", "-b", `${mbps}M`);
  }

  /** Lets another program of the gateway PC download as fast as one connection can until the returned function is called. */
  async foreignTransfer(): Promise<() => void> {
    return this.#foreign();
  }

  async #foreign(...how: string[]): Promise<() => void> {
    const server = this.lab.spawn("server", "iperf3", ["-s", "-1", "-p", "5302", "--forceflush"]);
    await linesOf(server)[Symbol.asyncIterator]().next();
    const client = this.lab.spawn("pc", "iperf3", ["-c", SERVER_ADDRESS, "-p", "5302", "-R", "-t", "300", "--forceflush", ...how]);
    await linesOf(client)[Symbol.asyncIterator]().next();
    await sleep(1_000);
    return () => void client.kill();
  }

  /** Gives the measure server other work that takes nearly all of its time, until the returned function is called. */
  burdenServer(): () => void {
    const toggle = () => void this.server.stdin?.write("work\n");
    toggle();
    return toggle;
  }

  /** Keeps every core of the gateway PC busy with other programs until the returned function is called. */
  burdenPc(): () => void {
    const others = cpus()
      .flatMap(() => [1, 2])
      .map(() => this.lab.spawn("pc", process.execPath, ["-e", "for (;;);"]));
    return () => {
      for (const other of others) other.kill("SIGKILL");
    };
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

/** True when other programs of the machine took the processor that the lab needs: such a run says nothing about the method. */
export function wasStarved(outcome: Outcome): boolean {
  if (outcome.kind !== "measured") return outcome.kind === "failed" && outcome.reason === "timeout";
  const load = outcome.evidence?.load as { host: number } | undefined;
  return load !== undefined && load.host > STARVED_SHARE;
}

function linesOf(child: ChildProcess): Interface {
  if (!child.stdout) throw new Error("a child of the lab has no stdout");
  return createInterface({ input: child.stdout });
}

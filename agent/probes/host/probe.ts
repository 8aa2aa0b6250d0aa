import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { cpus, freemem, release, totalmem, uptime, version } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import type { Evidence } from "#schemas/observation.ts";
import { busyShare, cpuTimes } from "../../io/cpu-times.ts";
import { defineProbe, type ProbeContext, ProbeError } from "../../probe.ts";
import { diskPart } from "./disk-part.ts";
import { gatewayPart } from "./gateway-part.ts";
import type { Part } from "./part.ts";

const Options = z.strictObject({
  /** The disk to watch is the one that holds this path: the agent's spool. */
  path: z.string().max(400).default("."),
  /** A name to look up; without it the resolver is not asked. */
  name: z.hostname().optional(),
  /** Looked up where `name` has no address: that may be the fault of whoever owns it, and not the resolver's. */
  otherName: z.hostname().optional(),
  /** Whether the agent's run before this one had ended in order, as the agent itself knows it. */
  endedWell: z.boolean().optional(),
});
type Options = z.infer<typeof Options>;

const CPU_SAMPLE_MS = 1_000;

/** How the gateway PC itself is: load, memory, disk, its way out, its resolver, how many hosts it sees. */
export const host = defineProbe({
  kind: "host",
  options: Options,
  deadlineMs: 40_000,
  async run(options, context) {
    // Alone and first: beside the other sources these would also time how busy they make this PC, on Windows with a PowerShell for each.
    const [dns] = await Promise.allSettled([dnsPart(options)]);
    const [cpu] = await Promise.allSettled([cpuPart(context.signal)]);
    const parts: Record<string, Promise<Part>> = {
      uptime: uptimePart(options),
      memory: memoryPart(),
      disk: diskPart(options.path),
      gateway: gatewayPart(context),
      neighbours: neighboursPart(context),
      system: systemPart(),
    };
    const names = ["dns", "cpu", ...Object.keys(parts)];
    const results = [dns, cpu, ...(await Promise.allSettled(Object.values(parts)))];
    context.signal.throwIfAborted();
    const told = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const silent = Object.fromEntries(
      results.flatMap((result, index) => (result.status === "rejected" ? [[names[index] ?? "", cleanText(String(result.reason), 200)] as const] : [])),
    );
    const readings = told.flatMap((part) => part.readings);
    const evidence = Object.assign({}, ...told.map((part) => part.evidence ?? {}), Object.keys(silent).length > 0 ? { silent } : {}) as Evidence;
    if (readings.length === 0) throw new ProbeError("unsupported", "this system told nothing about itself", evidence);
    return { readings, evidence };
  },
});

async function uptimePart({ endedWell }: Options): Promise<Part> {
  const ended = endedWell === undefined ? [] : [{ metric: "agent_ended_well" as const, value: endedWell ? 1 : 0 }];
  return { readings: [{ metric: "host_uptime_s", value: Math.floor(uptime()) }, ...ended] };
}

async function cpuPart(signal: AbortSignal): Promise<Part> {
  const before = cpuTimes();
  await sleep(CPU_SAMPLE_MS, undefined, { signal });
  const busy = busyShare(before, cpuTimes());
  if (busy === undefined) throw new Error("the system did not tell its load");
  return { readings: [{ metric: "host_cpu_percent", value: percent(busy) }] };
}

async function memoryPart(): Promise<Part> {
  return { readings: [{ metric: "host_memory_free_percent", value: percent(freemem() / totalmem()) }] };
}

async function dnsPart({ name, otherName }: Options): Promise<Part> {
  if (name === undefined) return { readings: [] };
  const resolveMs = async (asked: string) => {
    const startedMs = performance.now();
    await lookup(asked);
    return { metric: "dns_resolve_ms" as const, value: round(performance.now() - startedMs) };
  };
  const [own] = await Promise.allSettled([resolveMs(name)]);
  if (own.status === "fulfilled") return { readings: [own.value] };
  if (otherName === undefined) throw own.reason;
  return { readings: [await resolveMs(otherName)], evidence: { noAddress: name } };
}

async function neighboursPart({ io, signal }: ProbeContext): Promise<Part> {
  const neighbours = await io.readNeighbours(signal);
  // One host may have several addresses; only the number of MACs leaves this function.
  return { readings: [{ metric: "lan_neighbours", value: new Set(neighbours.map(({ mac }) => mac)).size }] };
}

async function systemPart(): Promise<Part> {
  const cores = cpus();
  return { readings: [], evidence: { os: cleanText(await systemName()), cpu: cleanText(cores[0]?.model ?? ""), cores: cores.length } };
}

/** Linux tells its distribution in a file, and calls its kernel's build the version; Windows calls its product so. */
async function systemName(): Promise<string> {
  const words = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(words)?.[1] ?? `${version()} ${release()}`;
}

function percent(share: number): number {
  return Math.min(100, Math.max(0, round(share * 100)));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

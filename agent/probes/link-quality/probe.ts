import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { Code } from "#schemas/ids.ts";
import type { Evidence, Reading } from "#schemas/observation.ts";
import type { Burst } from "../../io/icmp.ts";
import { defineProbe, type ProbeContext, ProbeError } from "../../probe.ts";
import { burstStatistics } from "./statistics.ts";

const Hop = z.strictObject({
  /** Name of the hop in readings: gateway, isp, collector, reference ... */
  hop: Code,
  /** A literal address, or a name that is looked up once per run. */
  address: z.union([z.ipv4(), z.ipv6(), z.hostname()]),
  /** Where to knock when the hop drops ICMP; without it silence stays silence. */
  tcpPort: z.int().min(1).max(65_535).optional(),
});
type Hop = z.infer<typeof Hop>;

const Options = z.strictObject({
  hops: z.array(Hop).max(8).default([]),
  /** Measures the default gateway too, as the hop `gateway`. */
  gateway: z.boolean().default(true),
  /** Finds the first router behind the gateway, on the way to the first hop given, and measures it as the hop `isp`. */
  isp: z.boolean().default(false),
  count: z.int().min(2).max(60).default(10),
  intervalMs: z.int().min(200).max(1_000).default(200),
  timeoutMs: z.int().min(200).max(5_000).default(1_000),
});
type Options = z.infer<typeof Options>;

/** How the line behaves right now, hop by hop from the inside out: loss, round trip, jitter. */
export const linkQuality = defineProbe({
  kind: "link-quality",
  options: Options,
  // Windows' ping waits a second between packets whatever it is asked.
  deadlineMs: ({ count, intervalMs, timeoutMs }) => count * (Math.max(intervalMs, 1_000) + timeoutMs) + 15_000,
  async run(options, context) {
    const route = options.gateway ? await context.io.readDefaultRoute(context.signal) : undefined;
    const gateway: Hop[] = route?.gateway === undefined ? [] : [{ hop: "gateway", address: route.gateway, tcpPort: 80 }];
    const hops = [...gateway, ...(await ispHop(options, route?.gateway, context)), ...options.hops];
    if (hops.length === 0)
      throw options.gateway
        ? new ProbeError("no_route", "this PC has no default route: check its network cable")
        : new ProbeError("bad_options", "hops: name at least one hop");
    const results = await Promise.all(hops.map((hop) => measureHop(hop, options, context)));
    const evidence: Evidence = Object.fromEntries(results.map(({ hop, evidence: found }) => [hop, found]));
    const readings = results.flatMap(({ readings: found }) => found);
    if (readings.length === 0) throw new ProbeError("dns", "the name of no hop could be resolved", evidence);
    return { readings, evidence };
  },
});

const ISP_HOP_TTL = 2;

/** The provider's first router. A provider whose routers tell nothing costs this hop only. */
async function ispHop({ isp, hops }: Options, gateway: string | undefined, { io, signal, log }: ProbeContext): Promise<Hop[]> {
  if (!isp) return [];
  const towards = await firstOutside(hops);
  if (towards === undefined) return [];
  const [found] = await Promise.allSettled([io.hopTowards(towards, ISP_HOP_TTL, signal)]);
  signal.throwIfAborted();
  if (found.status === "rejected") log("the provider's first router could not be asked for", { error: String(found.reason) });
  const address = found.status === "fulfilled" ? found.value : undefined;
  return address === undefined || address === gateway ? [] : [{ hop: "isp", address }];
}

/** The address of the first hop that does not lie on this very PC; names are looked up. */
async function firstOutside(hops: readonly Hop[]): Promise<string | undefined> {
  for (const { address } of hops) {
    const [found] = await Promise.allSettled([lookup(address)]);
    if (found.status === "fulfilled" && !/^(127\.|::1$)/.test(found.value.address)) return found.value.address;
  }
  return undefined;
}

type HopResult = { readonly hop: string; readonly readings: readonly Reading[]; readonly evidence: Evidence };

/** One hop. A name that does not resolve gives evidence and no reading: nothing was asked. */
async function measureHop(hop: Hop, options: Options, context: ProbeContext): Promise<HopResult> {
  const [resolved] = await Promise.allSettled([isIP(hop.address) === 0 ? lookup(hop.address) : { address: hop.address }]);
  if (resolved.status === "rejected") return { hop: hop.hop, readings: [], evidence: { address: hop.address, error: cleanText(String(resolved.reason), 100) } };
  const { address } = resolved.value;
  const burst = await burstOf(address, hop.tcpPort, options, context);
  if (!burst) return { hop: hop.hop, readings: [], evidence: { address, error: "this PC may not send ICMP and no tcpPort is given" } };
  const statistics = burstStatistics(burst.sent, burst.rttsMs);
  const evidence = { address, method: burst.method, sent: burst.sent, received: burst.rttsMs.length };
  return { hop: hop.hop, readings: readingsOf(hop.hop, burst, statistics), evidence };
}

/** ICMP first; TCP where ICMP is forbidden here or every packet of the burst stayed without answer. */
async function burstOf(address: string, tcpPort: number | undefined, options: Options, { io, signal, log }: ProbeContext): Promise<Burst | undefined> {
  const [icmp] = await Promise.allSettled([io.icmpBurst(address, options, signal)]);
  signal.throwIfAborted();
  if (icmp.status === "rejected") log("ICMP is not possible here", { error: String(icmp.reason) });
  if (icmp.status === "fulfilled" && (icmp.value.rttsMs.length > 0 || tcpPort === undefined)) return icmp.value;
  if (tcpPort === undefined) return undefined;
  const tcp = await io.tcpBurst(address, tcpPort, options, signal);
  // Silence by both methods: ICMP is the one that people can repeat by hand.
  return tcp.rttsMs.length === 0 && icmp.status === "fulfilled" ? icmp.value : tcp;
}

function readingsOf(hop: string, burst: Burst, found: ReturnType<typeof burstStatistics>): Reading[] {
  const labels = { hop };
  const values = [
    ["hop_up", burst.rttsMs.length > 0 ? 1 : 0],
    ["loss_percent", found.lossPercent],
    ["rtt_min_ms", found.rttMinMs],
    ["rtt_avg_ms", found.rttAvgMs],
    ["rtt_p95_ms", found.rttP95Ms],
    ["rtt_max_ms", found.rttMaxMs],
    ["jitter_ms", found.jitterMs],
  ] as const;
  return values.flatMap(([metric, value]) => (value === undefined ? [] : [{ metric, value, labels }]));
}

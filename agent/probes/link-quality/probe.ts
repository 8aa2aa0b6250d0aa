import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { Code } from "#schemas/ids.ts";
import type { Evidence, Reading } from "#schemas/observation.ts";
import type { Burst } from "../../io/icmp.ts";
import { anybodyAnswers, isThisPc, NO_WAY_OUT, References } from "../../io/references.ts";
import type { MayReach } from "../../io/tcp.ts";
import { defineProbe, inside, type ProbeContext, ProbeError } from "../../probe.ts";
import { burstStatistics } from "./statistics.ts";
import { knownWay, type MetHop, rememberWay, segmentReadings, walkOf } from "./walk.ts";

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
  /** Who else is outside: knocked at once each, and only where none of `hops` answers. */
  references: References,
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
    const way = route?.gateway === undefined ? undefined : knownWay(context.memory, route.gateway);
    const gateway: Hop[] = way ? [{ hop: "gateway", address: way.gateway.address, tcpPort: 80 }] : [];
    const hops = [...gateway, ...(await ispHop(options, way, context)), ...options.hops];
    if (hops.length === 0) throw options.gateway ? new ProbeError("no_route", NO_WAY_OUT) : new ProbeError("bad_options", "hops: name at least one hop");
    const results = await Promise.all(hops.map((hop) => measureHop(hop, options, context)));
    const met = results.map(({ hop, address, up }) => ({ hop, address, up }));
    const isReferenceUp = await findReference(options, met, context);
    const known = way && rememberWay(context.memory, way, met);
    const walk = walkOf(met, known, route !== undefined || !options.gateway, isReferenceUp);
    const evidence: Evidence = {
      ...Object.fromEntries(results.map(({ hop, evidence: found }) => [hop, found])),
      ...(isReferenceUp !== undefined && { references: isReferenceUp ? "answered" : "silent" }),
    };
    const readings = [...results.flatMap(({ readings: found }) => found), ...segmentReadings(walk)];
    if (readings.length === 0) throw new ProbeError("dns", "the name of no hop could be resolved", evidence);
    return { readings, evidence };
  },
});

const ISP_HOP_TTL = 2;

/**
 * The provider's first router, or the one that was met last: when the line is cut nobody tells. A provider whose routers tell nothing costs this hop
 * only.
 */
async function ispHop({ isp, hops }: Options, way: ReturnType<typeof knownWay> | undefined, { io, mayReach, signal, log }: ProbeContext): Promise<Hop[]> {
  if (!isp) return [];
  const known: Hop[] = way?.isp ? [{ hop: "isp", address: way.isp.address }] : [];
  const towards = await firstOutside(hops, mayReach);
  if (towards === undefined) return known;
  const [found] = await Promise.allSettled([io.hopTowards(towards, ISP_HOP_TTL, signal)]);
  signal.throwIfAborted();
  if (found.status === "rejected") log("the provider's first router could not be asked for", { error: String(found.reason) });
  const address = found.status === "fulfilled" ? found.value : undefined;
  if (address === undefined) return known;
  return address === way?.gateway.address ? [] : [{ hop: "isp", address }];
}

/** Whether anybody outside answers who is not among the hops: asked only when all of those keep silent. */
async function findReference({ references }: Options, met: readonly MetHop[], context: ProbeContext): Promise<boolean | undefined> {
  const isOut = met.some(({ hop, address, up }) => up === true && hop !== "gateway" && hop !== "isp" && !isThisPc(address));
  return isOut ? undefined : anybodyAnswers(references, context);
}

/** The address of the first hop that does not lie on this very PC; names are looked up. */
async function firstOutside(hops: readonly Hop[], mayReach: MayReach): Promise<string | undefined> {
  for (const { address } of hops) {
    const [found] = await Promise.allSettled([lookup(address)]);
    if (found.status === "fulfilled" && !isThisPc(found.value.address) && mayReach(address, found.value.address)) return found.value.address;
  }
  return undefined;
}

type HopResult = MetHop & { readonly readings: readonly Reading[]; readonly evidence: Evidence };

/** One hop. A name that does not resolve gives evidence and no reading: nothing was asked. */
async function measureHop(hop: Hop, options: Options, context: ProbeContext): Promise<HopResult> {
  const [resolved] = await Promise.allSettled([isIP(hop.address) === 0 ? lookup(hop.address) : { address: hop.address }]);
  if (resolved.status === "rejected") {
    const evidence = { address: hop.address, error: cleanText(String(resolved.reason), 100) };
    return { hop: hop.hop, address: hop.address, up: false, readings: [], evidence };
  }
  const { address } = resolved.value;
  // The gateway and the provider's router were found here; all others are the collector's to name.
  if (options.hops.includes(hop) && !context.mayReach(hop.address, address)) {
    const evidence = { address, error: cleanText(inside(hop.address).message, 200) };
    return { hop: hop.hop, address, up: undefined, readings: [], evidence };
  }
  const burst = await burstOf(address, hop.tcpPort, options, context);
  if (!burst) {
    const evidence = { address, error: "this PC may not send ICMP and no tcpPort is given" };
    return { hop: hop.hop, address, up: undefined, readings: [], evidence };
  }
  const statistics = burstStatistics(burst.sent, burst.rttsMs);
  const evidence = { address, method: burst.method, sent: burst.sent, received: burst.rttsMs.length };
  return { hop: hop.hop, address, up: burst.rttsMs.length > 0, readings: readingsOf(hop.hop, burst, statistics), evidence };
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

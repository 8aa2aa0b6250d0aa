import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { Lease } from "#schemas/measure.ts";
import { defineProbe, type ProbeContext, ProbeError, ProbeSkip } from "../../probe.ts";
import { resolveServer } from "./connection.ts";
import { type DirectionResult, runDirection } from "./direction.ts";
import { evidenceOf } from "./evidence.ts";
import { excuseOf } from "./excuse.ts";
import { asksFullLength, bytesOfFirst, rememberFullLength } from "./full-length.ts";
import { meetRouter } from "./lan.ts";
import { idleRoundTrips, median, openPinger, type Pinger } from "./latency.ts";
import { readingsOf } from "./readings.ts";
import { type Counters, interfaceOf, isTunnelName, ratesBetween, readCounters, startLoad } from "./surroundings.ts";
import { Wan, wanCounters } from "./wan-counters.ts";

const IDLE_PINGS = 10;
/** No lease makes a direction longer. */
const CAP_MS_MAX = 15_000;

const Options = z.strictObject({
  server: z.strictObject({ id: Code, url: z.url({ protocol: /^https?$/ }) }).optional(),
  lease: Lease.optional(),
  /** What the plan asks for; the run stops as soon as it is clear on which side the line lies. */
  floorMbps: z.number().positive().max(100_000).optional(),
  directions: z
    .array(z.enum(["download", "upload"]))
    .min(1)
    .max(2)
    .default(["download", "upload"]),
  /** Directions that have to reach the floor; the others are measured and held against nothing. */
  floorDirections: z
    .array(z.enum(["download", "upload"]))
    .max(2)
    .default(["download", "upload"]),
  /** Longest time of one direction; a full-length test goes by its lease. */
  capMs: z.number().min(1_500).max(CAP_MS_MAX).default(4_000),
  /** More foreign traffic than this before the start postpones the run. */
  busyMbps: z.number().positive().default(20),
  /** PEM of an authority that may certify the server, beside the public ones. */
  ca: z.string().min(1).optional(),
  /** Where the gateway is another box: its counters tell what others use. */
  wan: Wan.optional(),
});

/** How fast the line is, or on which side of a floor: one test against one measure server, both directions one after the other. */
export const linkBandwidth = defineProbe({
  kind: "link-bandwidth",
  options: Options,
  // All measure servers test the same line.
  memory: "link-bandwidth",
  asksFullLength,
  deadlineMs: ({ directions, ...times }) => directions.reduce((sum, direction) => sum + timesOf(direction, times).capMs + 10_000, 20_000),
  async run({ server: named, lease, floorMbps, floorDirections, directions, capMs, busyMbps, ca, wan }, context) {
    if (!lease) throw new ProbeSkip("no_lease", "a measure server may be used only with a lease of the collector");
    const { id, url } = named ?? lease.server;
    const server = await resolveServer({ id, url: new URL(url), token: lease.token, ca }, context.mayReach);
    const pinger = openPinger(server);
    let spentBytes = 0;
    try {
      await pinger.ping(context.signal);
      const nicName = pinger.localAddress === undefined ? undefined : interfaceOf(pinger.localAddress);
      const readLineCounters = () => lineCounters(wan, nicName, context);
      const [idle, lan] = await Promise.all([idleLine(pinger, readLineCounters, busyMbps, context), meetRouter(nicName, server.address, context)]);
      const measureLoad = startLoad();
      const results: DirectionResult[] = [];
      const unmeasured: Unmeasured[] = [];
      let bytesLeft = lease.bytesMax;
      const plans = directions.map((direction) => ({ direction, ...timesOf(direction, { lease, floorMbps, floorDirections, capMs }) }));
      for (const [index, plan] of plans.entries()) {
        const idleRttMs = median(idle.rttsMs) ?? 0;
        const spentBefore = spentBytes;
        const isHeld = floorMbps !== undefined && floorDirections.includes(plan.direction);
        const result = await orUnmeasured(
          isHeld,
          runDirection(
            {
              ...plan,
              server,
              pinger,
              floorMbps,
              bytesMax: bytesOfFirst(bytesLeft, plans.slice(index)),
              leaseBytes: lease.bytesMax,
              idleRttMs,
              lan,
              spend: (bytes) => {
                spentBytes += bytes;
              },
              idleCounters: idle.counters,
              readCounters: readLineCounters,
              resentSegments: context.io.resentSegments,
            },
            context.signal,
          ),
        );
        bytesLeft -= spentBytes - spentBefore;
        if (result instanceof ProbeSkip) unmeasured.push({ direction: plan.direction, bytes: spentBytes - spentBefore, why: result });
        else results.push(result);
      }
      const [first] = unmeasured;
      if (first && results.length === 0) throw first.why;
      const load = measureLoad();
      const nic = nicName === undefined ? undefined : await context.io.readInterface(nicName, context.signal);
      const circumstances = {
        floorMbps,
        directions: results.map((result) => ({ ...result, linkMbps: result.estimate.linkMbps, foreignMbps: result.foreign?.mostMbps })),
        nicSpeedMbps: nic?.speedMbps,
        medium: nic?.medium ?? "unknown",
        isTunnel: nicName !== undefined && isTunnelName(nicName),
        isProxied: pinger.isProxied,
        ...load,
      } as const;
      const held = circumstances.directions.filter(({ direction }) => floorDirections.includes(direction));
      if (floorMbps !== undefined)
        rememberFullLength(
          context.memory,
          results.filter(({ direction }) => floorDirections.includes(direction)),
        );
      const excuse = excuseOf({ ...circumstances, directions: held });
      return {
        readings: readingsOf(server.id, idle.rttsMs, results, unmeasured),
        evidence: evidenceOf(server, circumstances, idle, results),
        ...(excuse && { excuse }),
      };
    } catch (error) {
      throw withSpent(error, spentBytes);
    } finally {
      pinger.close();
    }
  },
});

type Unmeasured = { readonly direction: "download" | "upload"; readonly bytes: number; readonly why: ProbeSkip };

/** A direction that is held against nothing costs the other one nothing where the lease's bytes were too few for it, as they are on a line that is very fast. */
async function orUnmeasured(isHeld: boolean, run: Promise<DirectionResult>): Promise<DirectionResult | ProbeSkip> {
  return run.catch((error: unknown) => {
    if (!isHeld && error instanceof ProbeSkip && error.reason === "lease_used") return error;
    throw error;
  });
}

type Times = Pick<z.infer<typeof Options>, "lease" | "floorMbps" | "floorDirections" | "capMs">;

/** How long a direction may carry, and has to before it may pass. What is held against nothing need not carry long. */
function timesOf(direction: "download" | "upload", { lease, floorMbps, floorDirections, capMs }: Times): { capMs: number; passMs: number | undefined } {
  const isFullLength = lease?.passMs !== undefined && floorMbps !== undefined && floorDirections.includes(direction);
  if (!isFullLength) return { capMs: Math.min(capMs, lease?.capMs ?? capMs), passMs: undefined };
  return { capMs: Math.min(lease.capMs, CAP_MS_MAX), passMs: lease.passMs };
}

/** A run that comes to nothing has used the line, too: the month's data is counted by what it used. */
function withSpent(error: unknown, spentBytes: number): unknown {
  if (error instanceof ProbeError) return new ProbeError(error.reason, error.message, { ...error.evidence, spentBytes }, { cause: error });
  return error instanceof ProbeSkip ? new ProbeSkip(error.reason, error.message, { ...error.evidence, spentBytes }) : error;
}

/** Counters of the line: the router's where it tells them, else this PC's own, except of the loopback: what goes there is not the line's. */
async function lineCounters(wan: Wan | undefined, nicName: string | undefined, context: ProbeContext): Promise<Counters | undefined> {
  const [router] = await Promise.allSettled([wan && wanCounters(wan, context)]);
  if (router.status === "fulfilled" && router.value) return router.value;
  if (router.status === "rejected") context.log("the router's counters could not be read", { error: String(router.reason) });
  return nicName === "lo" ? undefined : readCounters(context.io.readInterface, nicName, context.signal);
}

/** Round trips and foreign traffic before the test. @throws ProbeSkip line_busy: a busy line must not read as a slow one */
async function idleLine(pinger: Pinger, readLineCounters: () => Promise<Counters | undefined>, busyMbps: number, { signal }: ProbeContext) {
  const before = await readLineCounters();
  const rttsMs = await idleRoundTrips(pinger, IDLE_PINGS, signal);
  const counters = await readLineCounters();
  const rates = ratesBetween(before, counters);
  const foreignMbps = rates && Math.max(rates.receivedMbps, rates.sentMbps);
  if (foreignMbps !== undefined && foreignMbps > busyMbps)
    throw new ProbeSkip("line_busy", `${Math.round(foreignMbps)} Mbps of other traffic before the test`, { foreignMbps: Math.round(foreignMbps) });
  return { rttsMs, foreignMbps, counters };
}

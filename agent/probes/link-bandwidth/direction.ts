import { setImmediate as afterPendingReads, setTimeout as sleep } from "node:timers/promises";
import { ProbeError, ProbeSkip } from "../../probe.ts";
import type { Server } from "./connection.ts";
import { atLeast, type Estimate, estimate, type Sample } from "./estimator.ts";
import { foreignMbps, type Mark } from "./foreign.ts";
import { loadedRoundTrips, median, type Pinger } from "./latency.ts";
import { compare, DECISION_MS_MIN, type Decision, interval, mayStop } from "./sequential.ts";
import type { Counters } from "./surroundings.ts";
import { type Direction, openTransfer, type Transfer, USED_UP_SHARE } from "./transfer.ts";

export type DirectionPlan = {
  readonly direction: Direction;
  readonly server: Server;
  readonly pinger: Pinger;
  readonly floorMbps: number | undefined;
  readonly capMs: number;
  readonly bytesMax: number;
  /** The whole lease, both directions together. */
  readonly leaseBytes: number;
  readonly idleRttMs: number;
  /** Octet counters of the interface that the test goes through, where the system tells them. */
  readonly readCounters: () => Promise<Counters | undefined>;
};

export type DirectionResult = {
  readonly direction: Direction;
  readonly estimate: Estimate;
  readonly decision: Decision;
  readonly endedBy: "decision" | "cap" | "budget";
  readonly streams: number;
  /** More streams raised the sum while the line's queue stayed empty: TCP was the limit, not the line. */
  readonly isTcpLimited: boolean;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly samples: readonly Sample[];
  readonly loadedRttsMs: readonly number[];
  readonly serverSaturated: boolean;
  readonly serverRetransmits: number | undefined;
  /** Traffic of others through the interface meanwhile. */
  readonly foreignMbps: number | undefined;
};

const STREAMS = 4;
const SAMPLE_MS = 100;
const FIRST_BYTE_MS_MAX = 5_000;
const MARK_AFTER_MS = 400;
/** A full line fills its queue. While a round trip grows by less than this, something else may be the limit. */
const QUEUE_MS = 10;
/** Twice the streams must bring at least this much more before TCP counts as the limit. */
const TCP_LIMITED_GAIN = 1.05;

/**
 * Fills the line in one direction until the answer is clear, the cap is reached or the lease is used up.
 * A fail with an empty queue is checked again with twice the streams.
 * @throws ProbeError when the server refuses or is lost, or too few samples came
 */
export async function runDirection(plan: DirectionPlan, signal: AbortSignal): Promise<DirectionResult> {
  const transfer = openTransfer(plan.direction, plan.server, STREAMS, plan.bytesMax, plan.leaseBytes, signal);
  const stopPings = new AbortController();
  const loadedRttsMs: number[] = [];
  const pings = loadedRoundTrips(plan.pinger, loadedRttsMs, AbortSignal.any([signal, stopPings.signal]));
  try {
    await firstBytes(plan, transfer, signal);
    const startedMs = performance.now();
    const firstMark = markAfterRamp(plan, transfer, signal);
    const run = await sampleUntilClear(plan, transfer, loadedRttsMs, signal);
    const lastMark = await markOf(plan, transfer);
    return {
      direction: plan.direction,
      ...run,
      streams: transfer.streams,
      bytes: transfer.progress().bytes,
      elapsedMs: performance.now() - startedMs,
      loadedRttsMs,
      serverSaturated: transfer.server.saturated,
      serverRetransmits: transfer.server.retransmits,
      foreignMbps: foreignMbps(plan.direction, await firstMark, lastMark),
    };
  } finally {
    transfer.stop();
    stopPings.abort();
    await pings;
  }
}

/** The first mark lies behind slow start: what is under way in the line is then the same at both marks. */
async function markAfterRamp(plan: DirectionPlan, transfer: Transfer, signal: AbortSignal): Promise<Mark | undefined> {
  const [waited] = await Promise.allSettled([sleep(MARK_AFTER_MS, undefined, { signal })]);
  return waited.status === "fulfilled" ? markOf(plan, transfer) : undefined;
}

async function markOf({ readCounters }: DirectionPlan, transfer: Transfer): Promise<Mark | undefined> {
  const startedMs = performance.now();
  const counters = await readCounters();
  // A system that answers late tells of another moment than our own count.
  if (!counters || performance.now() - startedMs > SAMPLE_MS) return undefined;
  return { counters, progress: transfer.progress() };
}

async function firstBytes({ direction, server }: DirectionPlan, transfer: Transfer, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  while (transfer.progress().bytes === 0) {
    if (performance.now() - startedMs > FIRST_BYTE_MS_MAX)
      throw new ProbeError("timeout", `measure server ${server.id}: no byte of the ${direction} arrived within ${FIRST_BYTE_MS_MAX} ms`);
    await Promise.race([sleep(10, undefined, { signal }), transfer.ended]);
  }
}

type Sampled = Pick<DirectionResult, "estimate" | "decision" | "endedBy" | "isTcpLimited" | "samples">;

async function sampleUntilClear(plan: DirectionPlan, transfer: Transfer, loadedRttsMs: readonly number[], signal: AbortSignal): Promise<Sampled> {
  const all: Sample[] = [];
  let window: Sample[] = [];
  let beforeMbps: number | undefined;
  let endedBy: Sampled["endedBy"] = "cap";
  let isOver = false;
  const over = transfer.ended.then(() => {
    isOver = true;
  });
  const startedMs = performance.now();
  let last = transfer.progress();
  while (performance.now() - startedMs < plan.capMs) {
    await Promise.race([sleep(SAMPLE_MS, undefined, { signal }), over]);
    // When this PC was late, bytes are waiting: they belong to this sample, so the loop reads them first.
    await afterPendingReads();
    const now = transfer.progress();
    if (isOver || now.bytes >= plan.bytesMax * USED_UP_SHARE) {
      endedBy = "budget";
      break;
    }
    // The server's counter may not have moved on yet; the next sample covers both.
    if (now.atMs - last.atMs < SAMPLE_MS / 2) continue;
    const sample = { ms: now.atMs - last.atMs, bytes: now.bytes - last.bytes };
    last = now;
    all.push(sample);
    window.push(sample);
    const clear = mayStop(window, plan.floorMbps);
    if (
      beforeMbps === undefined &&
      clear?.verdict !== "pass" &&
      isRipe(window) &&
      queueMs(plan, loadedRttsMs) < QUEUE_MS &&
      (clear || plan.floorMbps === undefined)
    ) {
      beforeMbps = estimate(window)?.linkMbps;
      transfer.addStreams(STREAMS);
      window = [];
    } else if (clear) {
      endedBy = "decision";
      break;
    }
  }
  const found = estimate(window) ?? estimate(all) ?? (endedBy === "budget" ? atLeast(all, plan.floorMbps) : undefined);
  if (!found) throw tooFewSamples(plan, all.length, endedBy);
  const isTcpLimited = beforeMbps !== undefined && found.linkMbps > beforeMbps * TCP_LIMITED_GAIN;
  return { estimate: found, decision: decisionOf(found, plan.floorMbps), endedBy, isTcpLimited, samples: all };
}

function tooFewSamples({ direction, server }: DirectionPlan, count: number, endedBy: Sampled["endedBy"]): Error {
  if (endedBy === "budget") return new ProbeSkip("budget", `the lease's bytes were used up after ${count} samples of the ${direction}`);
  return new ProbeError("timeout", `measure server ${server.id}: only ${count} samples of the ${direction} came before the end`);
}

function isRipe(samples: readonly Sample[]): boolean {
  const found = estimate(samples);
  return found !== undefined && samples.slice(found.warmupSamples).reduce((sum, { ms }) => sum + ms, 0) >= DECISION_MS_MIN;
}

/** How much longer a round trip takes now than on the idle line: the queue that the test has built. */
function queueMs({ idleRttMs }: DirectionPlan, loadedRttsMs: readonly number[]): number {
  return (median(loadedRttsMs.slice(-10)) ?? idleRttMs) - idleRttMs;
}

/** Without a floor there is nothing to pass or fail. */
function decisionOf(found: Estimate, floorMbps: number | undefined): Decision {
  return floorMbps === undefined ? { verdict: "borderline", leans: "pass", ...interval(found) } : compare(found, floorMbps);
}

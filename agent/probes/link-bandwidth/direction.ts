import { setImmediate as afterPendingReads, setTimeout as sleep } from "node:timers/promises";
import { ProbeError, ProbeSkip } from "../../probe.ts";
import { headerFactorOf, type Server } from "./connection.ts";
import { atLeast, type Estimate, estimate, interval, type Sample, spanMs } from "./estimator.ts";
import { type Foreign, foreignOf, type Mark, withForeign } from "./foreign.ts";
import { isQueueInLan, type LanTrips } from "./lan.ts";
import { loadedRoundTrips, type Pinger } from "./latency.ts";
import { isQueueStanding, isTcpLimited, lossShare, type RoundTrip, type Stage } from "./limit.ts";
import { compare, type Decision, isClear, isProven, type RunEnd, ripeEstimate } from "./sequential.ts";
import type { Counters } from "./surroundings.ts";
import { type Direction, openTransfer, type Transfer, USED_UP_SHARE } from "./transfer.ts";

export type DirectionPlan = {
  readonly direction: Direction;
  readonly server: Server;
  readonly pinger: Pinger;
  readonly floorMbps: number | undefined;
  readonly capMs: number;
  /** Full-length test: how long the direction has to carry before a pass may end it. */
  readonly passMs: number | undefined;
  readonly bytesMax: number;
  /** The whole lease, both directions together. */
  readonly leaseBytes: number;
  readonly idleRttMs: number;
  /** Absent where the router of this LAN does not answer. */
  readonly lan: LanTrips | undefined;
  /** Told at the end, however it ends: what of the lease was used. */
  readonly spend: (bytes: number) => void;
  /** Those of before the test. */
  readonly idleCounters: Counters | undefined;
  /** Octet counters of the interface that the test goes through, where the system tells them. */
  readonly readCounters: () => Promise<Counters | undefined>;
  /** Segments that this PC sent again until now. */
  readonly resentSegments: () => number | undefined;
};

export type DirectionResult = {
  readonly direction: Direction;
  /** Of the line: what others took meanwhile is added where it is known. */
  readonly estimate: Estimate;
  readonly decision: Decision;
  readonly endedBy: RunEnd;
  readonly streams: number;
  /** TCP was the limit and not the line. */
  readonly isTcpLimited: boolean;
  /** The queue stood before the router: the LAN was the limit and not the line. */
  readonly isLanLimited: boolean;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** As it was planned. */
  readonly passMs: number | undefined;
  /** How long the line carried, slow start included. */
  readonly carriedMs: number;
  readonly samples: readonly Sample[];
  readonly loadedRttsMs: readonly number[];
  /** To the router of this LAN; empty where it does not answer. */
  readonly routerRttsMs: readonly number[];
  /** Share of segments that were sent again, slow start left out; undefined where the sender's system does not tell. */
  readonly lossShare: number | undefined;
  readonly serverSaturated: boolean;
  /** Traffic of others meanwhile. */
  readonly foreign: Foreign | undefined;
};

const STREAMS = 4;
/** Added before a fail is believed. */
const STREAMS_MORE = 8;
const SAMPLE_MS = 100;
const FIRST_BYTE_MS_MAX = 5_000;
const MARK_AFTER_MS = 400;
/** A line that is only slow always carries something, and be it the server's word: after so long nobody knows who stopped. */
const SILENCE_MS_MAX = 1_000;

/**
 * Fills the line in one direction until the answer is clear, the cap is reached or the lease is used up.
 * A fail is believed only with the line's queue standing full; else it is checked once more with three times the streams.
 * @throws ProbeError when the server refuses or is lost, or too few samples came; ProbeSkip lease_used when the lease's bytes ended before anything was sure
 */
export async function runDirection(plan: DirectionPlan, signal: AbortSignal): Promise<DirectionResult> {
  const headerFactor = headerFactorOf(plan.server);
  const transfer = openTransfer(plan.direction, plan.server, STREAMS, plan.bytesMax, plan.leaseBytes, signal);
  const stopPings = new AbortController();
  const [trips, routerTrips]: [RoundTrip[], RoundTrip[]] = [[], []];
  const stopped = AbortSignal.any([signal, stopPings.signal]);
  const pings = Promise.all([loadedRoundTrips(plan.pinger, trips, stopped), plan.lan?.sample(routerTrips, stopped)]);
  try {
    await firstBytes(plan, transfer, signal);
    const startedMs = performance.now();
    const firstMark = markAfterRamp(plan, transfer, signal);
    const { estimate: own, ...run } = await sampleUntilClear(plan, transfer, trips, signal);
    const lastMark = await markOf(plan, transfer);
    const foreign = foreignOf(plan.direction, headerFactor, { idle: plan.idleCounters, ramped: await firstMark, last: lastMark });
    const estimate = withForeign(own, foreign);
    const grown = (all: readonly RoundTrip[], idleMs: number) => all.filter(({ atMs }) => atMs >= startedMs + MARK_AFTER_MS).map(({ rttMs }) => rttMs - idleMs);
    // Without a floor there is nothing to pass or fail.
    const decision: Decision =
      plan.floorMbps === undefined ? { verdict: "borderline", leans: "pass", ...interval(estimate) } : compare(estimate, plan.floorMbps);
    return {
      direction: plan.direction,
      ...run,
      estimate,
      decision: isProven(decision, run.endedBy, run.samples, plan.floorMbps) ? decision : { ...decision, verdict: "borderline" },
      isLanLimited: plan.lan !== undefined && isQueueInLan(grown(routerTrips, plan.lan.idleRttMs), grown(trips, plan.idleRttMs)),
      streams: transfer.streams,
      bytes: transfer.progress().bytes,
      elapsedMs: performance.now() - startedMs,
      passMs: plan.passMs,
      carriedMs: spanMs(run.samples),
      loadedRttsMs: trips.map(({ rttMs }) => rttMs),
      routerRttsMs: routerTrips.map(({ rttMs }) => rttMs),
      serverSaturated: transfer.server.saturated,
      foreign,
    };
  } finally {
    plan.spend(transfer.progress().bytes);
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

async function markOf({ readCounters, resentSegments }: DirectionPlan, transfer: Transfer): Promise<Mark | undefined> {
  const startedMs = performance.now();
  const counters = await readCounters();
  // A system that answers late tells of another moment than our own count.
  if (!counters || performance.now() - startedMs > SAMPLE_MS) return undefined;
  return { counters, progress: transfer.progress(), resent: resentSegments() };
}

async function firstBytes({ direction, server }: DirectionPlan, transfer: Transfer, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  while (transfer.progress().bytes === 0) {
    if (performance.now() - startedMs > FIRST_BYTE_MS_MAX)
      throw new ProbeError("timeout", `measure server ${server.id}: no byte of the ${direction} arrived within ${FIRST_BYTE_MS_MAX} ms`);
    await Promise.race([sleep(10, undefined, { signal }), transfer.ended]);
  }
}

type Sampled = Pick<DirectionResult, "estimate" | "endedBy" | "isTcpLimited" | "lossShare" | "samples">;

async function sampleUntilClear(plan: DirectionPlan, transfer: Transfer, trips: readonly RoundTrip[], signal: AbortSignal): Promise<Sampled> {
  const { floorMbps, passMs } = plan;
  const isFullLength = passMs !== undefined;
  const headerFactor = headerFactorOf(plan.server);
  const all: Sample[] = [];
  let window: Sample[] = [];
  let few: (Stage & { readonly estimate: Estimate }) | undefined;
  let endedBy: Sampled["endedBy"] = "cap";
  let end: Sample[] = [];
  for await (const { isLast, ...sample } of samplesOf(plan, transfer, signal)) {
    if (isLast) {
      end = [sample];
      endedBy = "budget";
      break;
    }
    all.push(sample);
    window.push(sample);
    const ripe = ripeEstimate(window, headerFactor, isFullLength);
    if (!ripe) continue;
    const verdict = floorMbps === undefined ? undefined : compare(ripe, floorMbps).verdict;
    if (verdict !== undefined && !isClear(verdict, all, passMs)) continue;
    const stage = stageOf(plan, window, ripe, trips);
    if (verdict !== "pass" && few === undefined && !isQueueStanding(stage.queuesMs)) {
      few = { ...stage, estimate: ripe };
      transfer.addStreams(STREAMS_MORE);
      window = [];
    } else if (verdict !== undefined) {
      endedBy = "decision";
      break;
    }
  }
  const last = ripeEstimate(window, headerFactor, isFullLength) ?? (few === undefined ? estimate(window, headerFactor, isFullLength) : undefined);
  const carried = [...all, ...end];
  const found =
    last ?? few?.estimate ?? estimate(all, headerFactor, isFullLength) ?? (endedBy === "budget" ? atLeast(carried, floorMbps, headerFactor) : undefined);
  if (!found) throw tooFewSamples(plan, all.length, endedBy);
  const many = last && stageOf(plan, window, last, trips);
  return {
    estimate: found,
    endedBy,
    samples: carried,
    lossShare: lossShare((many ?? few)?.samples ?? all, Number.POSITIVE_INFINITY),
    isTcpLimited: few !== undefined && many !== undefined && isTcpLimited(few, many),
  };
}

/** What came in since the last sample, about every 100 ms, until the cap; the last one, of any length, ends with the lease's bytes. */
async function* samplesOf(plan: DirectionPlan, transfer: Transfer, signal: AbortSignal): AsyncGenerator<Sample & { readonly isLast: boolean }> {
  let isOver = false;
  const over = transfer.ended.then(() => {
    isOver = true;
  });
  const resentNow = () => (plan.direction === "download" ? transfer.server.resent : plan.resentSegments());
  const startedMs = performance.now();
  let last = { ...transfer.progress(), resent: resentNow() };
  while (performance.now() - startedMs < plan.capMs) {
    await Promise.race([sleep(SAMPLE_MS, undefined, { signal }), over]);
    // When this PC was late, bytes are waiting: they belong to this sample, so the loop reads them first.
    await afterPendingReads();
    const now = { ...transfer.progress(), resent: resentNow() };
    const isLast = isOver || now.bytes >= plan.bytesMax * USED_UP_SHARE;
    if (!isLast && performance.now() - transfer.heardMs > SILENCE_MS_MAX)
      throw new ProbeError("server_lost", `measure server ${plan.server.id}: nothing came any more in the middle of the ${plan.direction}`);
    // The server's counter may not have moved on yet; the next sample covers both.
    if (!isLast && now.atMs - last.atMs < SAMPLE_MS / 2) continue;
    const resent = now.resent === undefined || last.resent === undefined ? undefined : now.resent - last.resent;
    yield { ms: now.atMs - last.atMs, bytes: now.bytes - last.bytes, resent, isLast };
    if (isLast) return;
    last = now;
  }
}

function tooFewSamples({ direction, server }: DirectionPlan, count: number, endedBy: Sampled["endedBy"]): Error {
  if (endedBy === "budget") return new ProbeSkip("lease_used", `the lease's bytes were used up after ${count} samples of the ${direction}`);
  return new ProbeError("timeout", `measure server ${server.id}: only ${count} samples of the ${direction} came before the end`);
}

/** The part of a run that the window's samples cover, as it looks now. */
function stageOf({ idleRttMs }: DirectionPlan, window: readonly Sample[], { warmupSamples, linkMbps }: Estimate, trips: readonly RoundTrip[]): Stage {
  const samples = window.slice(warmupSamples);
  const fromMs = performance.now() - samples.reduce((sum, { ms }) => sum + ms, 0);
  return { linkMbps, samples, queuesMs: trips.filter(({ atMs }) => atMs >= fromMs).map(({ rttMs }) => rttMs - idleRttMs) };
}

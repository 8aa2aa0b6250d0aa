import type { Evidence } from "#schemas/observation.ts";
import type { Server } from "./connection.ts";
import type { DirectionResult } from "./direction.ts";
import { rateMbps } from "./estimator.ts";
import type { Circumstances } from "./excuse.ts";

type Json = Evidence[string];
type Idle = { readonly rttsMs: readonly number[]; readonly foreignMbps: number | undefined };

/** Pure. What a provider must accept: every sample, the interval, the method, what else could have been the limit. */
export function evidenceOf(server: Server, circumstances: Circumstances, idle: Idle, results: readonly DirectionResult[]): Evidence {
  const { floorMbps, nicSpeedMbps, medium, loopBusyShare, hostBusyShare, loopDelayMs, isProxied, isTunnel } = circumstances;
  return {
    server: { id: server.id, address: server.address },
    ...(floorMbps !== undefined && { floorMbps }),
    nic: { medium, ...(nicSpeedMbps !== undefined && { speedMbps: nicSpeedMbps }) },
    load: { loop: round(loopBusyShare), host: round(hostBusyShare), delayMs: round(loopDelayMs) },
    ...(isProxied && { proxied: true }),
    ...(isTunnel && { tunnel: true }),
    idle: { rttsMs: idle.rttsMs.map(round), ...(idle.foreignMbps !== undefined && { foreignMbps: round(idle.foreignMbps) }) },
    ...Object.fromEntries(results.map((result) => [result.direction, directionEvidence(result, floorMbps)])),
  };
}

function directionEvidence(result: DirectionResult, floorMbps: number | undefined): Json {
  const { estimate, decision, endedBy, streams, isTcpLimited, bytes, elapsedMs, passMs, carriedMs, samples, loadedRttsMs, lossShare } = result;
  const { serverSaturated, foreign, routerRttsMs, isLanLimited } = result;
  return {
    ...(floorMbps !== undefined && { verdict: decision.verdict, leans: decision.leans }),
    // A run that stopped at a clear pass saw only the line's first second: shapers often let that pass faster.
    isLowerBound: endedBy !== "cap" && decision.verdict === "pass" && carriedMs < (passMs ?? Number.POSITIVE_INFINITY),
    ...(passMs !== undefined && { passMs }),
    ...(estimate.fell !== undefined && { fell: true }),
    lowMbps: round(decision.lowMbps),
    highMbps: round(decision.highMbps),
    warmupSamples: estimate.warmupSamples,
    samplesUsed: estimate.samples,
    samplesMbps: samples.map((sample) => round(rateMbps(sample))),
    samplesMs: samples.map(({ ms }) => Math.round(ms)),
    endedBy,
    streams,
    elapsedMs: Math.round(elapsedMs),
    carriedMs: Math.round(carriedMs),
    bytes,
    loadedRttsMs: loadedRttsMs.map(round),
    ...(routerRttsMs.length > 0 && { routerRttsMs: routerRttsMs.map(round) }),
    ...(isLanLimited && { lanLimited: true }),
    ...(isTcpLimited && { tcpLimited: true }),
    ...(serverSaturated && { serverSaturated: true }),
    ...(lossShare !== undefined && { lossPercent: Math.round(lossShare * 1e5) / 1e3 }),
    ...(foreign && { foreignMbps: round(foreign.mostMbps), foreignLeastMbps: round(foreign.leastMbps) }),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

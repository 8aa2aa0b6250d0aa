/** Figures of one burst. Times are absent when nothing came back; jitter needs two answers. */
export type BurstStatistics = {
  readonly lossPercent: number;
  readonly rttMinMs?: number;
  readonly rttAvgMs?: number;
  readonly rttP95Ms?: number;
  readonly rttMaxMs?: number;
  readonly jitterMs?: number;
};

/**
 * Pure. `rttsMs` are the answers in the order of sending, at most `sent` of them.
 * p95 is the nearest rank; jitter is the mean difference of neighbouring round trips (RFC 3550 §6.4.1 without its smoothing).
 */
export function burstStatistics(sent: number, rttsMs: readonly number[]): BurstStatistics {
  const received = Math.min(rttsMs.length, sent);
  const lossPercent = sent === 0 ? 0 : round(((sent - received) / sent) * 100);
  const sorted = [...rttsMs].sort((a, b) => a - b);
  const [min, max, p95] = [sorted[0], sorted.at(-1), sorted[Math.ceil(sorted.length * 0.95) - 1]];
  if (min === undefined || max === undefined || p95 === undefined) return { lossPercent };
  const steps = rttsMs.slice(1).map((rtt, index) => Math.abs(rtt - (rttsMs[index] ?? rtt)));
  return {
    lossPercent,
    rttMinMs: round(min),
    rttAvgMs: round(mean(rttsMs)),
    rttP95Ms: round(p95),
    rttMaxMs: round(max),
    ...(steps.length > 0 && { jitterMs: round(mean(steps)) }),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

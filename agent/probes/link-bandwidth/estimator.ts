/** Application bytes that arrived in one sample of about 100 ms, and how many segments were sent again meanwhile, where the sender's system tells. */
export type Sample = { readonly ms: number; readonly bytes: number; readonly resent?: number | undefined };

/** What the samples after slow start say about the line. Rates are link rates (headers included) unless named goodput. */
export type Estimate = {
  readonly warmupSamples: number;
  readonly samples: number;
  readonly goodputMbps: number;
  readonly linkMbps: number;
  /** Standard error of the link rate, inflated because neighbouring samples are not independent. */
  readonly standardErrorMbps: number;
  /** The line may carry up to this, where more is possible than the interval around the estimate says. */
  readonly upToMbps?: number;
  /** The rate fell for good, and the estimate is of what it fell to; up to this when somebody else began to load the line. */
  readonly fell?: { readonly upToMbps: number };
};

/** Slow start is over by then, whatever the samples look like. */
const WARMUP_SAMPLES_MAX = 10;
/** A sample that is still more than this above the two before it is slow start. */
const RAMP = 1.1;
/** A sample below this share of the best two neighbours so far is a dip of the ramp, not its end. */
const NEAR_BEST = 0.78;
/** A sample below this share of the middle one, with more than the middle right behind it, was a stall. */
const DIP = 0.93;
const SURGE = 1.03;
/** Most samples that one stall may last: a lost segment comes again within a round trip of a full queue. */
const STALL_SAMPLES_MAX = 4;
/** A rate that falls below this share of what it was, and stays there, fell for good. */
const DROP = 0.8;
/** Samples on either side of a drop, and the share of either that may lie on the wrong one. */
const DROP_SAMPLES_MIN = 2;
/** A full-length test has enough samples to tell a smaller drop, too. */
const SMALL_DROP = 0.95;
const SMALL_DROP_SAMPLES_MIN = 10;
/** In a full-length test what the rate fell to for so long is the line's own. */
const FALLEN_MS_MIN = 3_000;
/** Where the samples waver too much to tell a fall, the last of a full-length test speak for its end. */
const END_SAMPLES = 20;
const DROP_STRAYS = 0.1;
// Measured on a shaped line: neighbouring samples share a queue, so they say less than independent ones would.
const ERROR_INFLATION = 1.5;
/** No estimate is surer than this share of its mean: clocks, headers, shapers. */
const ERROR_FLOOR = 0.004;
/** Half width of the interval in standard errors. */
const Z = 3;

/** Rate of one sample in Mbps of application bytes. */
export function rateMbps({ ms, bytes }: Sample): number {
  return ms > 0 ? (bytes * 8) / (ms * 1000) : 0;
}

/**
 * How many samples at the beginning are slow start: the first one counts that is no longer more than 10 % above the two before it
 * and near the best so far; at the latest the eleventh. undefined while slow start goes on.
 */
export function warmupSamples(samples: readonly Sample[]): number | undefined {
  const rates = samples.map(rateMbps);
  let best = 0;
  for (const [index, rate] of rates.entries()) {
    if (index >= WARMUP_SAMPLES_MAX) return WARMUP_SAMPLES_MAX;
    const [before, last] = [rates[index - 2], rates[index - 1]];
    const isFlat = before !== undefined && last !== undefined && rate <= RAMP * ((before + last) / 2);
    // Two neighbours: what a stall held back comes at once and says nothing about the line.
    best = Math.max(best, last === undefined ? 0 : (last + rate) / 2);
    if (isFlat && rate >= NEAR_BEST * best && rate > 0) return index;
  }
  return undefined;
}

/**
 * Joins each dip with the surge right behind it. TCP hands bytes over in order, so a lost segment holds back all that arrived after it,
 * and a process that was not scheduled finds all of it later: such bytes were late for us, not slow on the line.
 * The sums of bytes and time stay what they were.
 */
export function joinStalls(samples: readonly Sample[]): Sample[] {
  const rates = samples.map(rateMbps).sort((a, b) => a - b);
  const middle = rates[Math.floor(rates.length / 2)] ?? 0;
  const joined: Sample[] = [];
  let stalled = 0;
  for (const sample of samples) {
    const before = joined.at(-1);
    const isSurge = rateMbps(sample) > SURGE * middle;
    const isOwed = before !== undefined && rateMbps(before) < (stalled > 0 ? 1 : DIP) * middle;
    if (before && isOwed && isSurge && stalled < STALL_SAMPLES_MAX - 1) {
      joined[joined.length - 1] = { ms: before.ms + sample.ms, bytes: before.bytes + sample.bytes };
      stalled++;
    } else {
      joined.push(sample);
      stalled = 0;
    }
  }
  return joined;
}

/**
 * The samples behind the point where the rate fell for good; undefined where it did not. A token bucket lets the first bytes pass faster than the line
 * goes on to carry (PowerBoost), so what came before says nothing of the line; but somebody else who begins to load it looks the same.
 */
export function afterDrop(samples: readonly Sample[], drop = DROP, samplesMin = DROP_SAMPLES_MIN): readonly Sample[] | undefined {
  const rates = samples.map(rateMbps);
  let found: { readonly index: number; readonly spread: number } | undefined;
  for (let index = samplesMin; index <= rates.length - samplesMin; index++) {
    const [before, after] = [rates.slice(0, index), rates.slice(index)];
    const [high, low] = [mean(before), mean(after)];
    const middle = (high + low) / 2;
    const isApart =
      before.filter((rate) => rate < middle).length <= DROP_STRAYS * before.length &&
      after.filter((rate) => rate > middle).length <= DROP_STRAYS * after.length;
    // Between-group variance: greatest where the two parts are told apart best.
    const spread = before.length * after.length * (high - low) ** 2;
    if (low < drop * high && isApart && spread > (found?.spread ?? 0)) found = { index, spread };
  }
  return found && samples.slice(found.index);
}

function slowerEnd(samples: readonly Sample[]): readonly Sample[] | undefined {
  if (samples.length < 2 * END_SAMPLES) return undefined;
  const end = samples.slice(-END_SAMPLES);
  return mean(end.map(rateMbps)) < SMALL_DROP * mean(samples.map(rateMbps)) ? end : undefined;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The interval that the line's rate lies in. */
export function interval({ linkMbps, standardErrorMbps, upToMbps = 0 }: Estimate): { lowMbps: number; highMbps: number } {
  return { lowMbps: Math.max(0, linkMbps - Z * standardErrorMbps), highMbps: Math.max(upToMbps, linkMbps + Z * standardErrorMbps) };
}

/**
 * The line's rate from samples of four or more parallel streams: slow start trimmed, plain mean of the rest by bytes and time.
 * Percentiles and "best second" flatter the line by 5 to 50 %. Where the rate fell for good, what it fell to counts, and what it was is possible.
 * `headerFactor`: bytes on the wire for each byte of the stream. `isFullLength`: a smaller fall counts, and once what it fell to has lasted, what it was
 * is possible no more. undefined until two samples after slow start are there.
 */
export function estimate(samples: readonly Sample[], headerFactor: number, isFullLength = false): Estimate | undefined {
  const warmup = warmupSamples(samples);
  if (warmup === undefined || samples.length < warmup + 2) return undefined;
  const kept = joinStalls(samples.slice(warmup));
  if (kept.length < 2) return undefined;
  const whole = meanOf(kept, warmup, headerFactor);
  const drop = afterDrop(kept) ?? (isFullLength ? afterDrop(kept, SMALL_DROP, SMALL_DROP_SAMPLES_MIN) : undefined);
  const dropped = drop ?? (isFullLength ? slowerEnd(kept) : undefined);
  if (!dropped) return whole;
  const isOwn = isFullLength && drop !== undefined && spanMs(drop) >= FALLEN_MS_MIN;
  const fell = { upToMbps: interval(whole).highMbps };
  return { ...meanOf(dropped, warmup, headerFactor), fell, ...(!isOwn && fell) };
}

function meanOf(kept: readonly Sample[], warmup: number, headerFactor: number): Estimate {
  const total = kept.reduce((sum, { ms, bytes }) => ({ ms: sum.ms + ms, bytes: sum.bytes + bytes }), { ms: 0, bytes: 0 });
  const goodputMbps = rateMbps(total);
  // Weighted by time: a late timer makes one long sample, not one fast one.
  const variance = kept.reduce((sum, sample) => sum + (sample.ms / total.ms) * (rateMbps(sample) - goodputMbps) ** 2, 0) * (kept.length / (kept.length - 1));
  const standardError = Math.max(ERROR_INFLATION * Math.sqrt(variance / kept.length), ERROR_FLOOR * goodputMbps);
  return {
    warmupSamples: warmup,
    samples: kept.length,
    goodputMbps,
    linkMbps: goodputMbps * headerFactor,
    standardErrorMbps: standardError * headerFactor,
  };
}

/** How long the samples took together, ms. */
export function spanMs(samples: readonly Sample[]): number {
  return samples.reduce((sum, { ms }) => sum + ms, 0);
}

/** What all samples together moved, application bytes. */
export function megabits(samples: readonly Sample[]): number {
  return samples.reduce((sum, { bytes }) => sum + bytes * 8, 0) / 1e6;
}

/**
 * What a transfer shows that used up its bytes before the line could be estimated: at least the plain mean, slow start included.
 * Only when it moved what the floor moves in a second, in less than that; undefined else, and without a floor.
 */
export function atLeast(samples: readonly Sample[], floorMbps: number | undefined, headerFactor: number): Estimate | undefined {
  const total = samples.reduce((sum, { ms, bytes }) => ({ ms: sum.ms + ms, bytes: sum.bytes + bytes }), { ms: 0, bytes: 0 });
  if (floorMbps === undefined || megabits(samples) < floorMbps || total.ms >= 1_000) return undefined;
  const goodputMbps = rateMbps(total);
  const linkMbps = goodputMbps * headerFactor;
  return { warmupSamples: 0, samples: samples.length, goodputMbps, linkMbps, standardErrorMbps: ERROR_FLOOR * linkMbps };
}

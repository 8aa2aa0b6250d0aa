/**
 * Arithmetic of recorded time. Pure: half-open intervals [startMs, endMs) in UTC, ms since the epoch.
 * All functions take and give merged lists (sorted, disjoint) unless they say otherwise.
 */
export type Interval = { readonly startMs: number; readonly endMs: number };

const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** A recorder that claims data of before 2015 recorded it before its clock was set. */
export const EARLIEST_PLAUSIBLE_MS = Date.UTC(2015, 0, 1);

/** What is left of a raw list: plausible intervals, and how many were dropped for an impossible time. */
export type Plausible = { readonly intervals: readonly Interval[]; readonly dropped: number };

/** How far ahead the end of a file may stand that is still being written: some recorders note the planned end, and pack two hours at most. */
const PLANNED_MS = 2 * 3_600_000;

/**
 * Drops intervals that begin before 2015, end in the future (beyond `latestMs`) or end before they begin. One that has begun and is planned to end
 * later is recorded until `latestMs`. Takes any list.
 */
export function plausible(raw: readonly Interval[], latestMs: number): Plausible {
  const intervals = raw.flatMap(({ startMs, endMs }) => {
    const isOpen = startMs < latestMs && endMs > latestMs && endMs <= latestMs + PLANNED_MS;
    const cut = { startMs, endMs: isOpen ? latestMs : endMs };
    return startMs >= EARLIEST_PLAUSIBLE_MS && cut.endMs <= latestMs && startMs < cut.endMs ? [cut] : [];
  });
  return { intervals, dropped: raw.length - intervals.length };
}

/** Sorts and joins intervals that overlap or lie at most `gapMs` apart. Takes any list. */
export function merge(raw: readonly Interval[], gapMs = 0): Interval[] {
  const merged: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of raw.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last && startMs - last.endMs <= gapMs) last.endMs = Math.max(last.endMs, endMs);
    else merged.push({ startMs, endMs });
  }
  return merged;
}

/** The parts that lie inside a window. */
export function clip(intervals: readonly Interval[], window: Interval): Interval[] {
  return intervals.flatMap(({ startMs, endMs }) => {
    const part = { startMs: Math.max(startMs, window.startMs), endMs: Math.min(endMs, window.endMs) };
    return part.startMs < part.endMs ? [part] : [];
  });
}

/** Sum of lengths, ms. */
export function lengthMs(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}

/** Recorded share of a window, 0 to 100 %. An empty window counts as fully recorded. */
export function coveragePercent(intervals: readonly Interval[], window: Interval): number {
  const whole = window.endMs - window.startMs;
  return whole <= 0 ? 100 : (100 * lengthMs(clip(intervals, window))) / whole;
}

/** The holes of a window, in order; the parts before the first and after the last interval count too. */
export function gapsOf(intervals: readonly Interval[], window: Interval): Interval[] {
  const gaps: Interval[] = [];
  let atMs = window.startMs;
  for (const { startMs, endMs } of clip(intervals, window)) {
    if (startMs > atMs) gaps.push({ startMs: atMs, endMs: startMs });
    atMs = Math.max(atMs, endMs);
  }
  if (atMs < window.endMs) gaps.push({ startMs: atMs, endMs: window.endMs });
  return gaps;
}

/** Length of the longest of some intervals, minutes; 0 for none. */
export function longestMinutes(intervals: readonly Interval[]): number {
  return intervals.reduce((longest, { startMs, endMs }) => Math.max(longest, endMs - startMs), 0) / MINUTE_MS;
}

/**
 * Recorded minutes of each calendar day, oldest first; the last entry is the day of `nowMs`.
 * @param zoneMs how far the calendar of the place is ahead of UTC
 */
export function minutesPerDay(intervals: readonly Interval[], nowMs: number, zoneMs: number, days: number): number[] {
  const firstMs = Math.floor((nowMs + zoneMs) / DAY_MS) * DAY_MS - zoneMs - (days - 1) * DAY_MS;
  const sums = new Array<number>(days).fill(0);
  for (const { startMs, endMs } of clip(intervals, { startMs: firstMs, endMs: firstMs + days * DAY_MS })) {
    for (let atMs = startMs; atMs < endMs; ) {
      const day = Math.floor((atMs - firstMs) / DAY_MS);
      const untilMs = Math.min(endMs, firstMs + (day + 1) * DAY_MS);
      sums[day] = (sums[day] ?? 0) + untilMs - atMs;
      atMs = untilMs;
    }
  }
  return sums.map((ms) => Math.round(ms / MINUTE_MS));
}

/**
 * True when recordings look made by motion, not by the clock: many short pieces a day that leave much of it out.
 * ONVIF has no word for the mode, so its shape has to tell. `piecesPerDay` is the policy's number.
 */
export function looksEventDriven(intervals: readonly Interval[], window: Interval, piecesPerDay: number, coverageMin: number): boolean {
  const inside = clip(intervals, window);
  const first = inside[0];
  const last = inside.at(-1);
  if (!first || !last) return false;
  const span = { startMs: first.startMs, endMs: last.endMs };
  const days = Math.max((span.endMs - span.startMs) / DAY_MS, 1);
  return inside.length / days >= piecesPerDay && coveragePercent(inside, span) < coverageMin;
}

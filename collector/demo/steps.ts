import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { Story } from "./story.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// Batches leave and the clock of the judge strikes when the thinned runs of the morning and of the afternoon are all in: twice a working day.
const arrivals: readonly { readonly hour: number; readonly minute: number }[] = [
  { hour: 9, minute: 40 },
  { hour: 16, minute: 40 },
];
const CLOSE_UP_MINUTES = 20;

/** Instants to which the virtual clock moves, from `fromMs` (not included) to the moment of the demo, in order. */
export function historySteps(story: Story, fromMs: number): readonly number[] {
  const steps = new Set<number>([story.anchorMs]);
  for (let dayMs = vietnamDayStartMs(vietnamDay(fromMs)); dayMs <= story.anchorMs; dayMs += DAY_MS) {
    for (const { hour, minute } of arrivals) steps.add(dayMs + hour * HOUR_MS + minute * MINUTE_MS);
  }
  for (const span of story.closeUps) {
    for (let atMs = span.fromMs; atMs < Math.min(span.toMs, story.anchorMs); atMs += CLOSE_UP_MINUTES * MINUTE_MS) steps.add(atMs);
  }
  return [...steps].filter((toMs) => toMs > fromMs && toMs <= story.anchorMs).sort((a, b) => a - b);
}

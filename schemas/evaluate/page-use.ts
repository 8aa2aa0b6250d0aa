import { vietnamDay } from "../calendar.ts";
import type { DailyPages } from "../facts.ts";

const DAY_MS = 86_400_000;

/**
 * What a printer's page counter says of its use. `still`: it answered for all these days and printed nothing. `resets` counts how often the counter
 * fell, since another machine stands there or a new board counts from the beginning; pages before a fall are kept in `printed`.
 */
export type PageUse = {
  readonly state: "used" | "still" | "unknown";
  readonly printed: number;
  /** First day that is known, and the day from which the present counter is known. */
  readonly fromDay: string;
  readonly baseDay: string;
  readonly resets: number;
  /** The last day by whose beginning pages had been added. */
  readonly grownDay?: string;
};

/** Judges the counters of one device over the last `days` days; undefined when it never told one. Pure. */
export function pageUse(counters: readonly DailyPages[], days: number, nowMs: number): PageUse | undefined {
  const sorted = lowestByDay(counters);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return undefined;
  let [printed, resets, baseDay] = [0, 0, first.day];
  let grownDay: string | undefined;
  for (const [at, { day, pages }] of sorted.entries()) {
    const added = pages - (sorted[at - 1]?.pages ?? pages);
    if (added > 0) [printed, grownDay] = [printed + added, day];
    if (added < 0) [resets, baseDay] = [resets + 1, day];
  }
  const sinceDay = vietnamDay(nowMs - days * DAY_MS);
  const isUsed = grownDay !== undefined && grownDay >= sinceDay;
  const isStill = !isUsed && baseDay <= sinceDay && last.day > sinceDay;
  const state = isUsed ? "used" : isStill ? "still" : "unknown";
  return { state, printed, fromDay: first.day, baseDay, resets, ...(grownDay !== undefined && { grownDay }) };
}

function lowestByDay(counters: readonly DailyPages[]): readonly DailyPages[] {
  const byDay = new Map<string, DailyPages>();
  for (const counter of counters) if (counter.pages < (byDay.get(counter.day)?.pages ?? Number.POSITIVE_INFINITY)) byDay.set(counter.day, counter);
  return [...byDay.values()].sort((a, b) => a.day.localeCompare(b.day));
}

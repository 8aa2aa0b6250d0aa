import { type Calendar, isWorkingDay, vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { CentreProfile } from "./profile.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export type Span = { readonly fromMs: number; readonly toMs: number };

/** A span of real rhythm, of all probes or of some. */
export type CloseUp = Span & { readonly probes?: readonly ProbeKind[] };

/** What happens in the simulated province besides everyday life. All instants follow from the one at which the demo was made. */
export type Story = {
  readonly seed: number;
  /** When this demo was made; history ends here and live simulation goes on. */
  readonly anchorMs: number;
  /** Spans in which runs come as often as real agents make them; everywhere else history is thinned. The last one has no end. */
  readonly closeUps: readonly CloseUp[];
  readonly startMs: number;
  readonly calendar: Calendar;
  readonly portalOutage: Span & { readonly portal: string };
  readonly powerCut: Span & { readonly district: string };
  /** Centre codes whose agent stopped, and when. */
  readonly silentFromMs: ReadonlyMap<string, number>;
  /** Centres that never put an agent into service. */
  readonly neverStarted: ReadonlySet<string>;
};

/** Lays out the events: one iGate outage of 2 h, one power cut of an afternoon, two agents that fell silent, one that never came. */
export function demoStory(seed: number, anchorMs: number, historyDays: number, calendar: Calendar, province: readonly CentreProfile[], portal: string): Story {
  const outageDayMs = workingDayBefore(calendar, anchorMs, Math.min(9, historyDays - 1));
  const powerDayMs = workingDayBefore(calendar, anchorMs, Math.min(5, historyDays - 1));
  const codeAt = (share: number) => province[Math.floor(province.length * share)]?.centre.code ?? "";
  return {
    seed,
    anchorMs,
    closeUps: [
      { fromMs: outageDayMs + 8.5 * HOUR_MS, toMs: outageDayMs + 11.5 * HOUR_MS, probes: ["portal-http"] },
      { fromMs: anchorMs - 1.5 * HOUR_MS, toMs: Number.POSITIVE_INFINITY },
    ],
    startMs: vietnamDayStartMs(vietnamDay(anchorMs - historyDays * DAY_MS)),
    calendar,
    portalOutage: { portal, fromMs: outageDayMs + 9 * HOUR_MS, toMs: outageDayMs + 11 * HOUR_MS },
    powerCut: {
      district: province[Math.floor(province.length * 0.4)]?.centre.district ?? "",
      fromMs: powerDayMs + 13 * HOUR_MS,
      toMs: powerDayMs + 16.5 * HOUR_MS,
    },
    silentFromMs: new Map([
      [codeAt(0.13), anchorMs - 6 * DAY_MS],
      [codeAt(0.66), anchorMs - 2 * DAY_MS],
    ]),
    neverStarted: new Set(province.length > 20 ? [codeAt(0.95)] : []),
  };
}

/** Start of the working day that lies at least `daysBack` days before. */
function workingDayBefore(calendar: Calendar, anchorMs: number, daysBack: number): number {
  for (let back = daysBack; back < daysBack + 30; back++) {
    const day = vietnamDay(anchorMs - back * DAY_MS);
    if (isWorkingDay(calendar, day)) return vietnamDayStartMs(day);
  }
  return vietnamDayStartMs(vietnamDay(anchorMs - daysBack * DAY_MS));
}

/** Whether the centre's agent runs at that instant. */
export function isAlive(story: Story, profile: CentreProfile, atMs: number): boolean {
  const { code, district } = profile.centre;
  if (story.neverStarted.has(code)) return false;
  if (atMs >= (story.silentFromMs.get(code) ?? Number.POSITIVE_INFINITY)) return false;
  const { powerCut } = story;
  return district !== powerCut.district || atMs < powerCut.fromMs || atMs >= powerCut.toMs;
}

/** How busy the counters are, 0 to 1: the morning peak at 9, a smaller one at 14, nothing outside of working days. */
export function busyness(story: Story, atMs: number): number {
  const day = vietnamDay(atMs);
  if (!isWorkingDay(story.calendar, day)) return 0.02;
  const hour = (atMs - vietnamDayStartMs(day)) / HOUR_MS;
  const hump = (centre: number, width: number) => Math.exp(-(((hour - centre) / width) ** 2));
  return Math.min(1, hump(9.3, 1.5) + 0.7 * hump(14.6, 1.4) + 0.02);
}

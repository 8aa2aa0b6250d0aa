import { vietnamDay, vietnamDayStartMs } from "#schemas/calendar.ts";
import { type PageUse, pageUse } from "#schemas/evaluate/page-use.ts";
import type { FindingState } from "#schemas/finding.ts";
import { type DeviceRole, MAIN_POINT } from "#schemas/inventory.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { ANSWER_COUNTS_MS, type AskedHour, type DeviceBrief, isAbout } from "./device-brief.ts";
import { HISTORY_DAYS } from "./history-strip.ts";
import type { DeviceRows, Incident } from "./page-store.ts";

export const deviceStates = ["down", "unknown", "up"] as const;
export type DeviceState = (typeof deviceStates)[number];

/** The mark of a state among those of findings: the same shapes mean the same everywhere. */
export const deviceMarks: Readonly<Record<DeviceState, FindingState>> = { up: "pass", down: "fail", unknown: "unknown" };

/** Since when a state holds; `atLeast` when it held already where our knowledge begins. To the hour: that is how long answers are kept one by one. */
export type Since = { readonly at: string; readonly atLeast: boolean };

export type DeviceView = {
  readonly rows: DeviceRows;
  readonly state: DeviceState;
  readonly since?: Since;
  /** Share of the questions of each of 30 days that were answered, oldest first; undefined for days on which nobody asked. */
  readonly days: readonly (number | undefined)[];
  /** Problems of the requirements that hang on it, where it stands: it may have nothing to do with one of them. */
  readonly problems: readonly Incident[];
  /** Whether it is used, by its page counter; for devices that tell one. */
  readonly use?: PageUse;
};

const DAY_MS = 86_400_000;

/** Whether a device is there, as far as its newest answer still says so. */
export function deviceState({ answered }: DeviceBrief, nowMs: number): DeviceState {
  if (!answered || nowMs - Date.parse(answered.at) > ANSWER_COUNTS_MS) return "unknown";
  return answered.up ? "up" : "down";
}

/** Days over which use is judged where the policy does not say. */
const USE_DAYS = 14;

/** Puts what is known of one device in order for its page. Pure. */
export function deviceView(rows: DeviceRows, policy: PolicyProfile, nowMs: number): DeviceView {
  const state = deviceState(rows.device, nowMs);
  const since = sinceOf(rows, state);
  const use = pageUse(rows.pages, useDays(policy, rows.device.role), nowMs);
  return { rows, state, problems: problemsOf(rows), ...(use && { use }), days: dailyShares(rows.hours, vietnamDay(nowMs)), ...(since && { since }) };
}

function problemsOf({ incidents, findings, device: { id } }: DeviceRows): readonly Incident[] {
  const held = findings.flatMap(({ requirement, parts = [] }) =>
    parts.filter(({ subject }) => isAbout(subject, id)).map(({ point = MAIN_POINT }) => ({ requirement, point })),
  );
  return incidents.filter(({ requirement, subject = MAIN_POINT }) => held.some((one) => one.requirement === requirement && one.point === subject));
}

function useDays({ requirements }: PolicyProfile, role: DeviceRole | undefined): number {
  const asked = requirements.flatMap(({ rule }) => (rule.kind === "count" && rule.use && role && rule.roles.includes(role) ? [rule.use.days] : []));
  return asked[0] ?? USE_DAYS;
}

function sinceOf({ device, hours }: DeviceRows, state: DeviceState): Since | undefined {
  if (state === "unknown") return device.answered && { at: device.answered.at, atLeast: false };
  const last = hours.findLastIndex(({ upShare }) => (state === "up" ? upShare < 1 : upShare > 0));
  const began = hours[last + 1];
  // The hour that still runs has no rollup: a change within it began with the newest answer, as far as we know.
  if (last === hours.length - 1) return device.answered && { at: device.answered.at, atLeast: false };
  return began && { at: began.at, atLeast: last === -1 };
}

function dailyShares(hours: readonly AskedHour[], today: string): readonly (number | undefined)[] {
  const byDay = Map.groupBy(hours, ({ at }) => vietnamDay(Date.parse(at)));
  const lastMs = vietnamDayStartMs(today);
  return Array.from({ length: HISTORY_DAYS }, (_, index) => {
    const asked = byDay.get(vietnamDay(lastMs - (HISTORY_DAYS - 1 - index) * DAY_MS)) ?? [];
    return asked.length === 0 ? undefined : asked.reduce((sum, { upShare }) => sum + upShare, 0) / asked.length;
  });
}

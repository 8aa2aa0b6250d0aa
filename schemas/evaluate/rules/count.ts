import { assetLedger, type LedgerRow, ledgerStates } from "../../asset-ledger.ts";
import { endOfWorkingDayAfter, vietnamDay, vietnamDayStartMs, workingDaysBefore, workingDaysOver } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import type { FindingPart } from "../../finding.ts";
import { type Device, pointOf } from "../../inventory.ts";
import type { CountRule } from "../../policy.ts";
import { type Judgement, worstPart } from "../judgement.ts";
import { pageUse } from "../page-use.ts";
import { measuredRuns, noEvidence } from "../silence.ts";

/**
 * Enough devices of a role: required = ceil(officers x perOfficer) + fixed. A device counts when it answered on `seenDays` of the last
 * `ofWorkingDays` working days that are over, or of these and the present one: off at night, or with its officer on leave, is no fault
 * (fields/devices.md D), nor is a PC that is switched on later this morning. One machine that is declared twice counts once, and none is missing before it
 * has been declared for all of those days. With `eachRole` the roles are judged apart, and the worst is the whole.
 */
export function judgeCount(rule: CountRule, facts: Facts, nowMs: number): Judgement {
  if (!rule.eachRole) return judgeTogether(rule, facts, nowMs);
  const judged = rule.roles.map((role) => ({ role, ...judgeTogether({ ...rule, roles: [role] }, facts, nowMs) }));
  const parts = judged.map(({ role: subject, state, reason, observed, detail }): FindingPart => {
    return { subject, state, reason, ...(observed !== undefined && { observed }), ...(detail && { detail }) };
  });
  const { state } = worstPart(parts);
  const worst = judged.find((one) => one.state === state);
  if (!worst) return { state: "unknown", reason: "no_data" };
  const { role: _, validUntilMs, ...whole } = worst;
  const ends = judged.flatMap((one) => one.validUntilMs ?? []);
  return { ...whole, parts, ...(validUntilMs !== undefined && { validUntilMs: Math.min(...ends) }) };
}

function judgeTogether(rule: CountRule, facts: Facts, nowMs: number): Judgement {
  const { centre, calendar, firstContactMs } = facts;
  const frame = { unit: "devices" };
  // A centre without officers is one whose number nobody has filled in.
  if (!centre.officers && rule.perOfficer > 0) return { state: "unknown", reason: "no_denominator", ...frame };
  // 2.0000000000000004 officers' worth of scanners are two.
  const required = Math.ceil(Math.round((centre.officers ?? 0) * rule.perOfficer * 1e6) / 1e6) + rule.fixed;
  const over = workingDaysOver(calendar, nowMs, rule.ofWorkingDays);
  const days = [...new Set([...workingDaysBefore(calendar, nowMs, 1), ...over])];
  const rows = rowsOf(rule, facts, over);
  const repeated = new Set(rows.filter((row) => isRepeated(rule, centre, row)).map(({ label }) => label));
  const seen = daysSeen(rule, facts, days, repeated);
  const still = stillOnes(rule, facts, nowMs);
  const isCounted = (device: string, on: readonly string[]) => on.length >= rule.seenDays && !(rule.use?.demanded && still.has(device));
  const observed = [...seen].filter(([device, on]) => isCounted(device, on)).length;
  const declaredDevices = centre.devices.filter(({ id, role }) => rule.roles.includes(role) && !repeated.has(id));
  const detail = {
    declared: declaredDevices.length,
    officers: centre.officers ?? 0,
    seenOnce: seen.size,
    ...ledgerNumbers(rows),
    ...unusedNumber(seen, still),
  };
  const newestDay = days.find((day) => [...seen.values()].some((on) => on.includes(day)));
  const numbers = { ...frame, observed, required, detail, ...(newestDay && { observedMs: vietnamDayStartMs(newestDay) }) };

  const validUntilMs = newestDay === undefined ? nowMs : endOfWorkingDayAfter(calendar, newestDay, rule.seenDays);
  if (observed >= required && newestDay && validUntilMs < nowMs) return { state: "unknown", reason: "stale", ...numbers };
  if (observed >= required && newestDay) return { state: "pass", reason: "met", ...numbers, validUntilMs };
  const isYoung = firstContactMs === undefined || over.filter((day) => day >= vietnamDay(firstContactMs)).length < rule.seenDays;
  if (isYoung && seen.size >= required) return { state: "pending", reason: "too_young", ...numbers };
  if (declaredDevices.length < required && declaredDevices.length > 0) return { state: "fail", reason: "declared_short", ...numbers };
  if (seen.size === 0 && declaredDevices.length === 0) return { ...noEvidence(facts, rule.probe), ...numbers };
  const watchedAt = watchedDays(facts, over);
  const mayCount = [...seen].filter(([device, on]) => on.length + over.length - watchedAt(device) >= rule.seenDays).length;
  if (isYoung || mayCount >= required) return { state: "pending", reason: "too_young", ...numbers };
  // The spooler knows a USB printer by the name of its queue.
  const unseen = declaredDevices.filter(({ id, name }) => (seen.get(id) ?? seen.get(name ?? id) ?? []).length < rule.seenDays);
  const moved = unseen.filter(({ id }) => rows.some(hasMoved(id))).length;
  if (moved > 0 && observed + moved >= required) return { state: "unknown", reason: "moved", ...numbers, detail: { ...detail, moved } };
  if (unseen.some(({ address }) => address === undefined)) return { state: "unknown", reason: "declared_only", ...numbers };
  const excused = unseen.filter((device) => isNew(device, facts, days) || rows.some(hasMoved(device.id))).length;
  if (observed + excused >= required) return { state: "pending", reason: "too_young", ...numbers };
  const unwatched = unseen.filter(({ id }) => watchedAt(id) < rule.seenDays);
  const [blind] = unwatched;
  const isBlind = severalPoints(facts) ? observed + excused + unwatched.length >= required : watchedAt() < rule.seenDays;
  if (isBlind) {
    const point = severalPoints(facts) && blind ? pointOf(blind) : undefined;
    const runs = point === undefined ? facts.runs : facts.runs.filter((run) => pointOf(run) === point);
    return {
      state: "unknown",
      reason: measuredRuns(runs, rule.probe).length > 0 ? "device_offline" : "stale",
      ...numbers,
      detail: { ...detail, watched: watchedAt(blind?.id), ...(point !== undefined && { point }) },
    };
  }
  // Nor against one that was met on none of the others: its officer may have been on leave on those few.
  const neverMet = unseen.filter(({ id, name }) => over.length - watchedAt(id) >= rule.seenDays && !seen.has(id) && !seen.has(name ?? id)).length;
  if (mayCount + neverMet >= required) return { state: "pending", reason: "too_young", ...numbers };
  return declaredDevices.length >= required ? { state: "fail", reason: "not_seen", ...numbers } : { state: "fail", reason: "count_short", ...numbers };
}

function severalPoints({ points = [] }: Facts): boolean {
  return points.length > 1;
}

/**
 * On how many of some days somebody looked for a device: a day on which nothing at all answered at its reception point is one on which nobody did, and speaks
 * against no device there. What is not declared may stand at any point.
 */
function watchedDays(facts: Facts, days: readonly string[]): (device?: string) => number {
  const declared = severalPoints(facts) ? facts.centre.devices : [];
  const points = new Map([...declared.map((one) => [one.name ?? one.id, pointOf(one)] as const), ...declared.map((one) => [one.id, pointOf(one)] as const)]);
  const answered = new Set(facts.presence.flatMap(({ device, day }) => [day, `${points.get(device)} ${day}`]));
  return (device = "") => {
    const point = points.get(device);
    return days.filter((day) => answered.has(point === undefined ? day : `${point} ${day}`)).length;
  };
}

/** Printers that answer and whose page counter has stood still for the rule's days. */
function stillOnes({ use }: CountRule, { pages }: Facts, nowMs: number): ReadonlySet<string> {
  if (use === undefined) return new Set();
  const byDevice = Map.groupBy(pages, ({ device }) => device);
  return new Set([...byDevice].filter(([, counters]) => pageUse(counters, use.days, nowMs)?.state === "still").map(([device]) => device));
}

/** How many of the devices that answer print nothing. */
function unusedNumber(seen: ReadonlyMap<string, unknown>, still: ReadonlySet<string>): Record<string, number> {
  const unused = [...seen.keys()].filter((device) => still.has(device)).length;
  return unused > 0 ? { unused } : {};
}

/** The rows of the asset ledger that speak of the rule's roles. */
function rowsOf({ roles }: CountRule, { centre, presence, found }: Facts, days: readonly string[]): readonly LedgerRow[] {
  const rows = assetLedger({ declared: centre.devices, found, seen: presence, sinceDay: days.at(-1) ?? "" });
  return rows.filter(({ role }) => roles.includes(role));
}

/** A machine that prints and copies may be declared as both, and counts once where both are asked for; a PC serves either officers or citizens. */
function isRepeated({ roles }: CountRule, { devices }: Facts["centre"], { state, sameAs, role }: LedgerRow): boolean {
  // What nobody has declared repeats nothing, and there may be much of it.
  const other = state === "duplicate" ? devices.find(({ id }) => id === sameAs)?.role : undefined;
  return other !== undefined && (roles.includes(other) || role === "officer-pc" || role === "citizen-pc");
}

/** Whether a device has been declared for a part of the days alone: it could not answer on the others. */
function isNew({ id, role }: Device, { newlyDeclared }: Facts, days: readonly string[]): boolean {
  return newlyDeclared.some(({ device, role: kind, sinceDay }) => device === id && kind === role && sinceDay > (days.at(-1) ?? ""));
}

/** Whether a search has met a declared machine, by its serial number, at another address than the declared one. */
function hasMoved(id: string): (row: LedgerRow) => boolean {
  return ({ device, state, found }) =>
    device?.id === id &&
    state === "matched" &&
    device.address !== undefined &&
    found !== undefined &&
    (found.address !== device.address || pointOf(found) !== pointOf(device)) &&
    found.device !== id;
}

/** How many assets stand in each state of the ledger. */
function ledgerNumbers(rows: readonly LedgerRow[]): Record<string, number> {
  const counted = ledgerStates.map((state) => [state, rows.filter((row) => row.state === state).length] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

/**
 * The working days on which each device of the roles answered, without those that are another one's second entry. What is declared has the role of its
 * declaration, whatever it was asked as before that was put right.
 */
function daysSeen({ roles }: CountRule, { centre, presence }: Facts, days: readonly string[], repeated: ReadonlySet<string>): Map<string, string[]> {
  const seen = new Map<string, string[]>();
  const declared = new Map(centre.devices.map(({ id, role }) => [id, role]));
  for (const { device, role, day } of presence) {
    if (!roles.includes(declared.get(device) ?? role) || !days.includes(day) || repeated.has(device)) continue;
    const known = seen.get(device) ?? [];
    if (!known.includes(day)) seen.set(device, [...known, day]);
  }
  return seen;
}

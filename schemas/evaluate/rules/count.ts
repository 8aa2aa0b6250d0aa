import { endOfWorkingDayAfter, vietnamDay, vietnamDayStartMs, workingDaysBefore } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import type { CountRule } from "../../policy.ts";
import type { Judgement } from "../judgement.ts";
import { measuredRuns, noEvidence } from "../silence.ts";

/**
 * Enough devices of a role: required = ceil(officers x perOfficer) + fixed. A device counts when it answered on `seenDays` of the last
 * `ofWorkingDays` working days: off at night, or with its officer on leave, is no fault (fields/devices.md D).
 */
export function judgeCount(rule: CountRule, facts: Facts, nowMs: number): Judgement {
  const { centre, calendar, firstContactMs } = facts;
  const frame = { unit: "devices" };
  if (centre.officers === undefined && rule.perOfficer > 0) return { state: "unknown", reason: "no_denominator", ...frame };
  // 2.0000000000000004 officers' worth of scanners are two.
  const required = Math.ceil(Math.round((centre.officers ?? 0) * rule.perOfficer * 1e6) / 1e6) + rule.fixed;
  const days = workingDaysBefore(calendar, nowMs, rule.ofWorkingDays);
  const seen = daysSeen(rule, facts, days);
  const observed = [...seen.values()].filter(({ length }) => length >= rule.seenDays).length;
  const declaredDevices = centre.devices.filter(({ role }) => rule.roles.includes(role));
  const detail = { declared: declaredDevices.length, officers: centre.officers ?? 0, seenOnce: seen.size };
  const newestDay = facts.presence.find(({ role, day }) => rule.roles.includes(role) && days.includes(day))?.day;
  const numbers = { ...frame, observed, required, detail, ...(newestDay && { observedMs: vietnamDayStartMs(newestDay) }) };

  const validUntilMs = newestDay === undefined ? nowMs : endOfWorkingDayAfter(calendar, newestDay, rule.seenDays);
  if (observed >= required && newestDay && validUntilMs < nowMs) return { state: "unknown", reason: "stale", ...numbers };
  if (observed >= required && newestDay) return { state: "pass", reason: "met", ...numbers, validUntilMs };
  if (declaredDevices.length < required && declaredDevices.length > 0) return { state: "fail", reason: "declared_short", ...numbers };
  const isYoung = firstContactMs === undefined || days.filter((day) => day >= vietnamDay(firstContactMs)).length < rule.seenDays;
  if (seen.size === 0 && declaredDevices.length === 0) return { ...noEvidence(facts, rule.probe), ...numbers };
  if (isYoung || seen.size >= required) return { state: "pending", reason: "too_young", ...numbers };
  // A day on which nothing at all answered is a day on which nobody looked: it speaks against no device.
  const watched = days.filter((day) => facts.presence.some((presence) => presence.day === day)).length;
  if (watched < rule.seenDays)
    return {
      state: "unknown",
      reason: measuredRuns(facts.runs, rule.probe).length > 0 ? "device_offline" : "stale",
      ...numbers,
      detail: { ...detail, watched },
    };
  const unseen = declaredDevices.filter(({ id }) => (seen.get(id)?.length ?? 0) < rule.seenDays);
  if (unseen.some(({ address }) => address === undefined)) return { state: "unknown", reason: "declared_only", ...numbers };
  return declaredDevices.length >= required ? { state: "fail", reason: "not_seen", ...numbers } : { state: "fail", reason: "count_short", ...numbers };
}

/** The working days on which each device of the roles answered. */
function daysSeen({ roles }: CountRule, { presence }: Facts, days: readonly string[]): Map<string, string[]> {
  const seen = new Map<string, string[]>();
  for (const { device, role, day } of presence) {
    if (!roles.includes(role) || !days.includes(day)) continue;
    const known = seen.get(device) ?? [];
    if (!known.includes(day)) seen.set(device, [...known, day]);
  }
  return seen;
}

import { addWorkingMs, isWorkingTime, vietnamDay } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import { metrics } from "../../metrics.ts";
import type { CapacityRule } from "../../policy.ts";
import type { Judgement } from "../judgement.ts";
import { measuredRuns, noEvidence } from "../silence.ts";
import { type CapacityEvidence, readCapacity } from "./capacity-evidence.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Working time in which the first run of a day has come. */
export const OPENING_MS = HOUR_MS;

/**
 * Can so many people use the Wi-Fi at once? Four-valued (fields/devices.md A.4): demonstrated by a real peak, supported by limits and radios,
 * insufficient by one of them, or not known. Few people today are never a breach. Only working time counts, since offices switch their access points off
 * for the night: what was true when the counters closed is true when they open.
 */
export function judgeCapacity(rule: CapacityRule, facts: Facts, nowMs: number): Judgement {
  const frame = { required: rule.users, unit: metrics.wifi_clients.unit };
  const runs = measuredRuns(facts.runs, rule.probe).filter(({ atMs }) => isWorkingTime(facts.calendar, atMs));
  const [newest] = runs;
  if (!newest) return { ...noEvidence(facts, rule.probe), ...frame };
  const validUntilMs = Math.max(newest.atMs + rule.maxAgeHours * HOUR_MS, addWorkingMs(facts.calendar, newest.atMs, OPENING_MS));
  const seen = { ...frame, evidence: [newest.ref], observedMs: newest.atMs };
  if (validUntilMs < nowMs) return { state: "unknown", reason: "stale", ...seen };

  const since = vietnamDay(nowMs - rule.peakDays * DAY_MS);
  const { sources, contradicts, isPartial, down, ...known } = readCapacity(newest.outcome);
  const { current, limit, radios, utilisation, free, pool } = known;
  const peaks = facts.peaks.filter(({ metric, day }) => metric === "wifi_clients" && day >= since).map(({ value }) => value);
  const peak = Math.max(...peaks, current ?? 0);
  const { current: _, ...rows } = known;
  const from = Object.fromEntries(Object.entries(sources).map(([name, source]) => [`${name}From`, source]));
  const detail: Record<string, number | string> = { peak, ...rows, ...from };
  const numbers = { ...seen, ...(peaks.length > 0 || current !== undefined ? { observed: peak } : {}), detail };

  const before = runs.slice(1, rule.breachRuns).map(({ outcome }) => readCapacity(outcome));
  const isConfirmed = (says: (run: CapacityEvidence) => boolean) => before.length + 1 >= rule.breachRuns && before.every(says);
  const subject = down.find((name) => isConfirmed((run) => run.down.includes(name)));
  if (subject !== undefined) return { state: "fail", reason: "wifi_down", ...numbers, detail: { ...detail, subject } };
  const shortages = shortagesOf(rule, known);
  const short = shortages.find((name) => isConfirmed((run) => shortagesOf(rule, run).includes(name)));
  // What the devices that could not be asked add is not known.
  if (shortages.length > 0 && isPartial) return { state: "unknown", reason: "unverifiable", ...numbers };
  if (short !== undefined) return { state: "fail", reason: "capacity_insufficient", ...numbers, detail: { ...detail, short } };
  if (down.length > 0 || shortages.length > 0) return { state: "pending", reason: "wifi_unconfirmed", ...numbers };
  if (contradicts && current === undefined) return { state: "unknown", reason: "contradiction", ...numbers };
  // What is not known eases nothing: a reading that goes missing must never turn a doubt into a pass.
  const hasAir = utilisation !== undefined && utilisation <= rule.utilisationPercentMax;
  const hasAddresses = free !== undefined && pool !== undefined && free >= (pool * rule.dhcpFreePercentMin) / 100;
  const isEased = hasAir && hasAddresses;
  if (peak >= rule.users && isEased) return { state: "pass", reason: "capacity_demonstrated", ...numbers, validUntilMs };
  if (limit !== undefined && radios !== undefined && isEased) return { state: "pass", reason: "capacity_supported", ...numbers, validUntilMs };
  if (current === undefined && limit === undefined && radios === undefined) return { state: "unknown", reason: "unverifiable", ...numbers };
  return { state: "pending", reason: "not_yet_demonstrated", ...numbers };
}

/** What of a run's numbers is too little for the rule's people. */
function shortagesOf(rule: CapacityRule, known: Omit<CapacityEvidence, "sources" | "contradicts" | "isPartial" | "down">): readonly string[] {
  const { limit, radios, pool } = known;
  return [
    ...(limit !== undefined && limit < rule.users ? ["limit"] : []),
    ...(radios !== undefined && radios * rule.clientsPerRadio < rule.users ? ["radios"] : []),
    ...(pool !== undefined && pool < rule.users ? ["pool"] : []),
    ...(leavesTooLittle(rule, known) ? ["leaseHours"] : []),
  ];
}

/** True when addresses stay taken so long after their people that too few are left for those who come. */
function leavesTooLittle({ longLease }: CapacityRule, { leaseHours, free, pool }: Pick<CapacityEvidence, "leaseHours" | "free" | "pool">): boolean {
  if (longLease === undefined || leaseHours === undefined || free === undefined || pool === undefined) return false;
  return leaseHours > longLease.hours && free < (pool * longLease.freePercentMin) / 100;
}

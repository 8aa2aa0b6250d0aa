import { vietnamDay } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import { metrics } from "../../metrics.ts";
import type { CapacityRule } from "../../policy.ts";
import type { Judgement } from "../judgement.ts";
import { measuredRuns, noEvidence } from "../silence.ts";
import { type CapacityEvidence, readCapacity } from "./capacity-evidence.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Can so many people use the Wi-Fi at once? Four-valued (fields/devices.md A.4): demonstrated by a real peak, supported by limits and radios,
 * insufficient by one of them, or not known. Few people today are never a breach.
 */
export function judgeCapacity(rule: CapacityRule, facts: Facts, nowMs: number): Judgement {
  const frame = { required: rule.users, unit: metrics.wifi_clients.unit };
  const [newest] = measuredRuns(facts.runs, rule.probe);
  if (!newest) return { ...noEvidence(facts, rule.probe), ...frame };
  const validUntilMs = newest.atMs + rule.maxAgeHours * HOUR_MS;
  const seen = { ...frame, evidence: [newest.ref], observedMs: newest.atMs };
  if (validUntilMs < nowMs) return { state: "unknown", reason: "stale", ...seen };

  const since = vietnamDay(nowMs - rule.peakDays * DAY_MS);
  const { sources, contradicts, down, ...known } = readCapacity(newest.outcome);
  const { current, limit, radios, utilisation, free, pool } = known;
  const peaks = facts.peaks.filter(({ metric, day }) => metric === "wifi_clients" && day >= since).map(({ value }) => value);
  const peak = Math.max(...peaks, current ?? 0);
  const { current: _, ...rows } = known;
  const from = Object.fromEntries(Object.entries(sources).map(([name, source]) => [`${name}From`, source]));
  const detail: Record<string, number | string> = { peak, ...rows, ...from };
  const numbers = { ...seen, ...(peaks.length > 0 || current !== undefined ? { observed: peak } : {}), detail };

  if (down !== undefined) return { state: "fail", reason: "target_down", ...numbers, detail: { ...detail, subject: down } };
  const short = [
    ...(limit !== undefined && limit < rule.users ? ["limit"] : []),
    ...(radios !== undefined && radios * rule.clientsPerRadio < rule.users ? ["radios"] : []),
    ...(pool !== undefined && pool < rule.users ? ["pool"] : []),
    ...(leavesTooLittle(rule, known) ? ["leaseHours"] : []),
  ];
  if (short[0]) return { state: "fail", reason: "capacity_insufficient", ...numbers, detail: { ...detail, short: short[0] } };
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

/** True when addresses stay taken so long after their people that too few are left for those who come. */
function leavesTooLittle({ longLease }: CapacityRule, { leaseHours, free, pool }: Pick<CapacityEvidence, "leaseHours" | "free" | "pool">): boolean {
  if (longLease === undefined || leaseHours === undefined || free === undefined || pool === undefined) return false;
  return leaseHours > longLease.hours && free < (pool * longLease.freePercentMin) / 100;
}

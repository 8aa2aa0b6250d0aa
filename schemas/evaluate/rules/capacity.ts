import { vietnamDay } from "../../calendar.ts";
import type { Facts } from "../../facts.ts";
import { type MetricName, metrics } from "../../metrics.ts";
import type { Evidence, Reading } from "../../observation.ts";
import type { CapacityRule } from "../../policy.ts";
import type { Judgement } from "../judgement.ts";
import { measuredRuns, noEvidence } from "../silence.ts";

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
  const { readings } = newest.outcome;
  const current = total(readings, "wifi_clients");
  const peaks = facts.peaks.filter(({ metric, day }) => metric === "wifi_clients" && day >= since).map(({ value }) => value);
  const peak = Math.max(...peaks, current ?? 0);
  const limit = total(readings, "wifi_limit_clients");
  const radios = total(readings, "wifi_radios");
  const utilisation = busiest(readings);
  const free = total(readings, "dhcp_free");
  const leases = total(readings, "dhcp_leases");
  const pool = free === undefined ? undefined : free + (leases ?? 0);
  const { method, contradicts } = methodOf(newest.outcome.evidence);
  const hosts = readings.find(({ metric, labels }) => metric === "wifi_clients" && labels?.method !== undefined && labels.ap === undefined)?.value;
  const down = readings.find(({ metric, value }) => (metric === "wifi_ap_up" || metric === "wifi_ssid_up") && value === 0);
  const known = { limit, radios, utilisation, pool, free, hosts, method };
  const detail: Record<string, number | string> = {
    peak,
    ...Object.fromEntries(Object.entries(known).filter((entry): entry is [string, number | string] => entry[1] !== undefined)),
  };
  const numbers = { ...seen, ...(peaks.length > 0 || current !== undefined ? { observed: peak } : {}), detail };

  if (down) return { state: "fail", reason: "target_down", ...numbers, detail: { ...detail, subject: down.labels?.ap ?? down.labels?.ssid ?? "" } };
  const short = [
    ...(limit !== undefined && limit < rule.users ? ["limit"] : []),
    ...(radios !== undefined && radios * rule.clientsPerRadio < rule.users ? ["radios"] : []),
    ...(pool !== undefined && pool < rule.users ? ["pool"] : []),
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

/** The reading without labels: the total over all access points. */
function total(readings: readonly Reading[], metric: MetricName): number | undefined {
  return readings.find((reading) => reading.metric === metric && (reading.labels === undefined || Object.keys(reading.labels).length === 0))?.value;
}

/** The busiest radio's share of time; undefined when none tells. */
function busiest(readings: readonly Reading[]): number | undefined {
  const shares = readings.flatMap(({ metric, value }) => (metric === "wifi_utilisation_percent" ? [value] : []));
  return shares.length > 0 ? Math.max(...shares) : undefined;
}

/** How the people were counted, and whether the device's own number was refuted by hosts on its network. */
function methodOf(evidence: Evidence | undefined): { readonly method?: string; readonly contradicts: boolean } {
  const method = evidence?.method;
  return { ...(typeof method === "string" && method !== "" && { method: method.slice(0, 200) }), contradicts: evidence?.contradiction !== undefined };
}

import type { MetricName } from "#schemas/metrics.ts";
import { type Evidence, READINGS_MAX, type Reading } from "#schemas/observation.ts";
import type { Answered, TargetAnswer } from "./target-answer.ts";

/** Details kept of one run: the totals and the up-states come first and must find room. */
const DETAILS_MAX = READINGS_MAX - 400;

/** What all targets together say. `needsNeighbours` asks for the local table before anything is concluded. */
export type Judged = { readonly readings: readonly Reading[]; readonly evidence: Evidence; readonly countsStations: boolean };

/** What this PC itself can see, where it was asked. `isWifiAlone`: the tables were cut down to networks that only the Wi-Fi uses. */
export type LocalSight = {
  readonly leases?: number | undefined;
  readonly leaseS?: number | undefined;
  readonly neighbours?: number | undefined;
  readonly isWifiAlone?: boolean;
};

/** True when the count is missing or a zero is doubted, so that the neighbour table must be looked at. Pure. */
export function wantsNeighbours(answers: readonly TargetAnswer[], isWifiAlone: boolean): boolean {
  const told = answers.filter((answer) => answer.state === "answered");
  return told.length > 0 && (stationCounters(told).length === 0 || told.some((answer) => isDoubtfulZero(answer, isWifiAlone)));
}

/**
 * Makes the readings of a run out of what the targets told. Totals carry no labels; a total stands only on devices' own counts of stations.
 * Without any, the best table of addresses gives a hint with its method: leases, the router's neighbours, a switch's ports, this PC's neighbours.
 */
export function judge(answers: readonly TargetAnswer[], local: LocalSight): Judged {
  const { neighbours, leases, leaseS, isWifiAlone = false } = local;
  const told = answers.filter((answer) => answer.state === "answered");
  const hosts = Math.max(neighbours ?? 0, isWifiAlone ? (leases ?? 0) : 0);
  const doubted = new Set(hosts > 0 ? told.filter((answer) => isDoubtfulZero(answer, isWifiAlone)) : []);
  const counters = stationCounters(told).filter((answer) => !doubted.has(answer));
  const hint = counters.length === 0 ? bestHint(told, local) : undefined;
  const hintReadings: Reading[] = hint ? [{ metric: "wifi_clients", value: hint.hosts, labels: { method: hint.method } }] : [];
  const deviceLeases = totalOf("dhcp_leases", told, add);
  const deviceLeaseS = totalOf("dhcp_lease_s", told, Math.max);
  const readings: Reading[] = [
    ...totalOf("wifi_clients", counters, add),
    ...hintReadings,
    // A limit of some of the devices is no limit of the whole.
    ...(counters.every(({ totals }) => totals.has("wifi_limit_clients")) ? totalOf("wifi_limit_clients", counters, add) : []),
    ...totalOf("wifi_utilisation_percent", told, Math.max),
    ...totalOf("wifi_radios", withoutCovered(told), add),
    ...(deviceLeases.length > 0 || leases === undefined ? deviceLeases : [{ metric: "dhcp_leases" as const, value: leases }]),
    ...totalOf("dhcp_free", told, add),
    ...totalOf("dhcp_used_percent", told, Math.max),
    ...(deviceLeaseS.length > 0 || leaseS === undefined ? deviceLeaseS : [{ metric: "dhcp_lease_s" as const, value: leaseS }]),
    ...answers.flatMap((answer) => (answer.state === "failed" ? [] : [apUp(answer)])),
  ];
  const details = told.filter((answer) => !doubted.has(answer)).flatMap(detailsOf);
  const methods = [...new Set(counters.length > 0 ? counters.map(({ method }) => method) : hint ? [hint.method] : told.map(({ method }) => method))];
  const contradictions = [...doubted].map(({ label }) => ({ target: label, clients: 0, neighbours: hosts }));
  const evidence: Evidence = {
    method: methods.join("+"),
    targets: answers.map(evidenceOf),
    ...(neighbours !== undefined && { neighbours }),
    ...(leases !== undefined && { leases }),
    ...(leaseS !== undefined && { leaseS }),
    ...(contradictions.length > 0 && { contradiction: contradictions }),
    ...(answers.some(({ state }) => state === "failed") && { partial: true }),
    ...(details.length > DETAILS_MAX && { detailsDropped: details.length - DETAILS_MAX }),
  };
  return { readings: [...readings, ...details.slice(0, DETAILS_MAX)], evidence, countsStations: counters.length > 0 };
}

/** Devices whose own counts make the total: where a controller of a vendor speaks, its access points are not added again. */
function stationCounters(told: readonly Answered[]): readonly Answered[] {
  return withoutCovered(told).filter(({ totals, counted }) => counted === "stations" && totals.has("wifi_clients"));
}

function withoutCovered(told: readonly Answered[]): readonly Answered[] {
  const controllers = new Set(told.filter(({ scope, totals }) => scope === "controller" && totals.has("wifi_clients")).map(({ vendor }) => vendor));
  return told.filter(({ scope, vendor }) => scope !== "ap" || !controllers.has(vendor));
}

/** Some firmware always says 0; and no device may say 0 while hosts are seen on a network that only its Wi-Fi uses. */
function isDoubtfulZero(answer: Answered, isWifiAlone: boolean): boolean {
  const isZero = answer.counted === "stations" && answer.totals.get("wifi_clients") === 0;
  return isZero && (answer.zeroDoubtful || isWifiAlone);
}

const add = (a: number, b: number) => a + b;

function totalOf(metric: MetricName, from: readonly Answered[], join: (a: number, b: number) => number): Reading[] {
  const values = from.flatMap(({ totals }) => totals.get(metric) ?? []);
  return values.length === 0 ? [] : [{ metric, value: values.reduce((a, b) => join(a, b)) }];
}

/** The way in which a table of addresses was found, the best first (fields/devices.md A.3). */
const hintMethods = ["dhcp", "neighbours", "fdb", "sweep"] as const;

/** The upper bound of the best table that shows any host, with its method, so that nobody takes it for a count of stations. */
function bestHint(told: readonly Answered[], { leases, neighbours }: LocalSight): { method: (typeof hintMethods)[number]; hosts: number } | undefined {
  const counted = (wanted: (answer: Answered) => boolean, metric: MetricName) => told.filter(wanted).map(({ totals }) => totals.get(metric) ?? 0);
  const inTable = (isSwitch: boolean) => counted(({ counted: how, scope }) => how === "neighbours" && (scope === "switch") === isSwitch, "wifi_clients");
  const hosts = {
    dhcp: [leases ?? 0, ...counted(() => true, "dhcp_leases")],
    neighbours: inTable(false),
    fdb: inTable(true),
    sweep: [neighbours ?? 0],
  };
  return hintMethods.map((method) => ({ method, hosts: Math.max(0, ...hosts[method]) })).find((hint) => hint.hosts > 0);
}

function apUp(answer: TargetAnswer): Reading {
  return { metric: "wifi_ap_up", value: answer.state === "answered" ? 1 : 0, labels: { ap: answer.label } };
}

function detailsOf({ label, totals, details, counted }: Answered): readonly Reading[] {
  const own = (["wifi_clients", "wifi_limit_clients", "wifi_radios"] as const).flatMap((metric): Reading[] => {
    const value = totals.get(metric);
    return value === undefined || (metric === "wifi_clients" && counted === "neighbours") ? [] : [{ metric, value, labels: { ap: label } }];
  });
  return [...own, ...details];
}

function evidenceOf(answer: TargetAnswer): Record<string, string | number> {
  const { label: target, state } = answer;
  if (answer.state === "down") return { target, state };
  if (answer.state === "failed") return { target, state, reason: answer.reason, message: answer.message };
  return {
    target,
    state,
    method: answer.method,
    ...Object.fromEntries(answer.totals),
    ...(answer.note !== undefined && { note: answer.note }),
  };
}

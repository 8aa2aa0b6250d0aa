import type { MetricName } from "#schemas/metrics.ts";
import { type Evidence, READINGS_MAX, type Reading } from "#schemas/observation.ts";
import type { Answered, TargetAnswer } from "./target-answer.ts";

/** Details kept of one run: the totals and the up-states come first and must find room. */
const DETAILS_MAX = READINGS_MAX - 400;

/** What all targets together say. `needsNeighbours` asks for the local table before anything is concluded. */
export type Judged = { readonly readings: readonly Reading[]; readonly evidence: Evidence; readonly countsStations: boolean };

/** True when the count is missing or a zero is doubted, so that the neighbour table must be looked at. Pure. */
export function wantsNeighbours(answers: readonly TargetAnswer[]): boolean {
  const told = answers.filter((answer) => answer.state === "answered");
  return told.length > 0 && (stationCounters(told).length === 0 || told.some(isDoubtfulZero));
}

/**
 * Makes the readings of a run out of what the targets told. Totals carry no labels; a total stands only on devices' own counts of stations.
 * @param neighbours hosts in the local table, when it was asked and told something
 */
export function judge(answers: readonly TargetAnswer[], neighbours: number | undefined): Judged {
  const told = answers.filter((answer) => answer.state === "answered");
  const doubted = new Set(neighbours !== undefined && neighbours > 0 ? told.filter(isDoubtfulZero) : []);
  const counters = stationCounters(told).filter((answer) => !doubted.has(answer));
  const readings: Reading[] = [
    ...totalOf("wifi_clients", counters, add),
    ...(counters.length === 0 ? hints(told, neighbours) : []),
    // A limit of some of the devices is no limit of the whole.
    ...(counters.every(({ totals }) => totals.has("wifi_limit_clients")) ? totalOf("wifi_limit_clients", counters, add) : []),
    ...totalOf("wifi_utilisation_percent", told, Math.max),
    ...totalOf("wifi_radios", withoutCovered(told), add),
    ...totalOf("dhcp_leases", told, add),
    ...totalOf("dhcp_free", told, add),
    ...totalOf("dhcp_used_percent", told, Math.max),
    ...answers.flatMap((answer) => (answer.state === "failed" ? [] : [apUp(answer)])),
  ];
  const details = told.filter((answer) => !doubted.has(answer)).flatMap(detailsOf);
  const methods = [
    ...new Set(counters.length > 0 ? counters.map(({ method }) => method) : readings.some(isHint) ? ["neighbours"] : told.map(({ method }) => method)),
  ];
  const contradictions = [...doubted].map(({ label }) => ({ target: label, clients: 0, neighbours: neighbours ?? 0 }));
  const evidence: Evidence = {
    method: methods.join("+"),
    targets: answers.map(evidenceOf),
    ...(neighbours !== undefined && { neighbours }),
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

function isDoubtfulZero(answer: Answered): boolean {
  return answer.zeroDoubtful && answer.totals.get("wifi_clients") === 0;
}

const add = (a: number, b: number) => a + b;

function totalOf(metric: MetricName, from: readonly Answered[], join: (a: number, b: number) => number): Reading[] {
  const values = from.flatMap(({ totals }) => totals.get(metric) ?? []);
  return values.length === 0 ? [] : [{ metric, value: values.reduce((a, b) => join(a, b)) }];
}

/** Upper bounds from tables of addresses, labelled so that nobody takes them for a count of stations. */
function hints(told: readonly Answered[], local: number | undefined): Reading[] {
  const remote = told
    .filter(({ counted, totals }) => counted === "neighbours" && totals.has("wifi_clients"))
    .map(({ totals }) => totals.get("wifi_clients") ?? 0);
  const value = remote.length > 0 ? Math.max(...remote) : local;
  return value === undefined || value === 0 ? [] : [{ metric: "wifi_clients", value, labels: { method: "neighbours" } }];
}

function isHint({ metric, labels }: Reading): boolean {
  return metric === "wifi_clients" && labels?.method === "neighbours";
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

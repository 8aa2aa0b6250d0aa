import type { MetricName } from "../../metrics.ts";
import type { Evidence, Outcome, Reading } from "../../observation.ts";

/** What one run tells for and against the capacity of a Wi-Fi (fields/devices.md A.4). Absent is not known. */
export type CapacityEvidence = {
  readonly current?: number;
  readonly limit?: number;
  readonly radios?: number;
  /** The busiest radio's share of time, %. */
  readonly utilisation?: number;
  readonly free?: number;
  /** Addresses of the pool, leased or free. */
  readonly pool?: number;
  readonly leaseHours?: number;
  /** Hosts in a table of addresses, where nobody counts stations. */
  readonly hosts?: number;
  /** Access points that answer, of all: `2/3`. */
  readonly points?: string;
  /** Access points and network names that are off. */
  readonly down: readonly string[];
  /** How the people were counted. */
  readonly method?: string;
  /** True when hosts on its network refuted a device's own number. */
  readonly contradicts: boolean;
  /** True when some devices could not be asked: numbers of the whole are then the least that there is. */
  readonly isPartial: boolean;
  /** Which devices or tables told each number, by the number's name: `snmp:cisco-wlc`. */
  readonly sources: Readonly<Record<string, string>>;
};

/** The metrics behind each number, for its source. */
const metricsOf = {
  limit: ["wifi_limit_clients"],
  radios: ["wifi_radios"],
  utilisation: ["wifi_utilisation_percent"],
  free: ["dhcp_free"],
  pool: ["dhcp_free", "dhcp_leases"],
  leaseHours: ["dhcp_lease_s"],
} as const satisfies Partial<Record<keyof CapacityEvidence, readonly MetricName[]>>;

/** Reads the evidence out of one measured run. Pure. */
export function readCapacity({ readings, evidence }: Extract<Outcome, { kind: "measured" }>): CapacityEvidence {
  const shares = readings.flatMap(({ metric, value }) => (metric === "wifi_utilisation_percent" ? [value] : []));
  const points = readings.filter(({ metric }) => metric === "wifi_ap_up").map(({ value }) => value);
  const down = readings.filter(({ metric, value }) => (metric === "wifi_ap_up" || metric === "wifi_ssid_up") && value === 0);
  const hint = readings.find(({ metric, labels }) => metric === "wifi_clients" && labels?.method !== undefined && labels.ap === undefined);
  const [free, leaseS] = [total(readings, "dhcp_free"), total(readings, "dhcp_lease_s")];
  const numbers = known({
    current: total(readings, "wifi_clients"),
    limit: total(readings, "wifi_limit_clients"),
    radios: total(readings, "wifi_radios"),
    utilisation: shares.length > 0 ? Math.max(...shares) : undefined,
    free,
    pool: free === undefined ? undefined : free + (total(readings, "dhcp_leases") ?? 0),
    leaseHours: leaseS === undefined ? undefined : Math.round(leaseS / 360) / 10,
    hosts: hint?.value,
  });
  const method = typeof evidence?.method === "string" && evidence.method !== "" ? evidence.method.slice(0, 200) : undefined;
  const told = Object.entries(metricsOf).map(([name, from]) => [name, name in numbers ? sourceOf(evidence, from) : undefined] as const);
  return {
    ...numbers,
    ...known({
      method,
      points: points.length > 0 ? `${points.filter((up) => up === 1).length}/${points.length}` : undefined,
    }),
    down: [...new Set(down.map(nameOf))],
    isPartial: evidence?.partial === true,
    contradicts: evidence?.contradiction !== undefined,
    sources: Object.fromEntries([...told, ["hosts", hint?.labels?.method] as const].filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

/** An access point, or one of the network names on it. */
function nameOf({ labels: { ap, ssid, radio } = {} }: Reading): string {
  return [ap, ssid, radio].filter((label) => label !== undefined).join(" ");
}

/** The reading without labels: the total over all access points. */
function total(readings: readonly Reading[], metric: MetricName): number | undefined {
  return readings.find((reading) => reading.metric === metric && (reading.labels === undefined || Object.keys(reading.labels).length === 0))?.value;
}

/** The methods of the targets that told one of the metrics; a lease file of the agent's PC is no target. */
function sourceOf(evidence: Evidence | undefined, wanted: readonly MetricName[]): string | undefined {
  const targets = Array.isArray(evidence?.targets) ? evidence.targets : [];
  const methods = targets.flatMap((target) => {
    if (target === null || typeof target !== "object" || !("method" in target) || typeof target.method !== "string") return [];
    return wanted.some((metric) => metric in target) ? [target.method] : [];
  });
  const fromFile =
    (wanted.some((metric) => metric === "dhcp_leases") && evidence?.leases !== undefined) ||
    (wanted.some((metric) => metric === "dhcp_lease_s") && evidence?.leaseS !== undefined);
  const all = [...new Set([...methods, ...(fromFile && methods.length === 0 ? ["dhcp"] : [])])];
  return all.length > 0 ? all.join("+").slice(0, 200) : undefined;
}

type Known<Shape> = { [Name in keyof Shape]?: Exclude<Shape[Name], undefined> };

/** The values that are there. */
function known<Shape extends Readonly<Record<string, unknown>>>(values: Shape): Known<Shape> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<Shape>;
}

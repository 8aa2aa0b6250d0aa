import { type LabelName, type MetricName, metrics } from "../../schemas/metrics.ts";
import type { ProbeKind, Reading } from "../../schemas/observation.ts";
import type { Tell } from "../chaos/light-spool.ts";

type Kind = { readonly probe: ProbeKind; readonly label?: LabelName; readonly targets: number; readonly metrics: readonly MetricName[] };
/** What a large centre tells in a minute: 40 runs of five readings. */
const kinds: readonly Kind[] = [
  { probe: "link-quality", targets: 1, metrics: ["rtt_min_ms", "rtt_avg_ms", "rtt_p95_ms", "loss_percent", "jitter_ms"] },
  { probe: "host", targets: 1, metrics: ["host_uptime_s", "host_cpu_percent", "host_memory_free_percent", "lan_neighbours", "dns_resolve_ms"] },
  { probe: "wifi-clients", targets: 1, metrics: ["wifi_clients", "wifi_radios", "dhcp_leases", "dhcp_free", "dhcp_used_percent"] },
  { probe: "portal-http", label: "portal", targets: 5, metrics: ["portal_up", "portal_dns_ms", "portal_tcp_ms", "portal_tls_ms", "portal_ttfb_ms"] },
  {
    probe: "office-devices",
    label: "device",
    targets: 32,
    metrics: ["device_up", "printer_working", "printer_supply_percent", "printer_pages", "scanner_ready"],
  },
];
export const minute = kinds.flatMap((kind) => Array.from({ length: kind.targets }, (_, index) => ({ ...kind, target: `${kind.probe}-${index}` })));

/** The run of a number. */
export const tell: Tell = (seq) => {
  const { probe, label, target, metrics: names } = minute[seq % minute.length] ?? neverEmpty();
  const readings: Reading[] = names.map((metric, index) => ({
    metric,
    value: metrics[metric].unit === "bool" ? 1 : ((seq * 7 + index) % 1_000) / 10,
    ...(label && { labels: { [label]: target } }),
  }));
  return { probe, ...(label && { target }), outcome: { kind: "measured", readings } };
};

/** All series of a centre, as columns of probes, metrics, targets and labels: a fleet that has run before is known. */
export function seriesOfCentre(): { probes: string[]; metrics: string[]; targets: string[]; labels: string[] } {
  const all = minute.flatMap(({ probe, label, target, metrics: names }) =>
    names.map((metric) => ({ probe, metric, target: label ? target : "", labels: label ? JSON.stringify({ [label]: target }) : "{}" })),
  );
  return {
    probes: all.map(({ probe }) => probe),
    metrics: all.map(({ metric }) => metric),
    targets: all.map(({ target }) => target),
    labels: all.map(({ labels }) => labels),
  };
}

function neverEmpty(): never {
  throw new Error("a minute has runs");
}

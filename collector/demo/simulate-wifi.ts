import type { Outcome, Reading } from "#schemas/observation.ts";
import { draw, rounded, wobble } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";
import { busyness } from "./story.ts";

const radios = ["2g", "5g"] as const;
const POOL = 200;

/** Who is on the Wi-Fi: as many as the counters are busy, spread over the access points, never above what the radios admit. */
export function simulateWifi({ profile, story, due }: Scene): Outcome {
  const { wifi, centre } = profile;
  if (wifi.kind === "unreadable") return { kind: "failed", reason: "auth_failed" };
  const keys = [story.seed, centre.code, due.atMs] as const;
  const wanted = Math.round(wifi.peakClients * busyness(story, due.atMs) * wobble(0.25, ...keys, "clients"));
  const limit = wifi.accessPoints.length * radios.length * wifi.limitPerRadio;
  const total = Math.max(0, Math.min(wanted, limit));
  const method = "controller";
  const perAp = spread(total, wifi.accessPoints.length, (at) => draw(...keys, "share", at));
  const utilisation = rounded(Math.min(96, 12 + (total / wifi.accessPoints.length) * (wifi.kind === "full" ? 3.4 : 1.6) * wobble(0.2, ...keys, "air")));
  const readings: Reading[] = [
    { metric: "wifi_clients", value: total },
    { metric: "wifi_limit_clients", value: limit },
    { metric: "wifi_radios", value: wifi.accessPoints.length * radios.length },
    { metric: "dhcp_leases", value: Math.min(POOL - 5, Math.round(total * 1.6)) },
    { metric: "dhcp_free", value: wifi.kind === "full" ? Math.max(3, 60 - total) : POOL - Math.min(POOL - 5, Math.round(total * 1.6)) },
    ...wifi.accessPoints.flatMap((ap, at): Reading[] => [
      { metric: "wifi_ap_up", value: 1, labels: { ap } },
      { metric: "wifi_clients", value: perAp[at] ?? 0, labels: { ap, method, ssid: wifi.ssid } },
      { metric: "wifi_utilisation_percent", value: utilisation, labels: { ap, radio: "5g" } },
    ]),
  ];
  return { kind: "measured", readings };
}

/** Divides a whole number into parts by weights; the parts sum to it. */
function spread(total: number, parts: number, weightOf: (at: number) => number): number[] {
  const weights = Array.from({ length: parts }, (_, at) => 0.5 + weightOf(at));
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((weight) => Math.floor((total * weight) / sum));
  const rest = total - shares.reduce((a, b) => a + b, 0);
  return shares.map((share, at) => (at < rest ? share + 1 : share));
}

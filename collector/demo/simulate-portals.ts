import type { Outcome, Reading } from "#schemas/observation.ts";
import { between, chance, rounded, wobble } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";
import { busyness } from "./story.ts";

/** One visit to a portal: slower when the province is busy, 503 for all during the outage, now and then a slow answer on a flaky line. */
export function simulatePortal({ profile, story, due }: Scene): Outcome {
  const { line, centre } = profile;
  const portal = due.target ?? "portal";
  const keys = [story.seed, centre.code, portal, due.atMs] as const;
  const { portalOutage } = story;
  if (line.kind === "flaky" && chance(0.04, ...keys, "line")) return { kind: "failed", reason: "timeout" };
  const out = portal === portalOutage.portal && due.atMs >= portalOutage.fromMs && due.atMs < portalOutage.toMs;
  const dns = between(2, 18, ...keys, "dns");
  const tcp = line.rttMs * wobble(0.2, ...keys, "tcp");
  const tls = tcp * between(1.1, 1.6, ...keys, "tls");
  const think = (out ? 30 : 110 + 900 * busyness(story, due.atMs) ** 2) * wobble(0.5, ...keys, "think");
  const labels = { portal };
  const timing: Reading[] = [
    { metric: "portal_dns_ms", value: rounded(dns), labels },
    { metric: "portal_tcp_ms", value: rounded(tcp), labels },
    { metric: "portal_tls_ms", value: rounded(tls), labels },
    { metric: "portal_ttfb_ms", value: rounded(dns + tcp + tls + think), labels },
    { metric: "portal_total_ms", value: rounded(dns + tcp + tls + think * 1.4), labels },
  ];
  const state: Reading[] = [
    { metric: "portal_up", value: out ? 0 : 1, labels },
    { metric: "portal_status", value: out ? 503 : 200, labels },
    { metric: "portal_certificate_days", value: Math.floor((story.anchorMs - due.atMs) / 86_400_000) + 74, labels },
  ];
  return { kind: "measured", readings: [...state, ...timing] };
}

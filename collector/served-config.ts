import { type AgentConfig, FORMER_CODES_MAX, type MeasureServer, POINTS_MAX } from "#schemas/agent-config.ts";
import type { Calendar } from "#schemas/calendar.ts";
import { MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { type PhoneEntry, phonesFor } from "#schemas/phones.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { CollectorConfig } from "./config.ts";
import type { DeclaredDays } from "./store/declared-days.ts";
import type { Site } from "./store/sites.ts";

export type ServedRules = {
  readonly policy: PolicyProfile;
  readonly calendar: Calendar;
  readonly measureServers: readonly MeasureServer[];
  readonly phones: readonly PhoneEntry[];
};

/** The reception point of an agent among those of its centre. */
export type ServedPoint = { readonly point: string; readonly points: readonly string[] };

/** What every agent at a reception point of a centre is told: whom to measure, since when and under which codes before where that has changed lately, by which rules, and whom its people call. */
export function configFor(
  site: Site,
  days: DeclaredDays | undefined,
  { policy, calendar, measureServers, phones }: ServedRules,
  { point, points }: ServedPoint,
  nowMs: number,
): Omit<AgentConfig, "agent" | "seal"> {
  // Agents have no use for it, and older ones take no centre with a key that they do not know.
  const { contractNumber: _, contractMbps, ...centre } = site.centre;
  // Provider and contract are those of the main office's line.
  const { isp: __, ...elsewhere } = centre;
  const isMain = point === MAIN_POINT;
  const devices = centre.devices.filter((device) => pointOf(device) === point).map(({ point: ___, ...device }) => device);
  const others = points.filter((other) => other !== point).slice(0, POINTS_MAX);
  return {
    // Both parts only grow: an agent that knows the province's key refuses a configuration that is older than its own.
    version: policy.version * 1_000_000 + site.version,
    issuedAt: new Date(nowMs).toISOString(),
    centre: { ...(isMain ? centre : elsewhere), ...(contractMbps !== undefined && isMain && { contractMbps }), devices },
    ...(!isMain && { point }),
    ...(others.length > 0 && { otherPoints: others }),
    newlyDeclared: [...(days?.newly ?? [])],
    formerCodes: days?.former.slice(0, FORMER_CODES_MAX) ?? [],
    phones: phonesFor(phones, isMain ? site.centre.isp : undefined),
    policy,
    calendar,
    measureServers: [...measureServers],
  };
}

/** The collector's own speed test first, then those of the settings. */
export function serversOf({ measurePort, measureServers, publicUrl }: CollectorConfig): readonly MeasureServer[] {
  if (measurePort === 0) return measureServers;
  const url = new URL(publicUrl);
  // It speaks plain HTTP whatever the collector or a proxy before it does.
  url.protocol = "http:";
  url.port = String(measurePort);
  // "localhost" may be ::1 first, where the measure server does not listen.
  if (url.hostname === "localhost") url.hostname = "127.0.0.1";
  return [{ id: "collector", url: url.origin }, ...measureServers];
}

import type { Attestation } from "#schemas/attestation.ts";
import { Calendar } from "#schemas/calendar.ts";
import type { Facts, Presence, Run } from "#schemas/facts.ts";
import { Centre } from "#schemas/inventory.ts";
import type { Outcome, ProbeKind, Reading } from "#schemas/observation.ts";
import { PolicyProfile, type Requirement } from "#schemas/policy.ts";
import calendarFile from "../../schemas/calendars/vn.json" with { type: "json" };
import policyFile from "../../schemas/policies/gia-lai-890.json" with { type: "json" };

export const plan = PolicyProfile.parse(policyFile);
export const calendar = Calendar.parse(calendarFile);

/** A Friday at ten in the morning in Viet Nam, in working hours. */
export const NOW = Date.parse("2026-11-27T10:00:00+07:00");
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A requirement of the plan by its id. */
export function requirement(id: string): Requirement {
  const found = plan.requirements.find((one) => one.id === id);
  if (!found) throw new Error(`the plan has no ${id}`);
  return found;
}

/** Facts of a centre that was heard a minute ago and knows nothing else. */
export function facts(more: Partial<Omit<Facts, "centre">> & { centre?: Partial<Centre> } = {}): Facts {
  const { centre, ...rest } = more;
  return {
    centre: Centre.parse({ code: "ia-grai", name: "Ia Grai", officers: 7, ...centre }),
    calendar,
    runs: [],
    presence: [],
    newlyDeclared: [],
    found: [],
    peaks: [],
    pages: [],
    attestations: [],
    waivers: [],
    duties: [],
    firstContactMs: NOW - 60 * DAY,
    lastContactMs: NOW - MINUTE,
    sharedFaults: [],
    ...rest,
  };
}

let count = 0;

/** A run that measured `readings`, `agoMs` before NOW. */
export function measured(
  probe: ProbeKind,
  agoMs: number,
  readings: readonly Reading[],
  more: Partial<Extract<Outcome, { kind: "measured" }>> & { target?: string } = {},
): Run {
  const { target, ...outcome } = more;
  return {
    ref: `0123456789abcdef:${++count}`,
    probe,
    atMs: NOW - agoMs,
    ...(target && { target }),
    outcome: { kind: "measured", readings: [...readings], ...outcome },
  };
}

/** A speed test: value in Mbps, days ago, server, excuse. */
export function speed(mbps: number, daysAgo: number, server = "province", excuse?: "borderline" | "contended" | "nic_limited" | "line_busy"): Run {
  return measured("link-bandwidth", daysAgo * DAY, [{ metric: "download_mbps", value: mbps, labels: { server } }], excuse ? { excuse } : {});
}

/** A device that answered on each of the days. */
export function seen(device: string, role: Presence["role"], days: readonly string[]): Presence[] {
  return days.map((day) => ({ device, role, day }));
}

/** A word on an item, some days ago. */
export function said(requirementId: string, item: string, more: Partial<Attestation> & { daysAgo?: number } = {}): Attestation {
  const { daysAgo = 1, ...rest } = more;
  return {
    id: `a${++count}`,
    centre: "ia-grai",
    requirement: requirementId,
    item,
    holds: true,
    by: "Cán bộ A",
    inspector: false,
    at: new Date(NOW - daysAgo * DAY).toISOString(),
    ...rest,
  };
}

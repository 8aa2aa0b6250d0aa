import type { FoundDevice, KnownDevice } from "../asset-ledger.ts";
import { type Calendar, isWorkingTime, vietnamDay } from "../calendar.ts";
import { DiscoveryEvidence } from "../discovery-evidence.ts";
import type { DailyPages, DailyPeak, Presence } from "../facts.ts";
import { DeviceRole, MAIN_POINT } from "../inventory.ts";
import type { Outcome, ProbeKind } from "../observation.ts";

/** Most facts of a kind that are kept of one day, at the centre and in the province (migrations 0043 and 0047): an agent that invents names must fill nothing. */
export const DAY_FACTS_MAX = 500;

/** Devices that answered in a run, with its Vietnam day. */
export function presenceIn(outcome: Outcome, atMs: number): Presence[] {
  if (outcome.kind !== "measured") return [];
  const answered = outcome.readings.filter(({ metric, value, labels }) => metric === "device_up" && value === 1 && labels?.device);
  return answered.flatMap(({ labels }) => {
    const role = roles.get(labels?.role);
    return labels?.device && role ? [{ device: labels.device, role, day: vietnamDay(atMs) }] : [];
  });
}
const roles: ReadonlyMap<string | undefined, DeviceRole> = new Map(DeviceRole.options.map((role) => [role, role]));

/** The total of Wi-Fi clients of a run in working hours: a candidate for its day's peak. A reading with labels is no total. */
export function peaksIn(outcome: Outcome, atMs: number, calendar: Calendar): DailyPeak[] {
  if (outcome.kind !== "measured") return [];
  const totals = outcome.readings.filter(({ metric, labels }) => metric === "wifi_clients" && (labels === undefined || Object.keys(labels).length === 0));
  if (totals.length === 0 || !isWorkingTime(calendar, atMs)) return [];
  return totals.map(({ value }) => ({ metric: "wifi_clients", day: vietnamDay(atMs), value }));
}

/** Page counters that printers told in a run, with its Vietnam day. */
export function pagesIn(outcome: Outcome, atMs: number): DailyPages[] {
  if (outcome.kind !== "measured") return [];
  return outcome.readings.flatMap(({ metric, value, labels }) =>
    metric === "printer_pages" && labels?.device ? [{ device: labels.device, day: vietnamDay(atMs), pages: value }] : [],
  );
}

/**
 * Devices that a search of the LAN has met, each with the reception point of the agent that searched, whatever the agent says. Whatever else an outcome holds
 * gives none.
 */
export function foundIn(probe: ProbeKind, outcome: Outcome, point: string = MAIN_POINT): readonly FoundDevice[] {
  if (probe !== "device-discovery" || outcome.kind !== "measured") return [];
  const found = DiscoveryEvidence.safeParse(outcome.evidence).data?.found ?? [];
  return found.map(({ point: _, ...one }) => (point === MAIN_POINT ? one : { ...one, point }));
}

/** Each device that searches have met once, with its first and last day and what the newest search said of it; of searches of one day the later in the list counts. */
export function knownDevices(met: readonly { readonly found: FoundDevice; readonly day: string }[]): KnownDevice[] {
  const known = new Map<string, KnownDevice>();
  for (const { found, day } of met) {
    const before = known.get(found.identity);
    const firstDay = before === undefined || day < before.firstDay ? day : before.firstDay;
    const isNewest = before === undefined || day >= before.lastDay;
    known.set(found.identity, isNewest ? { ...found, firstDay, lastDay: day } : { ...before, firstDay });
  }
  return [...known.values()];
}

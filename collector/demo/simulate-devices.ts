import { vietnamDay } from "#schemas/calendar.ts";
import type { Device, DeviceRole } from "#schemas/inventory.ts";
import type { Outcome, Reading } from "#schemas/observation.ts";
import { between, chance, draw, rounded } from "./seeded.ts";
import type { Scene } from "./simulate-scene.ts";
import type { Story } from "./story.ts";

const DAY_MS = 86_400_000;
const asked: readonly DeviceRole[] = ["citizen-pc", "copier", "display", "kiosk", "officer-pc", "printer", "router", "scanner"];
const inks = ["black"] as const;

/** Which office devices answer. PCs are off outside of hours and on some days, printers run dry, some devices never answer at all. */
export function simulateDevices({ profile, story, due }: Scene): Outcome {
  const devices = profile.centre.devices.filter(({ role }) => asked.includes(role));
  const { code } = profile.centre;
  const seen = devices.filter((device) => isUp(story, code, device, due.atMs));
  const up = devices.map(
    (device): Reading => ({
      metric: "device_up",
      value: seen.includes(device) ? 1 : 0,
      labels: { device: device.id, role: device.role, method: methodOf(device) },
    }),
  );
  const perRole = asked
    .filter((role) => devices.some((device) => device.role === role))
    .map((role): Reading => ({ metric: "devices_seen", value: seen.filter((device) => device.role === role).length, labels: { role } }));
  // Page counts and supplies change slowly: the shared copier and the first printers tell enough for a demonstration.
  const told = seen.filter(({ role, id }) => role === "copier" || (role === "printer" && Number(id.split("-")[1]) <= 2));
  return { kind: "measured", readings: [...up, ...perRole, ...told.flatMap((device) => printerReadings(story, code, device, due.atMs))] };
}

/** Whether a device answers on a day: some never do, and a desk may be empty. */
export function isUp(story: Story, code: string, device: Device, atMs: number): boolean {
  if (chance(0.03, story.seed, code, device.id, "broken")) return false;
  const desk = device.role === "officer-pc" || device.role === "citizen-pc";
  return !chance(desk ? 0.12 : 0.02, story.seed, code, device.id, vietnamDay(atMs), "off");
}

function methodOf({ role }: Device): string {
  return role === "printer" || role === "copier" ? "snmp" : "icmp";
}

function printerReadings(story: Story, code: string, device: Device, atMs: number): Reading[] {
  const keys = [story.seed, code, device.id] as const;
  const dayCount = (atMs - story.anchorMs) / DAY_MS + 365;
  const perDay = between(20, 160, ...keys, "pages");
  const pages = Math.round(dayCount * perDay + 4_000 * draw(...keys, "age"));
  // A cartridge lasts some 3,000 pages and is changed late.
  const left = Math.max(0, 100 - ((dayCount * perDay + 3_000 * draw(...keys, "cartridge")) % 3_100) / 31);
  return [
    { metric: "printer_working", value: left < 1 ? 0 : 1, labels: { device: device.id, role: device.role } },
    ...inks.map((supply): Reading => ({ metric: "printer_supply_percent", value: rounded(left, 0), labels: { device: device.id, supply } })),
    { metric: "printer_pages", value: pages, labels: { device: device.id } },
  ];
}

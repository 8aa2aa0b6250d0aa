import { vietnamDay } from "#schemas/calendar.ts";
import type { DiscoveryEvidence } from "#schemas/discovery-evidence.ts";
import type { Device } from "#schemas/inventory.ts";
import { Evidence, type Outcome } from "#schemas/observation.ts";
import { chance, draw } from "./seeded.ts";
import { isUp } from "./simulate-devices.ts";
import type { Scene } from "./simulate-scene.ts";

const DAY_MS = 86_400_000;
/** How long before the anchor a few centres had a printer exchanged. */
const EXCHANGED_DAYS = 12;

/** What a search of the LAN finds: most of what is declared, now and then a printer that nobody declared or that was exchanged. */
export function simulateDiscovery({ profile, story, due }: Scene): Outcome {
  const { code, devices } = profile.centre;
  const exchangedMs = story.anchorMs - EXCHANGED_DAYS * DAY_MS;
  const hashOf = (key: string) => `hash ${hex(8, code)} ${hex(24, story.seed, code, key)}`;
  const found = devices
    .filter((device) => isUp(story, code, device, due.atMs))
    .flatMap((device) => {
      const isExchanged = device.id === "printer-1" && due.atMs > exchangedMs && chance(0.06, story.seed, code, "exchanged");
      return foundOf(device, hashOf(isExchanged ? `${device.id} new` : device.id));
    });
  const isGuest = chance(0.12, story.seed, code, "undeclared");
  const guest = { identity: hashOf("guest"), roles: ["printer" as const], address: "10.7.0.77", vendor: "Epson", model: "L3250" };
  const evidence: DiscoveryEvidence = {
    networks: ["10.0.0.0/8"],
    found: isGuest ? [...found, guest] : found,
    unknownComputers: Math.floor(4 * draw(story.seed, code, vietnamDay(due.atMs), "laptops")),
  };
  return { kind: "measured", readings: [{ metric: "devices_found", value: evidence.found.length }], evidence: Evidence.parse(evidence) };
}

function foundOf({ id, role, address, vendor }: Device, identity: string): DiscoveryEvidence["found"] {
  if (address === undefined) return [];
  return [{ identity, roles: [role], address, device: id, ...(vendor !== undefined && { vendor }) }];
}

function hex(digits: number, ...keys: readonly (string | number)[]): string {
  return Array.from({ length: digits }, (_, at) => Math.floor(16 * draw(at, ...keys)).toString(16)).join("");
}

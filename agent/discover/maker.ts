import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DeviceRole } from "#schemas/inventory.ts";

/** `role` where a maker sells one kind of thing to offices; phones and PCs have no line, so nothing is said of people's own. */
const Makers = z.array(
  z.strictObject({
    vendor: z.string().min(1).max(64),
    role: DeviceRole.optional(),
    prefixes: z.array(z.string().regex(/^([0-9a-f]{2}:){2}[0-9a-f]{2}$/)).min(1),
  }),
);

/** What the first half of a MAC address tells. */
export type Maker = { readonly vendor: string; readonly role?: DeviceRole };

let known: ReadonlyMap<string, Maker> | undefined;

/** The maker of a network interface, as the IEEE's registry has it, for the few makers that matter here. The address goes no further. */
export function makerOf(mac: string): Maker | undefined {
  known ??= new Map(
    Makers.parse(JSON.parse(readFileSync(join(import.meta.dirname, "makers.json"), "utf8"))).flatMap(({ prefixes, vendor, role }) =>
      prefixes.map((prefix) => [prefix, { vendor, ...(role && { role }) }] as const),
    ),
  );
  return known.get(mac.slice(0, 8));
}

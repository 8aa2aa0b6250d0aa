import { z } from "zod";
import { addressWithout, neverDeclared } from "./device-address.ts";
import { Code } from "./ids.ts";

/** What a device is for. */
export const deviceRoles = [
  "access-point",
  "camera",
  "citizen-pc",
  "copier",
  "display",
  "kiosk",
  "officer-pc",
  "printer",
  "recorder",
  "router",
  "scanner",
] as const;
export const DeviceRole = z.enum(deviceRoles);
export type DeviceRole = z.infer<typeof DeviceRole>;

/** The main office among a centre's reception points; what names no point is there. */
export const MAIN_POINT = "main";

/** The reception point (điểm tiếp nhận) of what may name one. */
export function pointOf({ point }: { readonly point?: string | undefined }): string {
  return point ?? MAIN_POINT;
}

/**
 * A device that the centre declares to own. `address` is where the agent finds it; without one it is declared only. `point` is the reception point whose
 * agent reaches it.
 */
export const Device = z.strictObject({
  id: Code,
  name: z.string().max(128).optional(),
  role: DeviceRole,
  point: Code.optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  vendor: z.string().max(64).optional(),
  model: z.string().max(64).optional(),
  serial: z.string().max(64).optional(),
  /** Days on which it, or a recorder's disk, was installed, repaired or replaced, with the paper that says so: they explain a short history. */
  serviced: z
    .array(z.strictObject({ on: z.iso.date(), what: z.string().min(1).max(128), document: z.string().min(1).max(128) }))
    .max(16)
    .optional(),
});
export type Device = z.infer<typeof Device>;

/** Most devices of one centre. */
export const SITE_DEVICES_MAX = 2_000;

/** A centre with the facts that the rules need: denominators, flags and what is declared of its line. */
export const Centre = z.strictObject({
  code: Code,
  name: z.string().min(1).max(128),
  district: z.string().max(128).optional(),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
  /** Officers who work at the counters; the denominator of R10 to R12. */
  officers: z.int().min(0).max(500).optional(),
  /** "Địa bàn trọng điểm": queue machine and display are demanded here. */
  keyArea: z.boolean().default(false),
  contractMbps: z.number().min(0).optional(),
  isp: z.string().max(64).optional(),
  /** By which the provider knows the line: the contract's number, or the subscriber's code. */
  contractNumber: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^\P{C}+$/u, "must be one line of text")
    .optional(),
  devices: z.array(Device).max(SITE_DEVICES_MAX).default([]),
});
export type Centre = z.infer<typeof Centre>;

/** The end of a centre: the first Vietnam day on which it counts no more, and the code of the centre that took its work over. */
export const Closing = z.strictObject({ on: z.iso.date(), into: Code.optional() });
export type Closing = z.infer<typeof Closing>;

/** Whether a centre is closed on a Vietnam day; one that will be closed counts until then. */
export function isClosedOn(closing: Pick<Closing, "on"> | undefined, day: string): boolean {
  return closing !== undefined && closing.on <= day;
}

/** A device that has not been declared, as this kind, all the time that is looked back on: the Vietnam day since which it is, without a break. */
export const NewlyDeclared = z.object({ device: Code, role: DeviceRole, sinceDay: z.iso.date() });
export type NewlyDeclared = z.infer<typeof NewlyDeclared>;

/** A device as a list declares it. What was stored before stays readable, whatever its address. */
const DeclaredDevice = Device.extend({ address: addressWithout(neverDeclared).optional() });

/** A centre as a list of centres declares it. One that names no devices keeps those that it has: they may come from another file (docs/inventory.md). */
const DeclaredCentre = Centre.extend({ devices: z.array(DeclaredDevice).max(SITE_DEVICES_MAX).optional() });
export type DeclaredCentre = z.infer<typeof DeclaredCentre>;

/** The file that `collector centre import` takes. */
export const Inventory = z.strictObject({
  centres: z.array(DeclaredCentre).min(1).max(20_000),
});
export type Inventory = z.infer<typeof Inventory>;

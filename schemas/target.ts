import { z } from "zod";
import { addressWithout, neverOneDevice } from "./device-address.ts";
import { Code } from "./ids.ts";
import { DeviceRole } from "./inventory.ts";
import type { ProbeKind } from "./observation.ts";

/** Which declared devices a probe of cameras asks: each one that has an address inside of the allowed networks. Where none of these is declared, cameras are asked. */
export const rolesAsked: { readonly [probe in ProbeKind]?: readonly DeviceRole[] } = {
  "camera-presence": ["camera", "recorder"],
  "vms-link": ["recorder"],
};

/** A secret by name: kept by `creds add` on the gateway PC, put in place by the runner just before a run. */
export const CredentialName = Code;

/** A network as `10.1.0.0/16` or `fd00::/8`. */
export const Network = z.union([z.cidrv4(), z.cidrv6()], "write a network as 192.168.1.0/24");

/** Two keys of 256 bits are made in two ways under nearly one name: "AES-256" is Blumenthal's (net-snmp), "AES-256-C" Reeder's (Cisco). */
const protocolsByName: Readonly<Record<string, string>> = { sha1: "sha", aes128: "aes", aes256: "aes256b", aes256c: "aes256r" };

/** A protocol of SNMPv3 by our name or as the pages of devices write it: "SHA-256", "AES128". */
function protocolOf<const Name extends string>(names: readonly Name[]) {
  return z.preprocess((given) => {
    if (typeof given !== "string") return given;
    const name = given.toLowerCase().replaceAll(/[-_ ]/g, "");
    return protocolsByName[name] ?? name;
  }, z.enum(names));
}

const Key = z.strictObject({ protocol: protocolOf(["sha", "sha224", "sha256", "sha384", "sha512", "md5"]), key: z.string().min(8) });

/** How to ask a device over SNMP. v3 is authPriv, authNoPriv or noAuthNoPriv by what is given. */
export const SnmpAccess = z.discriminatedUnion("version", [
  z.strictObject({ version: z.enum(["1", "2c"]), community: z.string().min(1).default("public"), port: z.int().min(1).max(65535).optional() }),
  z.strictObject({
    version: z.literal("3"),
    user: z.string().min(1),
    auth: Key.optional(),
    privacy: z.strictObject({ protocol: protocolOf(["aes", "aes256b", "aes256r", "des"]), key: z.string().min(8) }).optional(),
    context: z.string().optional(),
    port: z.int().min(1).max(65535).optional(),
  }),
]);
export type SnmpAccess = z.infer<typeof SnmpAccess>;

/** How to ask a device over HTTP or ONVIF. */
export const HttpAccess = z.strictObject({
  port: z.int().min(1).max(65535).optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  /** A key sent as a header by APIs that take one (UniFi, Omada). */
  apiKey: z.string().optional(),
  tls: z.boolean().optional(),
});
export type HttpAccess = z.infer<typeof HttpAccess>;

/** One device that a LAN probe may ask. The one shape of all LAN probes' `targets`. */
export const Target = z.strictObject({
  /** The device's code in the inventory; absent in ad-hoc runs, where the address stands for it. */
  id: Code.optional(),
  name: z.string().max(128).optional(),
  role: DeviceRole.optional(),
  address: addressWithout(neverOneDevice),
  port: z.int().min(1).max(65535).optional(),
  snmp: SnmpAccess.optional(),
  http: HttpAccess.optional(),
  onvif: HttpAccess.optional(),
  /** The serial number that the inventory knows: another one is another device. */
  serial: z.string().min(1).max(64).optional(),
  /** Days on which it was installed or serviced, by the centre's papers. */
  serviced: z.array(z.iso.date()).max(16).optional(),
});
export type Target = z.infer<typeof Target>;

/**
 * Options of a probe that asks several devices: `{ targets: [...] }`, or the fields of one target at the top level.
 * Other fields of the probe are given as `rest`.
 */
export function targetOptions<Rest extends z.ZodRawShape>(rest: Rest) {
  const whole = z.strictObject({ targets: z.array(Target).min(1).max(256), ...rest });
  const own = new Set(["targets", ...Object.keys(rest)]);
  return z.preprocess((raw) => {
    if (raw === null || typeof raw !== "object" || Array.isArray(raw) || "targets" in raw || !("address" in raw)) return raw;
    const target: Record<string, unknown> = {};
    const kept: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(raw)) (own.has(name) ? kept : target)[name] = value;
    return { ...kept, targets: [target] };
  }, whole);
}

/** Name by which readings call a target: its inventory code, else its name, else its address. */
export function targetLabel(target: Target): string {
  return target.id ?? target.name ?? target.address;
}

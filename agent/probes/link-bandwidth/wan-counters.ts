import { z } from "zod";
import { SnmpAccess } from "#schemas/target.ts";
import { snmpNumber } from "../../io/snmp-value.ts";
import type { ProbeContext } from "../../probe.ts";
import type { Counters } from "./surroundings.ts";

/** The router's interface towards the provider: it sees what the whole LAN uses, not only this PC. */
export const Wan = z.strictObject({
  address: z.union([z.ipv4(), z.ipv6()]),
  snmp: SnmpAccess,
  ifIndex: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
});
export type Wan = z.infer<typeof Wan>;

// IF-MIB (RFC 2863): 64-bit octet counters; the 32-bit ones wrap within 34 s at 1 Gbps.
const IF_HC_IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6";
const IF_HC_OUT_OCTETS = "1.3.6.1.2.1.31.1.1.1.10";
const SNMP_PORT = 161;

/** Reads the router's counters now; undefined when it has none. @throws DeviceError when it does not answer */
export async function wanCounters({ address, snmp, ifIndex }: Wan, { io, signal }: Pick<ProbeContext, "io" | "signal">): Promise<Counters | undefined> {
  const [received, sent] = [`${IF_HC_IN_OCTETS}.${ifIndex}`, `${IF_HC_OUT_OCTETS}.${ifIndex}`];
  using session = io.openSnmp({ address, port: snmp.port ?? SNMP_PORT, access: snmp }, signal);
  const values = await session.get([received, sent]);
  const [receivedBytes, sentBytes] = [received, sent].map((oid) => snmpNumber(values.get(oid) ?? ""));
  return receivedBytes === undefined || sentBytes === undefined ? undefined : { atMs: performance.now(), receivedBytes, sentBytes, isLine: true };
}

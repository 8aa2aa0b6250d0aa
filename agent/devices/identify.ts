import { DeviceError } from "../io/device-error.ts";
import type { SnmpSession } from "../io/snmp.ts";
import { oidIsUnder, snmpNumber, snmpText } from "../io/snmp-value.ts";
import type { Definition } from "./definition.ts";

/** Objects of SNMPv2-MIB that every agent has. */
const SYS_DESCR = "1.3.6.1.2.1.1.1.0";
const SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0";
const SYS_NAME = "1.3.6.1.2.1.1.5.0";

/** What a device says of itself. Hostile text: cleaned where it is shown. */
export type SystemFacts = { readonly objectId: string; readonly descr: string; readonly name: string };

/** Asks a device who it is. @throws DeviceError */
export async function readSystem(session: SnmpSession): Promise<SystemFacts> {
  // One object first: an agent that drops a question for several is then known to be there, and asked for them one by one.
  const found = new Map([...(await session.get([SYS_OBJECT_ID])), ...(await session.get([SYS_DESCR, SYS_NAME]))]);
  const text = (oid: string) => snmpText(found.get(oid) ?? "");
  return { objectId: text(SYS_OBJECT_ID), descr: text(SYS_DESCR), name: text(SYS_NAME) };
}

/** Definitions whose sysObjectID fits, the likeliest first: by priority, then those whose sysDescr fits, then by length of what fitted. Pure. */
export function candidates<D extends Definition>(known: readonly D[], system: SystemFacts): readonly D[] {
  const ranked = known.flatMap((definition) => {
    const length = fitLength(definition, system.objectId);
    return length === undefined ? [] : [{ definition, length, described: describes(definition, system.descr) }];
  });
  ranked.sort((a, b) => a.definition.priority - b.definition.priority || Number(b.described) - Number(a.described) || b.length - a.length);
  return ranked.map(({ definition }) => definition);
}

function fitLength({ match }: Definition, objectId: string): number | undefined {
  if (match.sysObjectId === "any") return 0;
  if (match.exclude.some((prefix) => oidIsUnder(objectId, prefix))) return undefined;
  const lengths = match.sysObjectId.filter((prefix) => oidIsUnder(objectId, prefix)).map((prefix) => prefix.length);
  return lengths.length === 0 ? undefined : Math.max(...lengths);
}

function describes({ match }: Definition, descr: string): boolean {
  return match.sysDescr !== undefined && new RegExp(match.sysDescr, "u").test(descr.slice(0, 256));
}

/** The first definition that fits and whose probe the device answers; undefined when none does. @throws DeviceError when the device falls silent */
export async function identify<D extends Definition>(session: SnmpSession, known: readonly D[], system: SystemFacts): Promise<D | undefined> {
  for (const definition of candidates(known, system)) if (await answersProbe(session, definition)) return definition;
  return undefined;
}

async function answersProbe(session: SnmpSession, { match: { probe } }: Definition): Promise<boolean> {
  if (!probe) return true;
  const value = await session.first(probe.oid).catch((error: unknown) => {
    if (error instanceof DeviceError && (error.trouble === "no_such_object" || error.trouble === "no_permission" || error.trouble === "bad_reply"))
      return undefined;
    throw error;
  });
  if (value === undefined) return false;
  if (probe.startsWith !== undefined && !snmpText(value).startsWith(probe.startsWith)) return false;
  return probe.oneOf === undefined || probe.oneOf.includes(snmpNumber(value) ?? Number.NaN);
}

import { z } from "zod";
import { type KnownDevice, kindOf, sameSerial } from "./asset-ledger.ts";
import { Code } from "./ids.ts";
import { type Device, pointOf } from "./inventory.ts";

/** A device under a code that is declared no more, and the Vietnam day from which on it is not. */
export type FormerDevice = Pick<Device, "id" | "role" | "address" | "serial" | "point"> & { readonly untilDay: string };

/**
 * The present codes of devices that got another one: what answered under the old code is the same machine. Its serial number says so, or the address on the
 * wire (MAC) of what a search met in the place of both while the old code was declared. An IP address alone says nothing. Pure.
 */
export function codesNow(former: readonly FormerDevice[], declared: readonly Device[], found: readonly KnownDevice[]): ReadonlyMap<string, string> {
  return new Map(
    former.flatMap((before): [string, string][] => {
      const same = declared.filter((device) => kindOf(device.role) === kindOf(before.role) && isSame(before, device, found));
      const now = same.find(({ role }) => role === before.role) ?? same[0];
      return now === undefined ? [] : [[before.id, now.id]];
    }),
  );
}

/** What became of a code that is declared no more: the present code of the same device, or the Vietnam day from which on there is none. */
export const FormerCode = z.union([z.object({ device: Code, now: Code }), z.object({ device: Code, goneFrom: z.iso.date() })]);
export type FormerCode = z.infer<typeof FormerCode>;

/**
 * Rows about devices under their present codes, without those of devices that were taken off the list: they stand at another centre, or nowhere. What answers under
 * such a code after that is something else, as a queue of the gateway PC's spooler may be.
 */
export function underCodesNow<Row extends { readonly device: string; readonly day: string }>(
  rows: readonly Row[],
  former: readonly FormerCode[] = [],
): readonly Row[] {
  if (former.length === 0) return rows;
  const codes = new Map(former.map((code) => [code.device, code]));
  return rows.flatMap((row) => {
    const code = codes.get(row.device);
    if (code === undefined) return row;
    if ("now" in code) return { ...row, device: code.now };
    return row.day > code.goneFrom ? row : [];
  });
}

function isSame(before: FormerDevice, device: Device, found: readonly KnownDevice[]): boolean {
  const said = sameSerial(before.serial, device.serial);
  if (said !== undefined) return said;
  if (before.address === undefined || before.address !== device.address || pointOf(before) !== pointOf(device)) return false;
  const [there] = found
    .filter((one) => one.identity.startsWith("hash ") && one.address === device.address && pointOf(one) === pointOf(device))
    .sort((a, b) => b.lastDay.localeCompare(a.lastDay) || b.firstDay.localeCompare(a.firstDay));
  const isOther = [before, device].some(({ serial }) => sameSerial(serial, there?.serial) === false);
  return there !== undefined && !isOther && there.firstDay < before.untilDay;
}

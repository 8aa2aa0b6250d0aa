import { Device, type DeviceRole, deviceRoles } from "#schemas/inventory.ts";
import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { langs, longest, sameWords, type TableForm } from "./table-form.ts";

export type DeviceColumn = "centre" | "id" | "role" | "name" | "address" | "vendor" | "model" | "serial" | "point";

const { name, vendor, model, serial } = Device.shape;

/** The table of the devices of centres. */
export const deviceForm: TableForm<DeviceColumn> = {
  sheet: "inventory.sheet",
  none: "inventory.fault.none",
  columns: {
    centre: { head: "inventory.column.centre", width: 16, must: true },
    id: { head: "inventory.column.id", width: 18 },
    role: { head: "inventory.column.role", width: 24, must: true },
    name: { head: "inventory.column.name", width: 28, max: longest(name) },
    address: { head: "inventory.column.address", width: 16 },
    vendor: { head: "inventory.column.vendor", width: 16, max: longest(vendor) },
    model: { head: "inventory.column.model", width: 22, max: longest(model) },
    serial: { head: "inventory.column.serial", width: 20, max: longest(serial), hasZeros: true },
    point: { head: "inventory.column.point", width: 16 },
  },
};

export type DeviceRow = { readonly centre: string; readonly device: Device };

/** What stands in a cell of a device. */
export function deviceCell({ centre, device }: DeviceRow, column: DeviceColumn, lang: Lang): string | undefined {
  if (column === "centre") return centre;
  return column === "role" ? roleWord(lang, device.role) : device[column];
}

/** The kind that a cell names: its words in either language, what files that were exported earlier call it, or its code. */
export function roleOf(cell: string): DeviceRole | undefined {
  return deviceRoles.find((role) => sameWords(cell, [role, ...langs.flatMap((lang) => [roleWord(lang, role), ...formerWords(lang, role)])]));
}

function formerWords(lang: Lang, role: DeviceRole): string[] {
  const key = `device.formerRole.${role}`;
  return isTextKey(key) ? [text(lang, key)] : [];
}

/** A kind of device in the words of people. */
export function roleWord(lang: Lang, role: DeviceRole): string {
  return text(lang, `device.role.${role}`);
}

import { isIP } from "node:net";
import { addressFault } from "#schemas/device-address.ts";
import { Code } from "#schemas/ids.ts";
import { type Device, type DeviceRole, deviceRoles, MAIN_POINT, SITE_DEVICES_MAX } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type DeviceColumn, deviceForm, roleOf, roleWord } from "./device-form.ts";
import { pointCode } from "./point-code.ts";
import type { Table } from "./read-table.ts";
import { asCode } from "./table-form.ts";
import { type TableRow, TableRows } from "./table-rows.ts";

export type DeviceFileOptions = { readonly file: string; readonly lang: Lang; readonly isCentre: (code: string) => boolean };
/** What a file declares: for each centre that it names, all the devices of that centre. */
export type DeclaredDevices = ReadonlyMap<string, readonly Device[]>;

/** What a file says. `hasPoints`: it has the column of reception points, where an empty cell is the main office. `notes` say what was taken and should be looked at. */
export type DeviceTable = { readonly devices: DeclaredDevices; readonly hasPoints: boolean; readonly notes: readonly string[] };

/**
 * Reads a table of devices. All or nothing: @throws TableRefused with a sentence for each fault, which names row and column as a spreadsheet counts
 * them. A device without a code gets one from its kind, in the order of the file.
 */
export function readDeviceTable(table: Table, options: DeviceFileOptions): DeviceTable {
  const { file, lang } = options;
  const rows = new TableRows(table, deviceForm, options);
  const drafts = new Map<string, Draft[]>();
  for (const row of rows.rows) {
    const role = checkRow(rows, row, options);
    if (role === undefined) continue;
    const centre = row.words("centre").toLowerCase();
    const list = drafts.get(centre) ?? [];
    list.push({ id: idIn(row), role, ...wordsOf(row), ...pointIn(row) });
    drafts.set(centre, list);
  }
  if ([...drafts.values()].some(({ length }) => length > SITE_DEVICES_MAX))
    rows.faults.push(text(lang, "inventory.fault.devices", { file, max: SITE_DEVICES_MAX }));
  rows.refuse();
  return { devices: new Map([...drafts].map(([centre, list]) => [centre, withCodes(list)])), hasPoints: rows.columns.has("point"), notes: rows.notes() };
}

type Row = TableRow<DeviceColumn>;
type Draft = Omit<Device, "id"> & { readonly id: string | undefined };

/** Notes what is wrong in a row; gives the kind of its device where it names one. */
function checkRow(rows: TableRows<DeviceColumn>, row: Row, { lang, isCentre }: DeviceFileOptions): DeviceRole | undefined {
  const { words } = row;
  const centre = words("centre").toLowerCase();
  const role = roleOf(words("role"));
  const id = idIn(row);
  const point = pointCode(row.words("point"));
  const serial = words("serial");
  if (centre !== "" && !isCentre(centre)) rows.fault(row, "centre", "inventory.fault.centre_row");
  if (words("role") !== "" && role === undefined)
    rows.fault(row, "role", "inventory.fault.role", { roles: deviceRoles.map((one) => roleWord(lang, one)).join(", ") });
  const address = words("address");
  const wrong = isIP(address) === 0 ? undefined : addressFault(address);
  if (address !== "" && isIP(address) === 0) rows.fault(row, "address", "inventory.fault.address");
  if (wrong !== undefined) rows.fault(row, "address", `inventory.fault.address.${wrong}`);
  if (id !== undefined && !Code.safeParse(id).success) rows.fault(row, "id", "inventory.fault.id");
  if (!Code.safeParse(point).success) rows.fault(row, "point", "inventory.fault.id");
  if (id !== undefined) rows.once(row, "id", `${centre} ${id}`, "inventory.fault.id_twice");
  if (serial !== "") rows.once(row, "serial", `${role} serial ${serial.toUpperCase()}`, "inventory.fault.serial_twice");
  return role;
}

function idIn({ words }: Row): string | undefined {
  return words("id") === "" ? undefined : asCode(words("id"));
}

function pointIn({ words }: Row): Pick<Device, "point"> {
  const point = pointCode(words("point"));
  return point === MAIN_POINT ? {} : { point };
}

function wordsOf({ words }: Row): Partial<Device> {
  const columns = ["name", "address", "vendor", "model", "serial"] as const;
  return Object.fromEntries(columns.flatMap((column) => (words(column) === "" ? [] : [[column, words(column)]])));
}

function withCodes(drafts: readonly Draft[]): Device[] {
  const taken = new Set(drafts.flatMap(({ id }) => id ?? []));
  const counts = new Map<DeviceRole, number>();
  return drafts.map(({ id, ...draft }) => {
    if (id !== undefined) return { id, ...draft };
    let number = counts.get(draft.role) ?? 0;
    do number++;
    while (taken.has(`${draft.role}-${number}`));
    counts.set(draft.role, number);
    return { id: `${draft.role}-${number}`, ...draft };
  });
}

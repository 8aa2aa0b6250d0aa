import { isIP } from "node:net";
import { Code } from "#schemas/ids.ts";
import { type Device, type DeviceRole, deviceRoles } from "#schemas/inventory.ts";
import { type TextKey, type TextParams, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { foldMarks } from "../web/format.ts";
import { type Column, columnOf, columns, requiredColumns, roleOf, roleWord } from "./columns.ts";
import { InventoryRefused } from "./inventory-refused.ts";

const ROWS_MAX = 50_000;
/** Devices of one centre that the contract takes (schemas/inventory.ts). */
const DEVICES_MAX = 2_000;
const lengths: Partial<Record<Column, number>> = { name: 128, vendor: 64, model: 64, serial: 64 };

export type FileOptions = { readonly file: string; readonly lang: Lang; readonly isCentre: (code: string) => boolean };
/** What a file declares: for each centre that it names, all the devices of that centre. */
export type DeclaredDevices = ReadonlyMap<string, readonly Device[]>;

/**
 * Reads a table whose first row names the columns. All or nothing: @throws InventoryRefused with a sentence for each fault, which names row and column
 * as a spreadsheet counts them. A device without a code gets one from its kind, in the order of the file.
 */
export function readInventoryTable(table: readonly (readonly string[])[], options: FileOptions): DeclaredDevices {
  const { file, lang } = options;
  const [head = [], ...rows] = table;
  const places = placesOf(head, options);
  const filled = rows.flatMap((row, index) =>
    row.some((cell) => cell !== "") ? [{ number: index + 2, cell: (column: Column) => cellOf(row, places, column) }] : [],
  );
  if (filled.length === 0) throw new InventoryRefused([text(lang, "inventory.fault.none", { file })]);
  const reader = new RowReader(options);
  for (const row of filled.slice(0, ROWS_MAX)) reader.read(row);
  const tooMany = filled.length > ROWS_MAX || [...reader.devices.values()].some(({ length }) => length > DEVICES_MAX);
  if (tooMany) reader.faults.push(text(lang, "inventory.fault.rows", { file, max: ROWS_MAX, devices: DEVICES_MAX }));
  if (reader.faults.length > 0) throw new InventoryRefused(reader.faults);
  return reader.named();
}

function placesOf(head: readonly string[], { file, lang }: FileOptions): ReadonlyMap<Column, number> {
  const names = columns.map((column) => text(lang, `inventory.column.${column}`)).join(", ");
  const places = new Map<Column, number>();
  const faults: string[] = [];
  for (const [place, words] of head.entries()) {
    if (words === "") continue;
    const column = columnOf(words);
    if (column === undefined) faults.push(text(lang, "inventory.fault.column_unknown", { file, column: words, columns: names }));
    else if (places.has(column)) faults.push(text(lang, "inventory.fault.column_twice", { file, column: words }));
    else places.set(column, place);
  }
  for (const column of requiredColumns)
    if (!places.has(column))
      faults.push(text(lang, "inventory.fault.column_missing", { file, column: text(lang, `inventory.column.${column}`), columns: names }));
  if (faults.length > 0) throw new InventoryRefused(faults);
  return places;
}

function cellOf(row: readonly string[], places: ReadonlyMap<Column, number>, column: Column): string {
  const place = places.get(column);
  return place === undefined ? "" : (row[place] ?? "").trim();
}

type Row = { readonly number: number; readonly cell: (column: Column) => string };
type Draft = Omit<Device, "id"> & { readonly id: string | undefined };

/** Collects the devices of a file and all that is wrong with it. */
class RowReader {
  readonly devices = new Map<string, Draft[]>();
  readonly faults: string[] = [];
  readonly #rowOf = new Map<string, number>();
  readonly #options: FileOptions;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  read({ number, cell }: Row): void {
    const before = this.faults.length;
    const fault = (column: Column, key: TextKey, params: TextParams = {}) => this.#fault(number, column, key, { value: cell(column), ...params });
    const centre = cell("centre").toLowerCase();
    const role = roleOf(cell("role"));
    const address = cell("address");
    for (const column of requiredColumns) if (cell(column) === "") fault(column, "inventory.fault.empty");
    if (centre !== "" && !this.#options.isCentre(centre)) fault("centre", "inventory.fault.centre");
    if (cell("role") !== "" && role === undefined) fault("role", "inventory.fault.role", { roles: this.#roles() });
    if (address !== "" && isIP(address) === 0) fault("address", "inventory.fault.address");
    for (const [column, max] of Object.entries(lengths) as [Column, number][]) if (cell(column).length > max) fault(column, "inventory.fault.long", { max });
    const id = cell("id") === "" ? undefined : foldMarks(cell("id")).replace(/[\s_.]+/g, "-");
    if (id !== undefined && !Code.safeParse(id).success) fault("id", "inventory.fault.id");
    if (id !== undefined) this.#once(`${centre} ${id}`, number, (other) => fault("id", "inventory.fault.id_twice", { other: String(other) }));
    const serial = cell("serial");
    if (serial !== "")
      this.#once(`${role} serial ${serial.toUpperCase()}`, number, (other) => fault("serial", "inventory.fault.serial_twice", { other: String(other) }));
    if (this.faults.length > before || role === undefined) return;
    const words = Object.fromEntries(
      (["name", "address", "vendor", "model", "serial"] as const).flatMap((column) => (cell(column) === "" ? [] : [[column, cell(column)]])),
    );
    const list = this.devices.get(centre) ?? [];
    list.push({ id, role, ...words });
    this.devices.set(centre, list);
  }

  /** The devices, each with a code. */
  named(): DeclaredDevices {
    return new Map([...this.devices].map(([centre, drafts]) => [centre, withCodes(drafts)]));
  }

  #once(key: string, number: number, twice: (other: number) => void): void {
    const other = this.#rowOf.get(key);
    if (other === undefined) this.#rowOf.set(key, number);
    else twice(other);
  }

  #fault(row: number, column: Column, key: TextKey, params: TextParams): void {
    const { lang } = this.#options;
    const problem = text(lang, key, params);
    this.faults.push(text(lang, "inventory.fault", { row: String(row), column: text(lang, `inventory.column.${column}`), problem }));
  }

  #roles(): string {
    return deviceRoles.map((role) => roleWord(this.#options.lang, role)).join(", ");
  }
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

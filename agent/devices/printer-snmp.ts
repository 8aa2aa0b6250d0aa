import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "../io/device-error.ts";
import type { SnmpSession } from "../io/snmp.ts";
import { type SnmpValue, snmpNumber, snmpText } from "../io/snmp-value.ts";
import { type Column, columnOf } from "./aggregate.ts";
import type { PrinterDefinition, PrinterObject } from "./definition.ts";
import { type PrinterFault, type PrinterState, printerState } from "./printer-state.ts";

/** hrDevicePrinter of HOST-RESOURCES-TYPES. */
const PRINTER_TYPE = "1.3.6.1.2.1.25.3.1.5";
/** hrDeviceStatus unknown(1) and down(5). */
const UNKNOWN = 1;
const DOWN = 5;
/** hrPrinterStatus idle(3), before printing(4) and warmup(5). */
const IDLE = 3;
/** prtMarkerSuppliesClass receptacleThatIsFilled(4): what is left of it is reported in contradictory ways. */
const RECEPTACLE = 4;

/** Bits of hrPrinterDetectedErrorState (RFC 2790), the most significant bit of the first octet first. */
const errorBits: readonly PrinterFault[] = [
  "low_paper",
  "no_paper",
  "low_toner",
  "no_toner",
  "door_open",
  "jam",
  "offline",
  "service",
  "input_tray_missing",
  "output_tray_missing",
  "supply_missing",
  "output_near_full",
  "output_full",
  "input_tray_empty",
  "maintenance",
];

export type PrinterColumns = Readonly<Partial<Record<PrinterObject, Column>>>;

/** What says whether a printer works, the first to be asked. */
const stateObjects = ["deviceType", "deviceStatus", "printerStatus", "errorState"] as const satisfies readonly PrinterObject[];
/** What is good to know beside it. Levels come last: without the columns before them they say nothing. */
const moreObjects = ["pages", "supplyClass", "supplyName", "supplyMax", "supplyLevel"] as const satisfies readonly PrinterObject[];

/**
 * Reads a printer's state over SNMP. One that is too slow to tell of its pages and supplies in the time that there is has told its state all the same:
 * `brokeOff` is what kept the rest from coming. @throws DeviceError where it does not tell its state
 */
export async function readPrinter(session: SnmpSession, { objects, snmp }: PrinterDefinition): Promise<{ printer: PrinterState; brokeOff?: DeviceError }> {
  const columns: Partial<Record<PrinterObject, Column>> = {};
  const read = async (names: readonly PrinterObject[]) => {
    for (const name of names) {
      const oid = objects[name];
      if (oid !== undefined) columns[name] = columnOf(oid, await session.walk(oid, snmp));
    }
  };
  await read(stateObjects);
  const brokeOff = await read(moreObjects).catch((error: unknown) => {
    if (error instanceof DeviceError) return error;
    throw error;
  });
  return { printer: judgePrinter(columns), ...(brokeOff && { brokeOff }) };
}

/** Makes a printer's state of the columns of HOST-RESOURCES-MIB and Printer-MIB. Pure. */
export function judgePrinter(columns: PrinterColumns): PrinterState {
  const row = printerRow(columns);
  const isDown = numberAt(columns.deviceStatus, row) === DOWN;
  const bits = columns.errorState?.get(row);
  const found = [...(isDown ? (["down"] as const) : []), ...(bits === undefined ? [] : faultsOf(bits))];
  const pages = [...(columns.pages?.values() ?? [])].flatMap((value) => snmpNumber(value) ?? []).filter((count) => count >= 0);
  return printerState(found, isDown, {
    isSilent: isSilent(columns, row),
    supplies: suppliesOf(columns),
    ...(pages.length > 0 && { pages: Math.max(...pages) }),
  });
}

/** True where neither hrDeviceStatus, nor hrPrinterStatus, nor the bits of errors say anything: "unknown" and "other" are no state. */
function isSilent({ deviceStatus, printerStatus, errorState }: PrinterColumns, row: string): boolean {
  const saysDevice = (numberAt(deviceStatus, row) ?? UNKNOWN) > UNKNOWN;
  const saysPrinter = (numberAt(printerStatus, row) ?? 0) >= IDLE;
  const bits = errorState?.get(row);
  return !saysDevice && !saysPrinter && !(bits instanceof Uint8Array && bits.length > 0);
}

/** Big machines list processor and disks first, so the printer is found by its type. */
function printerRow({ deviceType, errorState, printerStatus }: PrinterColumns): string {
  const byType = [...(deviceType ?? [])].find(([, type]) => snmpText(type) === PRINTER_TYPE)?.[0];
  return byType ?? [...(errorState?.keys() ?? []), ...(printerStatus?.keys() ?? [])][0] ?? "1";
}

/** One or two octets, or none. Some agents send the octets as numbers. */
function faultsOf(value: SnmpValue): readonly PrinterFault[] {
  if (!(value instanceof Uint8Array)) return [];
  return errorBits.filter((_, bit) => ((value[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** Shares of supplies whose capacity and level are both known: -1, -2 and -3 mean "no limit", "unknown" and "some left" (RFC 3805). */
function suppliesOf({ supplyClass, supplyName, supplyMax, supplyLevel }: PrinterColumns): PrinterState["supplies"] {
  const seen = new Set<string>();
  return [...(supplyLevel?.keys() ?? [])].flatMap((index) => {
    const max = numberAt(supplyMax, index) ?? 0;
    const level = numberAt(supplyLevel, index) ?? -2;
    if (numberAt(supplyClass, index) === RECEPTACLE || max <= 0 || level < 0 || level > max) return [];
    const name = cleanText(snmpText(supplyName?.get(index) ?? ""), 64) || `supply ${index}`;
    const unique = seen.has(name) ? `${name} ${index}` : name;
    seen.add(name);
    return [{ name: unique, percent: Math.round((level / max) * 100) }];
  });
}

function numberAt(column: Column | undefined, index: string): number | undefined {
  const value = column?.get(index);
  return value === undefined ? undefined : snmpNumber(value);
}

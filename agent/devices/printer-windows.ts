import { type PrinterFault, type PrinterState, printerState } from "./printer-state.ts";

/** DetectedErrorState of Win32_Printer (CIM_Printer): 0 unknown, 1 other, 2 none. Pure data. */
const faultOfState: Readonly<Record<number, PrinterFault>> = {
  3: "low_paper",
  4: "no_paper",
  5: "low_toner",
  6: "no_toner",
  7: "door_open",
  8: "jam",
  9: "offline",
  10: "service",
  11: "output_full",
};

/** A USB printer's state as the Windows spooler knows it. Pure. */
export function judgeWindowsPrinter(detectedErrorState: number, workOffline: boolean): PrinterState {
  const fault = faultOfState[detectedErrorState];
  return printerState(fault === undefined ? [] : [fault], workOffline, { supplies: [] });
}

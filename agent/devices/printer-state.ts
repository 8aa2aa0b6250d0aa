/** What a printer says of itself, whoever asked. Pure data; texts are words of ours or cleaned. */
export type PrinterState = {
  /** False when it is down or something stands that keeps it from printing now; undefined where it tells nothing of its state. */
  readonly working: boolean | undefined;
  /** Defects that a person must mend. */
  readonly faults: readonly PrinterFault[];
  /** What is used up and must be refilled: blocks as well, but is no defect. */
  readonly consumables: readonly PrinterFault[];
  /** Worth a look, does not block. */
  readonly warnings: readonly PrinterFault[];
  readonly supplies: readonly { readonly name: string; readonly percent: number }[];
  readonly pages?: number;
};

export type PrinterFault =
  | "down"
  | "stopped"
  | "door_open"
  | "jam"
  | "offline"
  | "service"
  | "no_paper"
  | "no_toner"
  | "low_paper"
  | "low_toner"
  | "input_tray_missing"
  | "input_tray_empty"
  | "output_tray_missing"
  | "output_near_full"
  | "output_full"
  | "supply_missing"
  | "maintenance"
  | "not_accepting_jobs"
  | "other_fault";

type FaultClass = "fault" | "consumable" | "warning";

/**
 * How much each fault weighs (fields: error bits of hrPrinterDetectedErrorState). `offline` and `service` are reported by healthy
 * printers too, so they count only when the printer says in another way that it is down.
 */
const classOf: Readonly<Record<PrinterFault, FaultClass>> = {
  down: "fault",
  stopped: "fault",
  door_open: "fault",
  jam: "fault",
  offline: "warning",
  service: "warning",
  no_paper: "consumable",
  no_toner: "consumable",
  low_paper: "warning",
  low_toner: "warning",
  input_tray_missing: "warning",
  input_tray_empty: "warning",
  output_tray_missing: "fault",
  output_near_full: "warning",
  output_full: "fault",
  supply_missing: "fault",
  maintenance: "warning",
  not_accepting_jobs: "fault",
  other_fault: "fault",
};

/** What else is known of a printer. `isSilent`: it has said nothing of its state, so that no fault found is no proof that there is none. */
type More = Pick<PrinterState, "supplies" | "pages"> & { readonly isSilent?: boolean };

/** Sorts what was found into the three classes. `isDown` makes the doubtful words count. Pure. */
export function printerState(found: readonly PrinterFault[], isDown: boolean, { isSilent = false, ...more }: More): PrinterState {
  const of = (wanted: FaultClass) =>
    [...new Set(found)].filter((fault) => {
      const doubtful = fault === "offline" || fault === "service";
      return (doubtful && isDown ? "fault" : classOf[fault]) === wanted;
    });
  const faults = of("fault");
  const consumables = of("consumable");
  const isBlocked = isDown || faults.length > 0 || consumables.length > 0;
  return { working: isSilent && !isBlocked ? undefined : !isBlocked, faults, consumables, warnings: of("warning"), ...more };
}

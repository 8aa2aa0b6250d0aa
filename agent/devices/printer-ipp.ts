import { cleanText } from "#schemas/clean-text.ts";
import type { IppAttributes, IppValue } from "../io/ipp-codec.ts";
import { type PrinterFault, type PrinterState, printerState } from "./printer-state.ts";

/** Attributes of RFC 8011 and PWG 5100.13 that tell a printer's state. */
export const printerAttributes = [
  "printer-name",
  "printer-make-and-model",
  "printer-state",
  "printer-state-reasons",
  "printer-is-accepting-jobs",
  "printer-supply",
  "printer-supply-description",
  "printer-uuid",
  "marker-names",
  "marker-types",
  "marker-levels",
  "printer-impressions-completed",
  "device-uri",
] as const;

/** printer-state stopped (RFC 8011 §5.4.11). */
const STOPPED = 5;
/** printer-state idle and processing. */
const printingStates: ReadonlySet<unknown> = new Set([3, 4]);

/** Keywords of printer-state-reasons by what they mean for us, without their severity. */
const meaningOf: Readonly<Record<string, PrinterFault>> = {
  "media-empty": "no_paper",
  "media-needed": "no_paper",
  "media-low": "low_paper",
  "media-jam": "jam",
  "toner-empty": "no_toner",
  "toner-low": "low_toner",
  "marker-supply-empty": "no_toner",
  "marker-supply-low": "low_toner",
  "marker-waste-almost-full": "maintenance",
  "cover-open": "door_open",
  "door-open": "door_open",
  "interlock-open": "door_open",
  "input-tray-missing": "input_tray_missing",
  "output-tray-missing": "output_tray_missing",
  "output-area-almost-full": "output_near_full",
  "output-area-full": "output_full",
  paused: "stopped",
  shutdown: "offline",
  offline: "offline",
};

/** Words that mean that no paper moves now, so that a mere `-warning` blocks as well: unlike that of low toner it goes when somebody has seen to it. */
const haltingWords: ReadonlySet<string> = new Set(["media-jam", "media-needed", "cover-open", "door-open", "interlock-open", "paused"]);

/**
 * Makes a printer's state of its IPP attributes. What blocks is an `-error`, a `-warning` that says that nothing moves, and any word without
 * a severity while the printer is stopped. Other warnings do not: idle printers carry them for ever. Pure.
 */
export function judgeIppPrinter(attributes: IppAttributes): PrinterState {
  const reasons = texts(attributes, "printer-state-reasons").filter((reason) => reason !== "none");
  const [said] = attributes.get("printer-state") ?? [];
  const isStopped = said === STOPPED;
  const blocking = reasons.filter((reason) => blocks(reason, isStopped));
  const accepts = attributes.get("printer-is-accepting-jobs")?.[0] !== false;
  const found: PrinterFault[] = [
    ...(isStopped ? (["stopped"] as const) : []),
    ...(accepts ? [] : (["not_accepting_jobs"] as const)),
    ...blocking.map((reason) => meaningOf[base(reason)] ?? "other_fault"),
  ];
  const pages = attributes.get("printer-impressions-completed")?.[0];
  const state = printerState(found, isStopped, {
    isSilent: !isStopped && !printingStates.has(said),
    supplies: suppliesOf(attributes),
    ...(typeof pages === "number" && pages >= 0 && { pages }),
  });
  const noted = reasons.filter((reason) => !blocking.includes(reason)).flatMap((reason) => meaningOf[base(reason)] ?? []);
  return { ...state, warnings: [...new Set([...state.warnings, ...noted])] };
}

function blocks(reason: string, isStopped: boolean): boolean {
  if (reason.endsWith("-error")) return true;
  if (reason.endsWith("-warning")) return haltingWords.has(base(reason));
  return isStopped && !reason.endsWith("-report");
}

function base(reason: string): string {
  return reason.replace(/-(error|warning|report)$/, "");
}

function suppliesOf(attributes: IppAttributes): PrinterState["supplies"] {
  const names = texts(attributes, "marker-names");
  const types = texts(attributes, "marker-types");
  const levels = attributes.get("marker-levels") ?? [];
  const markers = levels.flatMap((level, index) => share(names[index] ?? `supply ${index + 1}`, types[index] ?? "", level, 100));
  if (markers.length > 0) return markers;
  const described = texts(attributes, "printer-supply-description");
  return texts(attributes, "printer-supply").flatMap((text, index) => {
    const fields = new Map(text.split(";").map((pair) => [pair.slice(0, pair.indexOf("=")).trim(), pair.slice(pair.indexOf("=") + 1).trim()] as const));
    if (fields.get("class") === "receptacleThatIsFilled") return [];
    const level = Number(fields.get("level") ?? Number.NaN);
    const max = Number(fields.get("maxcapacity") ?? Number.NaN);
    return share(described[index] ?? fields.get("colorantname") ?? `supply ${index + 1}`, fields.get("type") ?? "", level, max);
  });
}

function share(name: string, type: string, level: IppValue, max: number): PrinterState["supplies"] {
  if (/waste/i.test(type) || typeof level !== "number" || !(level >= 0) || !(max > 0) || level > max) return [];
  return [{ name: cleanText(name, 64), percent: Math.round((level / max) * 100) }];
}

function texts(attributes: IppAttributes, name: string): readonly string[] {
  return (attributes.get(name) ?? []).filter((value) => typeof value === "string").slice(0, 64);
}

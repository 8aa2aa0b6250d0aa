/** What GetSystemDateAndTime says; times in ms since the epoch, absent where the device keeps silent. */
import type { XmlNode } from "./xml.ts";

export type DeviceTime = {
  readonly utcMs: number | undefined;
  /** Local wall time read as if it were UTC. */
  readonly wallMs: number | undefined;
  readonly zone: string | undefined;
  readonly kind: string | undefined;
  readonly daylightSavings: boolean | undefined;
};

/** Reads tt:DateTime (Time/Hour.., Date/Year..). Undefined when a part is missing or out of range. */
function dateTime(node: XmlNode | undefined): number | undefined {
  const part = (...path: string[]) => {
    const text = node?.value(...path);
    return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  };
  const [year, month, day] = [part("Date", "Year"), part("Date", "Month"), part("Date", "Day")];
  const [hour, minute, second] = [part("Time", "Hour"), part("Time", "Minute"), part("Time", "Second")];
  // Date.UTC reads years 0..99 as 1900..1999.
  if (!(year >= 1900 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 61)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Reads the answer of GetSystemDateAndTime. A silent device gives undefined, never our own time. */
export function readDeviceTime(answer: XmlNode): DeviceTime {
  const root = answer.find("SystemDateAndTime");
  const savings = root?.value("DaylightSavings");
  return {
    utcMs: dateTime(root?.find("UTCDateTime")),
    wallMs: dateTime(root?.find("LocalDateTime")),
    zone: root?.value("TimeZone", "TZ"),
    kind: root?.value("DateTimeType"),
    daylightSavings: savings === undefined ? undefined : savings === "true" || savings === "1",
  };
}

/**
 * Reads an xs:dateTime as written. Undefined when it is none.
 * Without an offset, xs:dateTime has no zone; ONVIF demands UTC, so it is read as UTC and `zoned` is false.
 */
export function readXsDateTime(text: string | undefined): { readonly ms: number; readonly zoned: boolean } | undefined {
  const match = text?.trim().match(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/);
  if (!match) return undefined;
  const [, date, time, fraction, zone] = match;
  const ms = Date.parse(`${date}T${time}${fraction ? fraction.slice(0, 4).padEnd(4, "0") : ""}${zone ?? "Z"}`);
  return Number.isNaN(ms) ? undefined : { ms, zoned: zone !== undefined };
}

/** An xs:duration of days, hours, minutes and seconds, in days; undefined for other text, 0 and absent, which mean "no cap". */
export function readCapDays(text: string | undefined): number | undefined {
  const match = text?.trim().match(/^P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,10})(?:\.\d+)?S)?)?$/);
  if (!match) return undefined;
  const [years, months, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const total = years * 365 + months * 30 + days + hours / 24 + minutes / 1440 + seconds / 86_400;
  return total > 0 ? total : undefined;
}

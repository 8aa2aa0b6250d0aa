import { cleanText } from "#schemas/clean-text.ts";
import { type MetricName, metrics } from "#schemas/metrics.ts";
import type { Reading } from "#schemas/observation.ts";
import { type SnmpRow, type SnmpValue, snmpNumber, snmpText } from "../io/snmp-value.ts";
import type { IndexPart, LabelSource, MetricSource } from "./definition.ts";

/** Rows of a column by their index, in the order of the device. */
export type Column = ReadonlyMap<string, SnmpValue>;
/** A column that was read, by its OID; a scalar is a column with the one index "0" or "". */
export type Columns = (oid: string) => Column;

/** What one source says: its share of the total, when it answered, and the readings that break it down. */
export type SourceAnswer = { readonly total: number | undefined; readonly details: readonly Reading[] };

/** Puts rows into a column. Pure. */
export function columnOf(base: string, rows: readonly SnmpRow[]): Column {
  return new Map(rows.map(({ oid, value }) => [oid.slice(base.length + 1), value]));
}

/** Whether what a table of addresses says of a host, or of a whole network, is of interest. */
export type IsWanted = (address: string) => boolean;

/** Reads one source out of the columns. `target` is the device's label, which every detail carries as `ap`. Pure. */
export function answerOf(source: MetricSource, all: Columns, target: string, isWanted: IsWanted = () => true): SourceAnswer {
  const own = ownRows(source, all, isWanted);
  const columns: Columns = (oid) => (oid === source.oid ? own : all(oid));
  const rows = rowsOf(source, columns, target);
  const isRowwise = source.aggregate === "perRow" || source.aggregate === "perRowMax";
  const isVoid = rows.some(({ value }) => value === undefined);
  const valid = rows.flatMap(({ value, labels }) => (value === undefined ? [] : [{ value, labels }]));
  const details = isRowwise || labelSources(source).length > 0 ? grouped(source.metric, valid, isRowwise ? Math.max : (a, b) => a + b) : [];
  return { total: source.detail ? undefined : totalOf(source, valid, isVoid, columns), details };
}

/** The labels of a source with where each comes from. */
export function labelSources({ labels }: MetricSource): readonly (readonly [string, LabelSource])[] {
  return Object.entries(labels).flatMap(([name, from]) => (from === undefined ? [] : [[name, from] as const]));
}

/** The rows of a source, without those of addresses that nobody asks for. */
function ownRows({ oid, address: part }: MetricSource, columns: Columns, isWanted: IsWanted): Column {
  const column = columns(oid);
  if (part === undefined) return column;
  return new Map(
    [...column].filter(([index]) => {
      const address = addressIn(index, part);
      return address !== undefined && isWanted(address);
    }),
  );
}

/** InetAddressType of IPv4 and IPv6 (RFC 4001), with the length of such an address. */
const inetLengths: ReadonlyMap<string, number> = new Map([
  ["1", 4],
  ["2", 16],
]);

function addressIn(index: string, { from, as }: NonNullable<MetricSource["address"]>): string | undefined {
  const parts = index.split(".").slice(from);
  const length = as === "ipv4" ? 4 : inetLengths.get(parts[0] ?? "");
  const octets = (as === "ipv4" ? parts : parts.slice(2)).slice(0, length).map(Number);
  if (length === undefined || octets.length < length || octets.some((octet) => !(octet <= 255))) return undefined;
  if (length === 4) return octets.join(".");
  return Array.from({ length: 8 }, (_, word) => ((octets[2 * word] ?? 0) * 256 + (octets[2 * word + 1] ?? 0)).toString(16)).join(":");
}

type Row = { readonly value: number | undefined; readonly labels: Readonly<Record<string, string>> };

function totalOf(source: MetricSource, valid: readonly { value: number }[], isVoid: boolean, columns: Columns): number | undefined {
  const values = valid.map(({ value }) => value);
  if (source.aggregate === "perRow") return undefined;
  if (source.aggregate === "perRowMax") return values.length === 0 ? undefined : Math.max(...values);
  if (source.aggregate === "countRows" && columns(source.oid).size === 0) return source.emptyIsZero ? 0 : undefined;
  // Rows were there, but all of them are of the kind that is skipped: a true zero.
  if (values.length === 0 && (isVoid || columns(source.oid).size === 0)) return undefined;
  return isVoid ? undefined : values.reduce((a, b) => a + b, 0);
}

function rowsOf(source: MetricSource, columns: Columns, target: string): readonly Row[] {
  const own = [...columns(source.oid)];
  const labellers = labelSources(source).map(([name, from]) => [name, labeller(from, own, columns, name === "ap" ? target : undefined)] as const);
  const where = source.where && columns(source.where.column);
  const skip = source.skip && new RegExp(source.skip.ssid, "u");
  const seen = new Set<string>();
  const others = new Set(source.notIn === undefined ? [] : [...columns(source.notIn).values()].map(hexOf));
  return own.flatMap(([index, raw]): Row[] => {
    if (where && !source.where?.oneOf.includes(snmpNumber(where.get(index) ?? "") ?? Number.NaN)) return [];
    const labels: Record<string, string> = { ap: target };
    for (const [name, label] of labellers) labels[name] = label(index, raw);
    if (skip?.test(labels.ssid ?? "")) return [];
    if (source.notIn !== undefined && others.has(hexOf(raw))) return [];
    if (source.distinct) {
      const key = source.distinct === "mac" ? machineOf(raw) : slice(index, source.distinct);
      if (key === undefined || seen.has(key)) return [];
      seen.add(key);
    }
    return [{ value: source.aggregate === "countRows" ? 1 : numberOf(source, raw), labels }];
  });
}

function hexOf(value: SnmpValue): string {
  return (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), "utf8")).toString("hex");
}

/** A hardware address, octet by octet; undefined for broadcast, multicast and what is none. */
function machineOf(value: SnmpValue): string | undefined {
  const isOne = value instanceof Uint8Array && value.length === 6 && ((value[0] ?? 0) & 1) === 0 && value.some((octet) => octet !== 0);
  return isOne ? hexOf(value) : undefined;
}

/** undefined for what is no number, is declared invalid or lies outside of the catalogue's bounds. */
function numberOf(source: MetricSource, raw: SnmpValue): number | undefined {
  const value = source.transform === "firstNumber" ? firstNumber(snmpText(raw)) : snmpNumber(raw);
  if (value === undefined || source.invalid.includes(value)) return undefined;
  if (source.isOne) return source.isOne.includes(value) ? 1 : 0;
  const { min, max } = metrics[source.metric];
  return value >= min && value <= max ? value : undefined;
}

function firstNumber(text: string): number | undefined {
  const found = /\d+(\.\d+)?/.exec(text);
  return found ? Number(found[0]) : undefined;
}

function labeller(
  from: LabelSource,
  own: readonly (readonly [string, SnmpValue])[],
  columns: Columns,
  target: string | undefined,
): (index: string, raw: SnmpValue) => string {
  const word = (text: string) => {
    const clean = cleanText(from.words?.[text] ?? text);
    return target === undefined ? clean : cleanText(`${target} ${clean}`);
  };
  if ("column" in from) {
    const column = columns(from.column);
    const other = from.orColumn === undefined ? undefined : columns(from.orColumn);
    return (index) => word(snmpText(column.get(index) ?? other?.get(index) ?? ""));
  }
  if ("text" in from) return () => word(from.text);
  if ("value" in from) return (_, raw) => word(snmpText(raw));
  const ordinals =
    from.as === "ordinal" ? new Map([...new Set(own.map(([index]) => slice(index, from.index)))].map((part, place) => [part, place + 1])) : undefined;
  return (index) => word(`${from.prefix ?? ""}${indexText(slice(index, from.index), from.as, ordinals)}`);
}

function indexText(part: string, as: "number" | "text" | "lengthText" | "ordinal", ordinals: ReadonlyMap<string, number> | undefined): string {
  if (as === "number") return part;
  if (as === "ordinal") return String(ordinals?.get(part) ?? 0);
  const bytes = part.split(".").map(Number);
  return Buffer.from(as === "lengthText" ? bytes.slice(1, 1 + (bytes[0] ?? 0)) : bytes).toString("utf8");
}

function slice(index: string, { from, length }: IndexPart): string {
  return index
    .split(".")
    .slice(from, length === undefined ? undefined : from + length)
    .join(".");
}

/** One reading for each set of labels. */
function grouped(
  metric: MetricName,
  rows: readonly { value: number; labels: Readonly<Record<string, string>> }[],
  join: (a: number, b: number) => number,
): readonly Reading[] {
  const allowed: readonly string[] = metrics[metric].labels;
  const groups = new Map<string, { value: number; labels: Record<string, string> }>();
  for (const { value, labels } of rows) {
    const kept = Object.fromEntries(Object.entries(labels).filter(([name]) => allowed.includes(name)));
    const key = JSON.stringify(kept);
    groups.set(key, { labels: kept, value: groups.has(key) ? join(groups.get(key)?.value ?? 0, value) : value });
  }
  return [...groups.values()].map(({ value, labels }) => ({ metric, value, labels }));
}

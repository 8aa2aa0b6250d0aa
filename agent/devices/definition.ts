import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { metricNames } from "#schemas/metrics.ts";

/** A whole object identifier or the beginning of one, without a leading dot. */
export const Oid = z.string().regex(/^\d+(\.\d+)+$/, "write an OID as 1.3.6.1.4.1.41112");

const Pattern = z.string().refine((text) => {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}, "no valid regular expression");

/** Numbers of a row's index: `length` of them from `from`, or all the rest. */
const IndexPart = z.strictObject({ from: z.int().min(0), length: z.int().min(1).optional() });
export type IndexPart = z.infer<typeof IndexPart>;

/** What devices say, and the word that we show for it: `{ "ng": "2.4" }`. */
const Words = z.record(z.string(), z.string());

/**
 * Where the text of a label comes from: another column of the same row (`orColumn` where that is empty), a fixed text, the
 * object's own value, or the row's index read as number, as text (`lengthText` when its length stands first), or as `ordinal`, the place among all that occur:
 * for index parts that are MAC addresses, which stay inside.
 */
const LabelSource = z.union([
  z.strictObject({ column: Oid, orColumn: Oid.optional(), words: Words.optional() }),
  z.strictObject({ text: z.string().min(1), words: Words.optional() }),
  z.strictObject({ value: z.literal(true), words: Words.optional() }),
  z.strictObject({ index: IndexPart, as: z.enum(["number", "text", "lengthText", "ordinal"]), prefix: z.string().optional(), words: Words.optional() }),
]);
export type LabelSource = z.infer<typeof LabelSource>;

const WifiLabels = z.strictObject({ ssid: LabelSource.optional(), radio: LabelSource.optional(), ap: LabelSource.optional() });

/** How one number of the catalogue is read from a device. */
const MetricSource = z.strictObject({
  metric: z.enum(metricNames),
  oid: Oid,
  /** `sum`: add the rows. `scalar`: one object. `countRows`: number of rows. `perRow`: one reading a row, no total. `perRowMax`: the same, and the greatest as total. */
  aggregate: z.enum(["sum", "scalar", "countRows", "perRow", "perRowMax"]),
  labels: WifiLabels.default({}),
  /** Sources of one metric and family are alternatives: the first that answers speaks for the family. */
  family: z.string().default("main"),
  /** How families of one metric make the total: `alt` the first that answers, `additive` their sum, `least` the smallest. */
  combine: z.enum(["alt", "additive", "least"]).default("alt"),
  /** True when the source only breaks down what another one totals. */
  detail: z.boolean().default(false),
  /** Numbers that mean "no value". In a `sum` one of them voids the total. */
  invalid: z.array(z.number()).default([]),
  /** Numbers that mean 1, for flags; all others mean 0. */
  isOne: z.array(z.number()).optional(),
  /** `firstNumber` takes the first number out of a text. */
  transform: z.enum(["number", "firstNumber"]).default("number"),
  /** Rows that agree in this part of the index count once; `mac`: by the hardware address that they hold, and what is no address of one machine counts not at all. */
  distinct: z.union([IndexPart, z.literal("mac")]).optional(),
  /** Where the index holds the address of a host or network, so that only the Wi-Fi's networks count where they are known: octets, or `inet` with its type and length before them. */
  address: z.strictObject({ from: z.int().min(0), as: z.enum(["ipv4", "inet"]) }).optional(),
  /** Rows whose value also stands in this column are left out: a router's own interfaces. */
  notIn: Oid.optional(),
  /** Only rows whose other column holds one of these numbers. */
  where: z.strictObject({ column: Oid, oneOf: z.array(z.number()).min(1) }).optional(),
  /** Rows whose label fits the pattern are left out (mesh links between access points). */
  skip: z.strictObject({ ssid: Pattern }).optional(),
  /** True when an empty table is a true zero, because the probe has shown that the device keeps the table. */
  emptyIsZero: z.boolean().default(false),
  /** Name of the object in the vendor's MIB. */
  object: z.string().min(1),
  /** What this rests on: `mib` resolved from the MIB, `source` read in public code, `capture` seen in a public capture, `experiment` tried by us. */
  verified: z.array(z.enum(["mib", "source", "capture", "experiment"])).min(1),
  note: z.string().optional(),
});
export type MetricSource = z.infer<typeof MetricSource>;

const Match = z.strictObject({
  /** Beginnings of sysObjectID, on boundaries of dots. "any" fits every device and needs a probe. */
  sysObjectId: z.union([z.array(Oid).min(1), z.literal("any")]),
  exclude: z.array(Oid).default([]),
  /** A device whose sysDescr fits is tried first; one whose does not is tried all the same. */
  sysDescr: Pattern.optional(),
  /** An object that only these devices have: the object itself or a column with at least one row. */
  probe: z.strictObject({ oid: Oid, startsWith: z.string().optional(), oneOf: z.array(z.number()).optional() }).optional(),
});

const base = {
  id: Code,
  vendor: z.string().min(1).max(64),
  /** Lower is asked first. */
  priority: z.int().min(0).max(1000).default(100),
  match: Match,
  snmp: z.strictObject({ maxRepetitions: z.int().min(1).max(50).default(10), oidsPerRequest: z.int().min(1).max(20).default(10) }).prefault({}),
  quirks: z.array(z.string()).default([]),
};

/** Access points, controllers and routers: everything that tells of Wi-Fi, leases or neighbours. */
const NetworkDefinition = z.strictObject({
  ...base,
  kind: z.literal("network"),
  /** A controller speaks for all its access points, so these are never added to it. */
  scope: z.enum(["ap", "controller", "router", "switch"]),
  /** How what is counted was found: the device's own count of stations, or only hosts in a table of addresses. */
  method: z.enum(["stations", "neighbours"]).default("stations"),
  /** Some firmware always says 0: a zero is doubted while hosts are seen on the network. */
  zeroDoubtful: z.boolean().default(false),
  metrics: z.array(MetricSource).min(1),
});
export type NetworkDefinition = z.infer<typeof NetworkDefinition>;

const printerObjects = ["deviceType", "deviceStatus", "printerStatus", "errorState", "supplyClass", "supplyName", "supplyMax", "supplyLevel", "pages"] as const;
export type PrinterObject = (typeof printerObjects)[number];

/** Printers: where the objects of HOST-RESOURCES-MIB and Printer-MIB stand. How they are judged is the same for all. */
const PrinterDefinition = z.strictObject({ ...base, kind: z.literal("printer"), objects: z.partialRecord(z.enum(printerObjects), Oid) });
export type PrinterDefinition = z.infer<typeof PrinterDefinition>;

/** One family of devices as data. */
export const Definition = z
  .discriminatedUnion("kind", [NetworkDefinition, PrinterDefinition])
  .refine(({ match }) => match.sysObjectId !== "any" || match.probe !== undefined, { path: ["match", "probe"], message: 'sysObjectId "any" needs a probe' });
export type Definition = z.infer<typeof Definition>;

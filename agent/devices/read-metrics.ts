import type { MetricName } from "#schemas/metrics.ts";
import type { Reading } from "#schemas/observation.ts";
import { DeviceError } from "../io/device-error.ts";
import type { SnmpSession } from "../io/snmp.ts";
import { answerOf, type Column, columnOf, type IsWanted, labelSources, type SourceAnswer } from "./aggregate.ts";
import type { MetricSource, NetworkDefinition } from "./definition.ts";

/** What a device said: the total of each metric that it answered, and the readings that break these down. */
export type DeviceAnswer = { readonly totals: ReadonlyMap<MetricName, number>; readonly details: readonly Reading[] };

/**
 * Reads all metrics of a definition. Each column is walked once; what the device does not have gives no number.
 * @param target label of the device
 * @param isWanted which hosts and networks of tables of addresses count
 * @throws DeviceError when the device falls silent or answers brokenly: half an answer is none
 */
export async function readMetrics(session: SnmpSession, definition: NetworkDefinition, target: string, isWanted?: IsWanted): Promise<DeviceAnswer> {
  const columns = await readColumns(session, definition);
  const answers = definition.metrics.map((source) => ({ source, answer: answerOf(source, (oid) => columns.get(oid) ?? new Map(), target, isWanted) }));
  return combine(answers);
}

/** Joins sources: the first that answers speaks for its family, families make the metric's total as the definition says. Pure. */
export function combine(answers: readonly { readonly source: MetricSource; readonly answer: SourceAnswer }[]): DeviceAnswer {
  const families = new Map<MetricName, Map<string, { total: number; how: MetricSource["combine"] }>>();
  const details: Reading[] = [];
  const spoken = new Set<string>();
  for (const { source, answer } of answers) {
    const key = `${source.metric} ${source.family}`;
    if (!source.detail && spoken.has(key)) continue;
    details.push(...answer.details);
    if (answer.total === undefined) continue;
    spoken.add(key);
    const ofMetric = families.get(source.metric) ?? new Map();
    families.set(source.metric, ofMetric.set(source.family, { total: answer.total, how: source.combine }));
  }
  const totals = new Map<MetricName, number>();
  for (const [metric, ofMetric] of families) {
    const all = [...ofMetric.values()];
    const [first] = all;
    const values = all.map(({ total }) => total);
    if (first === undefined) continue;
    totals.set(metric, first.how === "additive" ? values.reduce((a, b) => a + b, 0) : first.how === "least" ? Math.min(...values) : first.total);
  }
  return { totals, details };
}

async function readColumns(session: SnmpSession, { metrics, snmp }: NetworkDefinition): Promise<ReadonlyMap<string, Column>> {
  const scalars = new Set(metrics.filter(({ aggregate }) => aggregate === "scalar").map(({ oid }) => oid));
  const tables = new Set(metrics.flatMap((source) => [...(source.aggregate === "scalar" ? [] : [source.oid]), ...otherColumns(source)]));
  const columns = new Map<string, Column>();
  for (const [oid, value] of await session.get([...scalars], snmp)) columns.set(oid, new Map([["", value]]));
  for (const oid of tables) columns.set(oid, columnOf(oid, await walkIfThere(session, oid, snmp)));
  return columns;
}

/** Columns that a source needs beside its own. */
function otherColumns(source: MetricSource): string[] {
  const from = labelSources(source).flatMap(([, label]) => ("column" in label ? [label.column, ...(label.orColumn ? [label.orColumn] : [])] : []));
  return [...from, ...(source.where ? [source.where.column] : []), ...(source.notIn === undefined ? [] : [source.notIn])];
}

async function walkIfThere(session: SnmpSession, oid: string, manners: NetworkDefinition["snmp"]) {
  return session.walk(oid, manners).catch((error: unknown) => {
    if (error instanceof DeviceError && (error.trouble === "no_such_object" || error.trouble === "no_permission")) return [];
    throw error;
  });
}

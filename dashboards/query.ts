import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { placeholder } from "./placeholder.ts";
import type { ColumnOf, ViewName } from "./views.ts";

/** The data source is only ever named through this dashboard variable. */
export const dataSource = { type: "grafana-postgresql-datasource", uid: placeholder("datasource") } as const;

/** Most rows that one panel may ask for. A series panel draws at most some 1,000 points of some 50 series. */
const TABLE_ROWS_MAX = 1_000;
const SERIES_ROWS_MAX = 50_000;

export type Format = "table" | "time_series";
/** What a panel, a variable or an annotation asks: one bounded, ordered SELECT on one view. */
export type Query = {
  readonly sql: string;
  readonly format: Format;
  /** Names of the columns of the answer, in order. */
  readonly columns: readonly string[];
};

/** A column by its name, or an expression that names its result. */
export type Selected<View extends ViewName> = ColumnOf<View> | `${string} AS ${string}`;

export type Select<View extends ViewName> = {
  readonly from: View;
  readonly columns: readonly Selected<View>[];
  readonly where?: readonly string[];
  readonly groupBy?: readonly ColumnOf<View>[];
  /** Every frame is ordered, so that a refresh never shuffles what a person reads. */
  readonly orderBy: readonly string[];
  readonly limit?: number;
};

/** A table of rows. Columns keep their codes; what people read is set by `displayName`, so both languages run the same SQL. */
export function table<const View extends ViewName>(select: Select<View>): Query {
  return { sql: statement(select, select.limit ?? TABLE_ROWS_MAX), format: "table", columns: select.columns.map(resultName) };
}

/** What a selected column is called in the answer. */
function resultName(column: string): string {
  return (/ AS "?(\w+)"?$/.exec(column)?.[1] ?? column).toString();
}

export type Series<View extends ViewName> = {
  readonly from: View;
  /** Aggregate over the points of one bucket, for instance `avg(value)`. */
  readonly value: string;
  /** Expression that names the series; without one there is a single series called `value`. */
  readonly name?: string;
  readonly where?: readonly string[];
};

/** Points over time, one line per name, ascending. Only plain columns go into macros: Grafana cuts a macro at the first bracket. */
export function series<const View extends ViewName>(spec: Series<View>): Query {
  return grouped("$__timeGroupAlias(time,$__interval)", spec);
}

/** The same by Vietnam days, as views of days have them already. Grafana's own buckets of a day begin at 07:00 there, since they start in UTC. */
export function days<const View extends ViewName>(spec: Series<View>): Query {
  return grouped(spec.from.endsWith("_day") ? 'time AS "time"' : "date_trunc('day', time, 'Asia/Ho_Chi_Minh') AS \"time\"", spec);
}

function grouped<const View extends ViewName>(bucket: string, spec: Series<View>): Query {
  const name = spec.name ?? "'value'";
  const lines = [
    `SELECT ${bucket}, ${name} AS metric, ${spec.value} AS value`,
    `FROM grafana.${spec.from}`,
    `WHERE ${["$__timeFilter(time)", ...(spec.where ?? [])].join(" AND ")}`,
    "GROUP BY 1, 2",
    "ORDER BY 1, 2",
    `LIMIT ${SERIES_ROWS_MAX}`,
  ];
  return { sql: lines.join("\n"), format: "time_series", columns: ["time", "metric", "value"] };
}

export type Points<View extends ViewName> = {
  readonly from: View;
  readonly value: string;
  readonly name: string;
  readonly where?: readonly string[];
};

/** Single points as they are stored, for states and for days: no buckets. */
export function points<const View extends ViewName>(spec: Points<View>): Query {
  const lines = [
    `SELECT time AS "time", ${spec.name} AS metric, ${spec.value} AS value`,
    `FROM grafana.${spec.from}`,
    `WHERE ${["$__timeFilter(time)", ...(spec.where ?? [])].join(" AND ")}`,
    "ORDER BY 1, 2",
    `LIMIT ${SERIES_ROWS_MAX}`,
  ];
  return { sql: lines.join("\n"), format: "time_series", columns: ["time", "metric", "value"] };
}

/** A level line from one end of the time range to the other, for instance what the plan demands. Needs no bucket and no time column. */
export function level<const View extends ViewName>(spec: {
  readonly from: View;
  readonly value: ColumnOf<View>;
  readonly name: string;
  readonly where: readonly string[];
}): Query {
  const edges = "(VALUES ($__timeFrom()::timestamptz), ($__timeTo()::timestamptz)) AS span(edge)";
  const lines = [
    `SELECT edge AS "time", '${spec.name}' AS metric, max(${spec.value}) AS value`,
    `FROM grafana.${spec.from} CROSS JOIN ${edges}`,
    `WHERE ${spec.where.join(" AND ")}`,
    "GROUP BY 1, 2",
    "ORDER BY 1, 2",
    "LIMIT 2",
  ];
  return { sql: lines.join("\n"), format: "time_series", columns: ["time", "metric", "value"] };
}

/** Rows of a view of days of which a part lies in the time range: a day has the time at which it begins, which of today lies before a range of hours. */
export const withinDays = "time <= $__timeTo()::timestamptz AND time > $__timeFrom()::timestamptz - interval '24 hours'";

/** What each Vietnam day counts as: one point where it begins, cut to the time range, its severity as the value; no value where it is not counted. */
export function countedDays(name: string, where: readonly string[]): Query {
  const lines = [
    `SELECT greatest(time, $__timeFrom()::timestamptz) AS "time", ${name} AS metric, severity AS value`,
    "FROM grafana.finding_day",
    `WHERE ${[withinDays, ...where].join(" AND ")}`,
    "ORDER BY 1, 2",
    `LIMIT ${SERIES_ROWS_MAX}`,
  ];
  return { sql: lines.join("\n"), format: "time_series", columns: ["time", "metric", "value"] };
}

function statement<View extends ViewName>(select: Select<View>, limit: number): string {
  const lines = [`SELECT ${select.columns.join(", ")}`, `FROM grafana.${select.from}`];
  if (select.where?.length) lines.push(`WHERE ${select.where.join(" AND ")}`);
  if (select.groupBy?.length) lines.push(`GROUP BY ${select.groupBy.join(", ")}`);
  lines.push(`ORDER BY ${select.orderBy.join(", ")}`, `LIMIT ${limit}`);
  return lines.join("\n");
}

/** A query as Grafana's PostgreSQL source stores it. The SDK knows no SQL source, so this is the one place with that shape. */
export function target(query: Query, refId = "A"): Builder<Dataquery> {
  const stored = { refId, datasource: dataSource, editorMode: "code", format: query.format, rawQuery: true, rawSql: query.sql };
  return { build: () => Object.assign(Object.create({ _implementsDataqueryVariant() {} }), stored) };
}

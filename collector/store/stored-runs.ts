import type { Run } from "#schemas/facts.ts";
import type { Evidence, ExcuseReason, FailureReason, Outcome, ProbeKind, Reading, SkipReason } from "#schemas/observation.ts";
import { numbersLiteral, numbersOf } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { siteName } from "./one-site.ts";

/** Columns of a run (run-reads.ts) as r, of the source s, as a `StoredRow`. */
export const storedColumns = `s.site_id, run_stream(r.stream) AS stream, r.seq::float8 AS seq, s.probe, coalesce(r.rest ->> 'target', nullif(s.target, '')) AS target,
  ${instantMs("r.taken_at")} AS taken_ms, r.kind::text AS kind, r.reason, r.series_ids::text AS series_ids, r.vals::text AS vals, r.evidence_id, r.rest`;

export type StoredRow = {
  readonly site_id: number;
  readonly stream: string;
  readonly seq: number;
  readonly probe: ProbeKind;
  readonly target: string | null;
  readonly taken_ms: number;
  /** First letter of the outcome's kind. */
  readonly kind: "m" | "f" | "s";
  readonly reason: string | null;
  readonly series_ids: string | null;
  readonly vals: string | null;
  readonly evidence_id: number | null;
  readonly rest: { readonly detail?: string; readonly readings?: Reading[] } | null;
};
type Told = { readonly ids: readonly number[]; readonly vals: readonly number[] };
type Named = { readonly metric: Reading["metric"]; readonly labels: NonNullable<Reading["labels"]> | null };

/** Runs as they were told, in the order of their rows; without their evidence where nobody asks for it. */
export async function storedRuns(db: Db, rows: readonly StoredRow[], asked: { readonly evidence: boolean }): Promise<Run[]> {
  const told = rows.map(({ series_ids, vals }) => ({ ids: series_ids === null ? [] : numbersOf(series_ids), vals: vals === null ? [] : numbersOf(vals) }));
  const [series, evidence] = await Promise.all([
    seriesOf(db, new Map(rows.flatMap(({ site_id }, index) => (told[index]?.ids ?? []).map((id) => [id, site_id])))),
    evidenceOf(db, new Map(asked.evidence ? rows.flatMap(({ site_id, evidence_id }) => (evidence_id === null ? [] : [[evidence_id, site_id]])) : [])),
  ]);
  return rows.map((row, index) => {
    const body = row.evidence_id === null ? undefined : evidence.get(row.evidence_id);
    return {
      ref: `${row.stream}:${row.seq}`,
      probe: row.probe,
      ...(row.target !== null && { target: row.target }),
      atMs: row.taken_ms,
      outcome: { ...outcomeOf(row, told[index], series), ...(body && { evidence: body }) },
    };
  });
}

function outcomeOf({ kind, reason, rest }: StoredRow, told: Told | undefined, series: ReadonlyMap<number, Named>): Outcome {
  const detail = rest?.detail !== undefined && { detail: rest.detail };
  if (kind === "f") return { kind: "failed", reason: reason as FailureReason, ...detail };
  if (kind === "s") return { kind: "skipped", reason: reason as SkipReason, ...detail };
  return { kind: "measured", readings: rest?.readings ?? readingsOf(told, series), ...(reason !== null && { excuse: reason as ExcuseReason }) };
}

function readingsOf(told: Told | undefined, series: ReadonlyMap<number, Named>): Reading[] {
  const readings: Reading[] = [];
  told?.ids.forEach((id, place) => {
    const named = series.get(id);
    const value = told.vals[place];
    if (named && value !== undefined) readings.push({ metric: named.metric, value, ...(named.labels && { labels: named.labels }) });
  });
  return readings;
}

/** `sites`: the site of each id. */
async function seriesOf(db: Db, sites: ReadonlyMap<number, number>): Promise<Map<number, Named>> {
  if (sites.size === 0) return new Map();
  const { site, values } = siteName([...sites.values()], 2);
  const rows = await db.query<Named & { series_id: number }>(
    `SELECT s.series_id, s.metric, nullif(s.labels, '{}') AS labels
     FROM unnest(($1::text)::int4[], ($2::text)::int4[]) AS w(site_id, series_id) JOIN series AS s ON s.site_id = ${site("w.site_id")} AND s.series_id = w.series_id`,
    [numbersLiteral([...sites.values()]), numbersLiteral([...sites.keys()]), ...values],
  );
  return new Map(rows.map(({ series_id, ...named }) => [series_id, named]));
}

/** `sites`: the site of each id. */
async function evidenceOf(db: Db, sites: ReadonlyMap<number, number>): Promise<Map<number, Evidence>> {
  if (sites.size === 0) return new Map();
  const { site, values } = siteName([...sites.values()], 2);
  const rows = await db.query<{ evidence_id: number; body: Evidence }>(
    `SELECT e.evidence_id, e.body
     FROM unnest(($1::text)::int4[], ($2::text)::int4[]) AS w(site_id, evidence_id) JOIN evidence AS e ON e.site_id = ${site("w.site_id")} AND e.evidence_id = w.evidence_id`,
    [numbersLiteral([...sites.values()]), numbersLiteral([...sites.keys()]), ...values],
  );
  return new Map(rows.map(({ evidence_id, body }) => [evidence_id, body]));
}

/**
 * The one way to runs and their samples, young or packed, as tables in the FROM of a statement: `LATERAL ${runsOf(...)} AS r`. They are no functions of the
 * database: Citus plans none that reads tables within a statement ("parameterized queries for SQL functions referencing distributed tables are not supported"), and PostgreSQL
 * makes the same plan of both. The words given are SQL and stand in each half, so that every index and partition is reached by them; they must not
 * name r, p or u.
 */
type Stretch = {
  /** Of the centre: a column, or where a statement asks about one its value (one-site.ts). */
  readonly site: string;
  readonly source: string;
  readonly since: string;
  readonly until: string;
};

/** Of which streams runs are read (run_stream): those of a list, or with `others` all but those. Both are SQL, and must not name r, p or u. */
type Streams = { readonly list: string; readonly others: string };
const isOf = (stream: string, streams: Streams | undefined) => (streams === undefined ? "" : ` AND (${stream} = ANY (${streams.list})) <> ${streams.others}`);

const young = "r.taken_at, r.received_at, r.stream, r.seq, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest";
const opened = "u.taken_at, u.received_at, p.stream, u.seq, p.kind, p.reason, p.series_ids, u.vals, u.evidence_id, u.rest";
const packing = "p.n, p.columns, p.digits, p.bases, p.slopes, p.d1, p.d2, p.d4, p.d8";
const packedRuns = `packed_run AS p, unpack_runs(p.day, p.series_ids, p.evidence_ids, p.rests, p.raw_ms, ${packing}) AS u`;
const days = (since: string, until: string) => `p.day >= (${since} AT TIME ZONE 'UTC')::date AND p.day <= (${until} AT TIME ZONE 'UTC')::date`;

/**
 * The runs of one source in a span of time, both ends included, in no order. The centre stands first in each half: so Citus may send a union to all shards at once
 * ("each leaf query should have a distribution key on the target list, and the ordinal positions of these should match", its README as above).
 */
export function runsOf({ site, source, since, until }: Stretch): string {
  return `(
    SELECT r.site_id, ${young} FROM run AS r WHERE r.site_id = ${site} AND r.source_id = ${source} AND r.taken_at >= ${since} AND r.taken_at <= ${until}
    UNION ALL
    SELECT p.site_id, ${opened} FROM ${packedRuns}
    WHERE p.site_id = ${site} AND p.source_id = ${source} AND ${days(since, until)} AND u.taken_at >= ${since} AND u.taken_at <= ${until})`;
}

type Newest = Stretch & { readonly known: string; readonly count: number | string; readonly streams?: Streams | undefined };

/**
 * The newest runs of one source after an instant and until another, as known by then. Each half takes its newest by itself and in the order of the index, so
 * that a day's partition is read backwards until there are enough: sorted together, all runs of the span would be read first. Runs of one instant come
 * all, and are told apart at the end.
 */
export function newestRunsOf({ site, source, since, until, known, count, streams }: Newest): string {
  return `(SELECT * FROM (
    (SELECT ${young} FROM run AS r
     WHERE r.site_id = ${site} AND r.source_id = ${source} AND r.taken_at > ${since} AND r.taken_at <= ${until} AND r.received_at <= ${known}${isOf("r.stream", streams)}
     ORDER BY r.taken_at DESC FETCH FIRST (${count}) ROWS WITH TIES)
    UNION ALL
    (SELECT ${opened} FROM ${packedRuns}
     WHERE p.site_id = ${site} AND p.source_id = ${source} AND ${days(since, until)} AND u.taken_at > ${since} AND u.taken_at <= ${until} AND u.received_at <= ${known}${isOf("p.stream", streams)}
     ORDER BY u.taken_at DESC FETCH FIRST (${count}) ROWS WITH TIES)
  ) AS newest ORDER BY newest.taken_at DESC, newest.stream, newest.seq LIMIT ${count})`;
}

/** All samples of a site in a span of time, the second end excluded: series_id, ts, value. */
export function samplesBetween({ site, since, until }: Omit<Stretch, "source">): string {
  return `(
    SELECT u.series_id, r.taken_at AS ts, u.value
    FROM run_source AS p JOIN run AS r ON r.site_id = ${site} AND r.source_id = p.source_id, unnest(r.series_ids, r.vals) AS u(series_id, value)
    WHERE p.site_id = ${site} AND r.taken_at >= ${since} AND r.taken_at < ${until}
    UNION ALL
    SELECT u.series_id, u.ts, u.value FROM packed_run AS p, unpack_samples(p.day, p.series_ids, ${packing}) AS u
    WHERE p.site_id = ${site} AND ${days(since, until)} AND u.ts >= ${since} AND u.ts < ${until})`;
}

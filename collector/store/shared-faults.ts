import type { SharedFault, Span } from "#schemas/facts.ts";
import type { ProbeKind } from "#schemas/observation.ts";
import type { Db } from "./db.ts";
import { FOREVER_MS, type Moment } from "./moment.ts";
import { runsOf } from "./run-reads.ts";

/** What makes a fault shared: a metric of a probe that is 0 from more than `overPercent` of at least `centresMin` sites within `windowMs`. */
export type SharedFaultQuestion = {
  readonly probe: ProbeKind;
  readonly metric: string;
  readonly overPercent: number;
  readonly windowMs: number;
  readonly centresMin: number;
};

// What is asked of a target, one row per site: $1 is the probe, $2 the metric, whose series are looked up once.
const sources = `(SELECT o.site_id, o.source_id, o.target, ARRAY(SELECT series_id FROM series AS i WHERE i.site_id = o.site_id AND i.metric = $2 AND i.target = o.target) AS ids
    FROM run_source AS o WHERE o.probe = $1 AND o.target <> '') AS s`;

// The runs of one of them after $3, until $4, known by $5, and whether the target failed. To open the readings of a run takes longer than to fetch it: that is left to
// those which hold a 0, and of these to those where the metric's first reading is none, as a metric may stand in a run with several labels.
const runs = `
  SELECT r.taken_at, r.seq, CASE WHEN NOT 0 = ANY (r.vals) THEN false WHEN r.vals[array_position(r.series_ids, s.ids[1])] = 0 THEN true
      ELSE EXISTS (SELECT FROM unnest(r.series_ids, r.vals) AS u(series_id, value) WHERE u.value = 0 AND u.series_id = ANY (s.ids)) END AS down
  FROM ${runsOf({ site: "s.site_id", source: "s.source_id", since: "to_timestamp($3::float8 / 1000)", until: "to_timestamp($4::float8 / 1000)" })} AS r
  WHERE r.kind = 'm' AND r.taken_at > to_timestamp($3::float8 / 1000) AND r.received_at <= to_timestamp($5::float8 / 1000)`;

/**
 * When targets failed from so many sites that the fault was nobody's own, within some spans: time is cut into windows, and a window counts as a whole.
 * Until enough sites have asked in a window, the one before speaks for it, or the first to ask in each would be blamed for a moment.
 * Asked again for a past moment it says the same.
 */
export async function sharedFaultsWithin(
  db: Db,
  question: SharedFaultQuestion,
  spans: readonly Span[],
  { knownMs = FOREVER_MS }: Moment,
): Promise<SharedFault[]> {
  const { probe, metric, overPercent, windowMs, centresMin } = question;
  const rows = await Promise.all(
    spans.map(({ fromMs, toMs }) =>
      db.query<Window>(
        `SELECT s.target, site.bucket, count(*)::int AS asked, (count(*) FILTER (WHERE site.down))::int AS down
         FROM ${sources}, LATERAL (
           SELECT floor(date_part('epoch', taken_at) * 1000 / $6::float8) AS bucket, bool_or(down) AS down FROM (${runs}) AS run GROUP BY 1
         ) AS site GROUP BY 1, 2`,
        // Whole windows, and the one before: a span may begin within one.
        [probe, metric, (Math.floor(fromMs / windowMs) - 1) * windowMs - 1, toMs, knownMs, windowMs],
      ),
    ),
  );
  const found = new Map(rows.flat().map((row) => [`${row.target} ${row.bucket}`, row]));
  const isDecided = ({ asked }: Window) => asked >= centresMin;
  const isBad = ({ asked, down }: Window) => (100 * down) / asked > overPercent;
  return [...found.values()]
    .filter((row) => {
      const judged = isDecided(row) ? row : found.get(`${row.target} ${row.bucket - 1}`);
      return judged !== undefined && isDecided(judged) && isBad(judged);
    })
    .map(({ target, bucket }) => ({ target, fromMs: bucket * windowMs, toMs: (bucket + 1) * windowMs }))
    .sort((a, b) => (a.target < b.target ? -1 : a.target > b.target ? 1 : a.fromMs - b.fromMs));
}

/** One window of one target: how many sites asked, and from how many it failed at least once. */
type Window = { readonly target: string; readonly bucket: number; readonly asked: number; readonly down: number };

/** How many sites asked a target within the window before a moment, and from how many it failed when they asked last. */
export type TargetShare = { readonly target: string; readonly asked: number; readonly down: number };

/** The newest word of every site on each target. */
export async function targetShares(db: Db, { probe, metric, windowMs }: SharedFaultQuestion, { atMs, knownMs = FOREVER_MS }: Moment): Promise<TargetShare[]> {
  return db.query<TargetShare>(
    `SELECT s.target, count(*)::int AS asked, (count(*) FILTER (WHERE newest.down))::int AS down
     FROM ${sources}, LATERAL (SELECT down FROM (${runs}) AS run ORDER BY taken_at DESC, seq DESC LIMIT 1) AS newest
     GROUP BY 1 ORDER BY 1`,
    [probe, metric, atMs - windowMs, atMs, knownMs],
  );
}

import { type Segment, segments } from "#schemas/fault-location.ts";
import { AGENT_SILENT } from "../alert/incident.ts";
import { SILENCE_BEFORE_MS, type SilenceTrace } from "../alert/silence-cause.ts";
import { numbersLiteral } from "./array-literal.ts";
import { type Db, instantMs } from "./db.ts";
import { type RunsAsked, runsAsked } from "./one-site.ts";
import { sitesOfPoints } from "./points.ts";
import { runsOf } from "./run-reads.ts";

/** Of a long silence the last day is looked at. */
const BACK_HOURS = 24;
/** The first report of a PC that came back arrives within this time around its return. */
const RETURN_MINUTES = 15;

const overs = `SELECT site_id, ${instantMs("began_at")} AS began_ms, (body ->> 'wellSinceMs')::float8 AS well_ms FROM incident
  WHERE requirement = $1 AND state <> 'closed' AND body ? 'wellSinceMs'`;
const oversAsI = "unnest(($1::text)::int4[], ($2::text)::float8[], ($3::text)::float8[]) AS i(site_id, began_ms, well_ms)";
const wellAt = "to_timestamp(i.well_ms / 1000)";

/** A silence that seems to be over. */
type Over = { readonly site_id: number; readonly began_ms: number; readonly well_ms: number };
type Boot = { readonly site_id: number; readonly boot: number | null; readonly ended_well: number | null };
type Walk = { readonly site_id: number; readonly segment: string; readonly runs: number };

/** What agents tell of silences that seem to be over, by their sites: runs that were spooled meanwhile, and how the PC came back. */
export async function silenceTraces(tx: Db): Promise<Map<number, SilenceTrace>> {
  const silences = await tx.query<Over>(overs, [AGENT_SILENT]);
  if (silences.length === 0) return new Map();
  const boots: Boot[] = [];
  const walks: Walk[] = [];
  const asked = await runsAsked(tx);
  for (const all of asked.groups(silences, ({ site_id }) => site_id)) {
    const several = await sitesOfPoints(
      tx,
      all.map(({ site_id }) => site_id),
    );
    // Of gateway PCs at several points nobody could say whose return it was.
    const group = all.filter(({ site_id }) => !several.has(site_id));
    if (group.length === 0) continue;
    boots.push(...(await bootsOf(tx, group, asked)));
    walks.push(...(await walksOf(tx, group, asked)));
  }
  return new Map(
    boots.map(({ site_id, boot, ended_well }) => {
      const own = walks.flatMap(({ site_id: site, segment, runs }): [Segment, number][] => {
        const known = segments.find((one) => one === segment);
        return site === site_id && known ? [[known, runs]] : [];
      });
      return [site_id, { walks: new Map(own), ...(boot !== null && { bootMs: boot }), ...(ended_well !== null && { endedWell: ended_well === 1 }) }];
    }),
  );
}

function columnsOf(silences: readonly Over[]): string[] {
  return [silences.map(({ site_id }) => site_id), silences.map(({ began_ms }) => began_ms), silences.map(({ well_ms }) => well_ms)].map(numbersLiteral);
}

function bootsOf(tx: Db, silences: readonly Over[], asked: RunsAsked): Promise<Boot[]> {
  const { site, values } = asked.name(
    silences.map(({ site_id }) => site_id),
    3,
  );
  const toldOf = (metric: string) =>
    `(SELECT u.value FROM unnest(o.series_ids, o.vals) AS u(series_id, value) JOIN series AS x ON x.site_id = ${site("i.site_id")} AND x.series_id = u.series_id
      WHERE x.metric = '${metric}' LIMIT 1)`;
  const span = runsOf({
    site: site("s.site_id"),
    source: "s.source_id",
    since: `(${wellAt} - make_interval(mins => ${RETURN_MINUTES}))`,
    until: `(${wellAt} + make_interval(mins => ${RETURN_MINUTES}))`,
  });
  return tx.query(
    `SELECT i.site_id, ${instantMs("o.taken_at")} - 1000 * ${toldOf("host_uptime_s")} AS boot, ${toldOf("agent_ended_well")} AS ended_well
     FROM ${oversAsI} LEFT JOIN LATERAL (
       SELECT r.taken_at, r.series_ids, r.vals FROM run_source AS s, LATERAL ${span} AS r
       WHERE s.site_id = ${site("i.site_id")} AND s.probe = 'host' AND r.kind = 'm' ORDER BY r.taken_at DESC LIMIT 1
     ) AS o ON true`,
    [...columnsOf(silences), ...values],
  );
}

function walksOf(tx: Db, silences: readonly Over[], asked: RunsAsked): Promise<Walk[]> {
  const { site, values } = asked.name(
    silences.map(({ site_id }) => site_id),
    4,
  );
  const span = runsOf({
    site: site("s.site_id"),
    source: "s.source_id",
    since: `greatest(to_timestamp((i.began_ms - $4::float8) / 1000), ${wellAt} - make_interval(hours => ${BACK_HOURS}))`,
    until: wellAt,
  });
  return tx.query(
    `SELECT i.site_id, x.labels ->> 'segment' AS segment, count(*)::int AS runs
     FROM ${oversAsI} JOIN run_source AS s ON s.site_id = ${site("i.site_id")} AND s.probe = 'link-quality' CROSS JOIN LATERAL ${span} AS r
     CROSS JOIN LATERAL unnest(r.series_ids, r.vals) AS u(series_id, value) JOIN series AS x ON x.site_id = ${site("i.site_id")} AND x.series_id = u.series_id
     WHERE r.kind = 'm' AND x.metric = 'segment_up' AND u.value = 0 GROUP BY 1, 2`,
    [...columnsOf(silences), SILENCE_BEFORE_MS, ...values],
  );
}

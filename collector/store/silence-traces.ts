import { type Segment, segments } from "#schemas/fault-location.ts";
import { AGENT_SILENT } from "../alert/incident.ts";
import { SILENCE_BEFORE_MS, type SilenceTrace } from "../alert/silence-cause.ts";
import { type Db, instantMs } from "./db.ts";

/** Of a long silence the last day is looked at. */
const BACK_HOURS = 24;
/** The first report of a PC that came back arrives within this time around its return. */
const RETURN_MINUTES = 15;

const over = `SELECT site_id, began_at, to_timestamp((body ->> 'wellSinceMs')::float8 / 1000) AS well_at FROM incident
  WHERE requirement = $1 AND state <> 'closed' AND body ? 'wellSinceMs'`;

const toldOf = (metric: string) =>
  `(SELECT u.value FROM unnest(o.series_ids, o.vals) AS u(series_id, value) JOIN series AS x ON x.site_id = i.site_id AND x.series_id = u.series_id WHERE x.metric = '${metric}' LIMIT 1)`;

/** What agents tell of silences that seem to be over, by their sites: runs that were spooled meanwhile, and how the PC came back. */
export async function silenceTraces(tx: Db): Promise<Map<number, SilenceTrace>> {
  const boots = await tx.query<{ site_id: number; boot: number | null; ended_well: number | null }>(
    `SELECT i.site_id, ${instantMs("o.taken_at")} - 1000 * ${toldOf("host_uptime_s")} AS boot, ${toldOf("agent_ended_well")} AS ended_well
     FROM (${over}) AS i LEFT JOIN LATERAL (
       SELECT r.taken_at, r.series_ids, r.vals
       FROM run_source AS s, runs_of(s.site_id, s.source_id, i.well_at - make_interval(mins => ${RETURN_MINUTES}), i.well_at + make_interval(mins => ${RETURN_MINUTES})) AS r
       WHERE s.site_id = i.site_id AND s.probe = 'host' AND r.kind = 'm' ORDER BY r.taken_at DESC LIMIT 1
     ) AS o ON true`,
    [AGENT_SILENT],
  );
  if (boots.length === 0) return new Map();
  const walks = await tx.query<{ site_id: number; segment: string; runs: number }>(
    `SELECT i.site_id, x.labels ->> 'segment' AS segment, count(*)::int AS runs
     FROM (${over}) AS i JOIN run_source AS s ON s.site_id = i.site_id AND s.probe = 'link-quality' CROSS JOIN LATERAL
       runs_of(s.site_id, s.source_id, greatest(i.began_at - make_interval(secs => $2::float8 / 1000), i.well_at - make_interval(hours => ${BACK_HOURS})), i.well_at) AS r
     CROSS JOIN LATERAL unnest(r.series_ids, r.vals) AS u(series_id, value) JOIN series AS x ON x.site_id = i.site_id AND x.series_id = u.series_id
     WHERE r.kind = 'm' AND x.metric = 'segment_up' AND u.value = 0 GROUP BY 1, 2`,
    [AGENT_SILENT, SILENCE_BEFORE_MS],
  );
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

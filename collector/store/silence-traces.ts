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

/** What agents tell of silences that seem to be over, by their sites: runs that were spooled meanwhile, and how the PC came back. */
export async function silenceTraces(tx: Db): Promise<Map<number, SilenceTrace>> {
  const boots = await tx.query<{ site_id: number; boot: number | null; ended_well: number | null }>(
    `SELECT i.site_id, ${instantMs("o.taken_at")} - 1000 * (SELECT (r ->> 'value')::float8 FROM jsonb_array_elements(o.outcome -> 'readings') r WHERE r ->> 'metric' = 'host_uptime_s') AS boot,
       (SELECT (r ->> 'value')::float8 FROM jsonb_array_elements(o.outcome -> 'readings') r WHERE r ->> 'metric' = 'agent_ended_well') AS ended_well
     FROM (${over}) AS i LEFT JOIN LATERAL (
       SELECT taken_at, outcome FROM observation WHERE site_id = i.site_id AND probe = 'host' AND kind = 'measured'
         AND taken_at > i.well_at - make_interval(mins => ${RETURN_MINUTES}) AND taken_at <= i.well_at + make_interval(mins => ${RETURN_MINUTES}) ORDER BY taken_at DESC LIMIT 1
     ) AS o ON true`,
    [AGENT_SILENT],
  );
  if (boots.length === 0) return new Map();
  const walks = await tx.query<{ site_id: number; segment: string; runs: number }>(
    `SELECT i.site_id, r -> 'labels' ->> 'segment' AS segment, count(*)::int AS runs
     FROM (${over}) AS i JOIN observation o ON o.site_id = i.site_id AND o.probe = 'link-quality' AND o.kind = 'measured' AND o.taken_at <= i.well_at
       AND o.taken_at > greatest(i.began_at - make_interval(secs => $2::float8 / 1000), i.well_at - make_interval(hours => ${BACK_HOURS}))
     CROSS JOIN LATERAL jsonb_array_elements(o.outcome -> 'readings') AS r
     WHERE r ->> 'metric' = 'segment_up' AND (r ->> 'value')::float8 = 0 GROUP BY 1, 2`,
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

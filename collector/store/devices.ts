import type { DeviceRole } from "#schemas/inventory.ts";
import type { MetricName } from "#schemas/metrics.ts";
import type { Reading } from "#schemas/observation.ts";
import { ANSWER_COUNTS_MS, type DeviceBrief, isAbout, type LatestReading, type PointReading } from "../web/device-brief.ts";
import type { DeviceRows } from "../web/page-store.ts";
import { type Db, instantMs } from "./db.ts";
import { type ListPart, listPart, PART_ROWS, rowsBefore } from "./list-part.ts";
import { pagesSince } from "./page-counters.ts";
import { centreBrief, centreIncidents, type IncidentRow, incident, type SiteRow, selectSites, standingFindings, storedRun } from "./page-rows.ts";
import { runsOf } from "./run-reads.ts";
import { type StoredRow, storedColumns, storedRuns } from "./stored-runs.ts";

const READINGS_MAX = 60;
const RUNS_MAX = 8;
/** Runs older than this are no evidence of the present. */
const RUNS_BACK = "2 days";

/**
 * One page of a site's devices: those that do not answer first, then those of which nothing is known, and of each declared ones in the order of their
 * declaration before those that only the agent knows.
 */
export async function devicesOf(db: Db, siteId: number, page: number): Promise<ListPart<DeviceBrief>> {
  const rows = db.query<DeviceRow>(devicesPage, [siteId, PART_ROWS, rowsBefore(page), ANSWER_COUNTS_MS]);
  return listPart(
    page,
    rows.then((all) => all.map(deviceBrief)),
    db.query<{ total: number }>(devicesCount, [siteId]),
  );
}

/** All that the page of one device shows; undefined when the centre or the device is unknown. */
export async function deviceRows(db: Db, code: string, id: string, since: string): Promise<DeviceRows | undefined> {
  const [site] = await db.query<SiteRow>(`${selectSites} WHERE centre_code = $1`, [code]);
  if (!site) return undefined;
  const siteId = site.site_id;
  const [row] = await db.query<DeviceRow>(oneDevice, [siteId, id]);
  if (!row) return undefined;
  const [hours, readings, pages, findings, incidents, runs] = await Promise.all([
    db.query<HourRow>(deviceHours, [siteId, id, since]),
    db.query<ReadingRow>(deviceReadings, [siteId, id, READINGS_MAX]),
    pagesSince(db, siteId, Date.parse(since), { atMs: Date.now() }, id),
    standingFindings(db, siteId),
    db.query<IncidentRow>(centreIncidents, [siteId, since]),
    db.query<StoredRow>(deviceRuns, [siteId, id, RUNS_MAX]).then((rows) => storedRuns(db, rows, { evidence: false })),
  ]);
  return {
    centre: centreBrief(site),
    device: deviceBrief(row),
    hours: hours.map(({ at, up_share }) => ({ at: new Date(at).toISOString(), upShare: up_share })),
    readings: readings.map(latestReading),
    pages,
    findings: findings.filter(({ parts = [] }) => parts.some(({ subject, point }) => subject !== point && isAbout(subject, id))),
    incidents: incidents.map(incident),
    runs: runs.map(storedRun),
  };
}

/** What the newest walk along each way out of a site proved, that of each reception point, in no order; empty when none was made. */
export async function newestWalks(db: Db, siteId: number): Promise<PointReading[]> {
  const rows = await db.query<ReadingRow & { point: string }>(siteWalks, [siteId]);
  return rows.map(({ point, ...row }) => ({ ...latestReading(row), ...(point !== "" && { point }) }));
}

const deviceOf = "coalesce(s.labels->>'device', s.labels->>'camera', s.labels->>'ap')";
const presence = "s.metric IN ('device_up', 'camera_up', 'wifi_ap_up')";

const siteDevices = `WITH declared AS (
    SELECT d.value->>'id' AS id, d.value->>'role' AS role, d.value->>'name' AS name, d.value->>'vendor' AS vendor, d.value->>'model' AS model, d.value->>'point' AS point, d.ordinality AS place
    FROM site, jsonb_array_elements(site.devices) WITH ORDINALITY AS d WHERE site_id = $1
  ), answered AS (
    SELECT DISTINCT ON (1) ${deviceOf} AS id, s.labels->>'role' AS role, l.value, l.ts
    FROM series s JOIN latest l USING (site_id, series_id) WHERE s.site_id = $1 AND ${presence} AND ${deviceOf} IS NOT NULL ORDER BY 1, l.ts DESC
  ), device AS (
    SELECT coalesce(d.id, a.id) AS id, d.id IS NOT NULL AS declared, d.place, coalesce(d.role, a.role) AS role, d.name, d.vendor, d.model, d.point, a.value, a.ts
    FROM declared d FULL JOIN answered a USING (id)
  )`;
const deviceColumns = `id, declared, role, name, vendor, model, point, value, ${instantMs("ts")} AS at`;

const devicesPage = `
  ${siteDevices} SELECT ${deviceColumns} FROM device
  ORDER BY CASE WHEN ts < now() - $4 * interval '1 millisecond' OR ts IS NULL THEN 0.5 ELSE value END, place NULLS LAST, id LIMIT $2 OFFSET $3`;

const devicesCount = `${siteDevices} SELECT count(*)::int AS total FROM device`;

const oneDevice = `${siteDevices} SELECT ${deviceColumns} FROM device WHERE id = $2`;

const deviceHours = `
  SELECT ${instantMs("r.hour")} AS at, (sum(r.vsum) / sum(r.n))::float8 AS up_share
  FROM series s JOIN rollup_1h r USING (site_id, series_id)
  WHERE s.site_id = $1 AND ${presence} AND ${deviceOf} = $2 AND r.hour >= ($3::text)::timestamptz
  GROUP BY r.hour ORDER BY r.hour`;

const deviceReadings = `
  SELECT s.metric, s.labels, l.value, ${instantMs("l.ts")} AS at
  FROM series s JOIN latest l USING (site_id, series_id)
  WHERE s.site_id = $1 AND ${deviceOf} = $2 ORDER BY s.metric, s.labels::text LIMIT $3`;

const siteWalks = `
  SELECT w.metric, w.labels, w.value, w.point, ${instantMs("w.ts")} AS at FROM (
    SELECT s.metric, s.labels, s.point, l.value, l.ts, max(l.ts) OVER (PARTITION BY s.point) AS newest
    FROM series s JOIN latest l USING (site_id, series_id) WHERE s.site_id = $1 AND s.metric = 'segment_up'
  ) AS w WHERE w.ts = w.newest`;

const newestDays = runsOf({ site: "$1", source: "s.source_id", since: `(now() - interval '${RUNS_BACK}')`, until: "(now() + interval '1 hour')" });
const deviceRuns = `
  WITH about AS (SELECT array_agg(s.series_id) AS ids FROM series AS s WHERE s.site_id = $1 AND $2 IN (s.labels->>'device', s.labels->>'camera', s.labels->>'ap'))
  SELECT ${storedColumns} FROM run_source AS s, LATERAL ${newestDays} AS r, about
  WHERE s.site_id = $1 AND s.probe IN ('office-devices', 'camera-presence', 'camera-stream', 'recording-depth', 'vms-link', 'wifi-clients')
    AND (s.target = $2 OR r.series_ids && about.ids)
  ORDER BY r.taken_at DESC LIMIT $3`;

type DeviceRow = {
  id: string;
  declared: boolean;
  role: DeviceRole | null;
  name: string | null;
  vendor: string | null;
  model: string | null;
  point: string | null;
  value: number | null;
  at: number | null;
};
type HourRow = { at: number; up_share: number };
type ReadingRow = { metric: MetricName; labels: NonNullable<Reading["labels"]>; value: number; at: number };

function latestReading({ metric, value, labels, at }: ReadingRow): LatestReading {
  return { metric, value, at: new Date(at).toISOString(), ...(Object.keys(labels).length > 0 && { labels }) };
}

function deviceBrief({ id, declared, role, name, vendor, model, point, value, at }: DeviceRow): DeviceBrief {
  return {
    id,
    declared,
    ...(role !== null && { role }),
    ...(name !== null && { name }),
    ...(vendor !== null && { vendor }),
    ...(model !== null && { model }),
    ...(point !== null && { point }),
    ...(value !== null && at !== null && { answered: { up: value === 1, at: new Date(at).toISOString() } }),
  };
}

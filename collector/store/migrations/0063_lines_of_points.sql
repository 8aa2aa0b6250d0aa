-- A centre with several reception points has several lines, each with series of its own. The point whose line it is; empty for the main office's, and for what is
-- about no line.
SET LOCAL statement_timeout = 0;
ALTER TABLE series ADD COLUMN point text NOT NULL DEFAULT '';
ALTER TABLE series DROP CONSTRAINT series_site_id_metric_target_labels_key;
ALTER TABLE series ADD CONSTRAINT series_named_once UNIQUE (site_id, metric, target, labels, point);
ALTER TABLE line_speed ADD COLUMN point text NOT NULL DEFAULT '';

DROP FUNCTION add_speeds(integer[], double precision[], double precision[]);
CREATE FUNCTION add_speeds(sites integer[], points text[], taken double precision[], speeds double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO line_speed (site_id, point, time, download_mbps)
    SELECT r.site, r.place, to_timestamp(r.ms / 1000), r.mbps FROM unnest(sites, points, taken, speeds) AS r(site, place, ms, mbps);
  END IF;
  RETURN true;
END $$;

CREATE OR REPLACE VIEW view_label AS
SELECT site_id, series_id, metric,
       labels->>'device' AS device, labels->>'role' AS role, coalesce(labels->>'portal', CASE WHEN metric LIKE 'portal%' THEN nullif(target, '') END) AS portal,
       labels->>'hop' AS hop, labels->>'server' AS server, labels->>'ap' AS ap, labels->>'ssid' AS ssid, labels->>'radio' AS radio,
       labels->>'channel' AS channel, labels->>'camera' AS camera, labels->>'supply' AS supply, labels->>'disk' AS disk,
       labels->>'direction' AS direction, labels->>'method' AS method, source_id, nullif(point, '') AS point
FROM series;

CREATE OR REPLACE VIEW view_latest AS
SELECT l.site_id, l.series_id, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio, l.channel, l.camera, l.supply, l.disk, l.direction, l.method,
       coalesce(n.each_ts[p.place], n.ts) AS ts, n.vals[p.place] AS value,
       coalesce(n.each_ts[p.place], n.ts) >= now() - interval '1 day' AS is_present,
       n.ts AS source_ts, l.point
FROM view_label AS l JOIN newest_values AS n USING (site_id, source_id)
     CROSS JOIN LATERAL (SELECT array_position(n.series_ids, l.series_id) AS place) AS p
WHERE p.place IS NOT NULL;

CREATE OR REPLACE VIEW grafana.reading AS
SELECT x.ts AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio,
       l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.value, x.day, l.point
FROM sample AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE OR REPLACE VIEW grafana.reading_1h AS
SELECT x.hour AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio,
       l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.n, x.vsum / x.n AS avg, x.vmin AS min, x.vmax AS max, l.point
FROM rollup_1h AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE OR REPLACE VIEW grafana.reading_1d AS
SELECT x.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop,
       l.server, l.ap, l.ssid, l.radio, l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.n, x.vsum / x.n AS avg, x.vmin AS min, x.vmax AS max,
       sketch_quantile(x.bins, x.counts, 0.95) AS p95, l.point
FROM rollup_1d AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE OR REPLACE VIEW grafana.reading_now AS
SELECT x.ts AS time, p.centre, p.name, p.district, p.district_code, x.metric, x.device, x.role, x.portal, x.hop, x.server, x.ap, x.ssid, x.radio,
       x.channel, x.camera, x.supply, x.disk, x.direction, x.method, x.value, (extract(epoch FROM now() - x.ts) / 60)::float8 AS age_minutes, x.point
FROM view_latest AS x JOIN view_open_place AS p USING (site_id);

-- A portal or a device that two points ask has a row of each.
CREATE OR REPLACE VIEW grafana.finding_part_now AS
SELECT p.centre, p.name, p.district, p.district_code, f.requirement, r.title_vi, r.title_en, part->>'subject' AS subject,
       part->>'state' AS state, view_severity(part->>'state') AS severity, part->>'reason' AS reason, (part->>'observed')::float8 AS observed, part->>'point' AS point
FROM view_finding AS f JOIN view_open_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement),
     jsonb_array_elements(coalesce(f.body->'parts', '[]')) AS part;

-- Of several lines all is told of the slowest one: the newest test of one beside the median of both and the loss of the other would be no line's. Provider and
-- contract are those of the main office's.
CREATE OR REPLACE VIEW grafana.line_now AS
SELECT p.centre, p.name, p.district, p.district_code, CASE WHEN line.point IS NULL THEN s.isp END AS isp, CASE WHEN line.point IS NULL THEN s.contract_mbps END AS contract_mbps,
       line.down AS download_mbps, line.up AS upload_mbps, line.median AS download_week_mbps, f.required AS required_mbps,
       line.loss AS loss_percent, line.rtt AS rtt_ms, line.jitter AS jitter_ms,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, line.time,
       CASE WHEN line.point IS NULL THEN s.contract_number END AS contract_number, line.point
FROM site AS s JOIN view_open_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT told.*, week.median FROM (
    SELECT x.point, (array_agg(value ORDER BY ts DESC) FILTER (WHERE metric = 'download_mbps'))[1] AS down,
           (array_agg(value ORDER BY ts DESC) FILTER (WHERE metric = 'upload_mbps'))[1] AS up, max(ts) FILTER (WHERE metric = 'download_mbps') AS time,
           max(value) FILTER (WHERE metric = 'loss_percent' AND hop <> 'gateway' AND is_present) AS loss,
           max(value) FILTER (WHERE metric = 'rtt_avg_ms' AND hop <> 'gateway' AND is_present) AS rtt,
           max(value) FILTER (WHERE metric = 'jitter_ms' AND hop <> 'gateway' AND is_present) AS jitter
    FROM view_latest AS x
    WHERE x.site_id = s.site_id AND x.metric IN ('download_mbps', 'upload_mbps', 'loss_percent', 'rtt_avg_ms', 'jitter_ms') GROUP BY x.point) AS told
  CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY download_mbps) AS median
    FROM line_speed AS l WHERE l.site_id = s.site_id AND l.point = coalesce(told.point, '') AND l.time >= now() - interval '7 days') AS week
  ORDER BY week.median, told.time DESC NULLS LAST, told.loss DESC NULLS LAST LIMIT 1) AS line ON true
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
  WHERE v.site_id = s.site_id AND r.probe = 'link-bandwidth' LIMIT 1) AS f ON true;

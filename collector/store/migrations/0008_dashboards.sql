-- What dashboards ask of a whole year of the whole province is counted once an hour here, per district, and not over millions of series rows each time.

-- One row per hour, district, metric and kind over all series of that district: `kind` is the portal, which hop (gateway | beyond), total or part, or empty.
CREATE TABLE rollup_area_1h (
  metric        text NOT NULL,
  hour          timestamptz NOT NULL,
  district_code text NOT NULL,
  kind          text NOT NULL,
  series        integer NOT NULL,
  -- Series whose greatest value of the hour was 0: for a flag, those that were down all hour.
  zeros         integer NOT NULL,
  n             bigint NOT NULL,
  vsum          double precision NOT NULL,
  vmax_sum      double precision NOT NULL,
  vmin          double precision NOT NULL,
  vmax          double precision NOT NULL,
  PRIMARY KEY (metric, hour, district_code, kind)
);
CREATE INDEX rollup_area_1h_hour ON rollup_area_1h (hour);

-- Counts hours anew from their series; the same hour may be done twice. The list of metrics stands here alone.
CREATE FUNCTION rollup_area(hours timestamptz[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM rollup_area_1h WHERE hour = ANY (hours);
  INSERT INTO rollup_area_1h
  SELECT s.metric, r.hour, p.district_code,
         CASE WHEN s.metric IN ('portal_up', 'portal_ttfb_ms') THEN coalesce(s.labels->>'portal', s.target)
              WHEN s.metric IN ('loss_percent', 'rtt_avg_ms') THEN CASE WHEN s.labels->>'hop' = 'gateway' THEN 'gateway' ELSE 'beyond' END
              WHEN s.metric = 'wifi_clients' THEN CASE WHEN s.labels ?| ARRAY['ap', 'ssid'] THEN 'part' ELSE 'total' END
              ELSE '' END AS kind,
         count(*), count(*) FILTER (WHERE r.vmax = 0), sum(r.n), sum(r.vsum), sum(r.vmax), min(r.vmin), max(r.vmax)
  FROM rollup_1h AS r JOIN series AS s USING (site_id, series_id) JOIN view_place AS p USING (site_id)
  WHERE r.hour = ANY (hours)
    AND s.metric IN ('portal_up', 'portal_ttfb_ms', 'loss_percent', 'rtt_avg_ms', 'download_mbps', 'upload_mbps', 'camera_up', 'recording_depth_days',
                     'wifi_clients', 'wifi_utilisation_percent', 'host_cpu_percent')
  GROUP BY 1, 2, 3, 4
$$;
-- What is there already is counted by the hourly upkeep, a step at a time: a year in one statement would outlast every timeout.
INSERT INTO dirty_hour SELECT site_id, hour FROM site CROSS JOIN (SELECT DISTINCT hour FROM rollup_1h) AS known ON CONFLICT DO NOTHING;

CREATE VIEW grafana.district_hour AS
SELECT a.hour AS time, d.district, a.district_code, a.metric, a.kind, a.series, a.zeros, a.n::float8 AS n, a.vsum AS sum, a.vmax_sum AS max_sum, a.vmin AS min, a.vmax AS max
FROM rollup_area_1h AS a JOIN (SELECT DISTINCT district, district_code FROM view_place) AS d USING (district_code);

CREATE OR REPLACE VIEW grafana.portal_hour AS
SELECT hour AS time, kind AS portal, sum(series) FILTER (WHERE metric = 'portal_up') AS centres,
       sum(zeros) FILTER (WHERE metric = 'portal_up') AS centres_down,
       (100 * sum(vsum) FILTER (WHERE metric = 'portal_up') / nullif(sum(n) FILTER (WHERE metric = 'portal_up'), 0))::float8 AS up_percent,
       (sum(vsum) FILTER (WHERE metric = 'portal_ttfb_ms') / nullif(sum(n) FILTER (WHERE metric = 'portal_ttfb_ms'), 0))::float8 AS ttfb_avg_ms,
       max(vmax) FILTER (WHERE metric = 'portal_ttfb_ms') AS ttfb_max_ms
FROM rollup_area_1h WHERE metric IN ('portal_up', 'portal_ttfb_ms') GROUP BY hour, kind;

-- Each revision knows what it replaced, so a day's sum needs no look at its neighbours; the index holds all that it reads.
CREATE INDEX finding_revision_step ON finding_revision (at, from_state, state);
CREATE OR REPLACE VIEW grafana.state_day AS
WITH moved AS (
  SELECT (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, from_state, state, count(*) AS n FROM finding_revision
  WHERE from_state IS DISTINCT FROM state GROUP BY 1, 2, 3
), delta AS (
  SELECT day, state, n FROM moved UNION ALL SELECT day, from_state, -n FROM moved WHERE from_state IS NOT NULL
), calendar AS (
  SELECT d::date AS day FROM generate_series((SELECT min(day) FROM moved), (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, interval '1 day') AS d
), state AS (
  SELECT unnest(ARRAY['fail', 'error', 'unknown', 'pending', 'pass', 'not_applicable']) AS state
)
SELECT c.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, s.state, view_severity(s.state) AS severity,
       sum(coalesce(sum(d.n), 0)) OVER (PARTITION BY s.state ORDER BY c.day)::float8 AS findings
FROM calendar AS c CROSS JOIN state AS s LEFT JOIN delta AS d ON d.day = c.day AND d.state = s.state
GROUP BY c.day, s.state;

-- Series by series: each reads its own fortnight by the key instead of everybody's by the hour.
CREATE OR REPLACE VIEW grafana.supply_now AS
SELECT p.centre, p.name, p.district, p.district_code, x.device, x.supply, x.value AS supply_percent, pace.per_day AS used_per_day_percent,
       x.value / nullif(pace.per_day, 0) AS days_left, x.ts AS time
FROM view_latest AS x JOIN view_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT sum(greatest(step.used, 0)) / 14 AS per_day
  FROM (SELECT lag(r.vmin) OVER (ORDER BY r.hour) - r.vmin AS used FROM rollup_1h AS r
        WHERE r.site_id = x.site_id AND r.series_id = x.series_id AND r.hour >= now() - interval '14 days') AS step
) AS pace ON true
WHERE x.metric = 'printer_supply_percent';

CREATE OR REPLACE VIEW grafana.page_day AS
SELECT c.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, p.centre, p.name, p.district, p.district_code, l.device,
       greatest(c.pages - lag(c.pages) OVER (PARTITION BY l.site_id, l.series_id ORDER BY c.day), 0) AS pages
FROM view_label AS l JOIN view_place AS p USING (site_id)
CROSS JOIN LATERAL (
  SELECT (r.hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, max(r.vmax) AS pages FROM rollup_1h AS r
  WHERE r.site_id = l.site_id AND r.series_id = l.series_id AND r.hour >= now() - interval '62 days' GROUP BY 1
) AS c
WHERE l.metric = 'printer_pages';

CREATE INDEX presence_day_role ON presence_day (day, site_id, role);
-- Devices that answered at least once on a Vietnam day. 62 days at most, as for pages: beyond that nobody asks which device it was.
CREATE VIEW grafana.device_day AS
SELECT d.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, p.centre, p.name, p.district, p.district_code, d.role, d.devices
FROM (SELECT site_id, day, role, count(*) AS devices FROM presence_day
      WHERE day >= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 62 GROUP BY site_id, day, role) AS d JOIN view_place AS p USING (site_id);

DO $$
BEGIN
  GRANT SELECT ON grafana.district_hour, grafana.device_day TO grafana_ro;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
  RAISE NOTICE 'the role grafana_ro is not here; see deploy/grafana/README.md';
END $$;

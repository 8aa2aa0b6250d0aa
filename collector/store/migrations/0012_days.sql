-- What dashboards ask of a whole year by days is counted by days here: when it happens, or with the hours that hold it.
-- `time` is the start of a Vietnam day, kept as an instant: made from a date for each of some 100,000 rows, it would cost more than the sum.

CREATE FUNCTION day_start(at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT date_trunc('day', at, 'Asia/Ho_Chi_Minh') $$;

-- A fence, so that a district's code is made once for a site and not for each row that is joined with it.
CREATE OR REPLACE VIEW view_place AS
SELECT site_id, centre_code AS centre, name, coalesce(district, '–') AS district, 'd-' || substr(md5(coalesce(district, '')), 1, 8) AS district_code
FROM site OFFSET 0;

-- Written together with what they count. Writers only add rows, so none waits for another; rows of one key add up, and the upkeep folds them.
-- Changes of state.
CREATE TABLE finding_move (
  time       timestamptz NOT NULL,
  from_state text,
  state      text NOT NULL,
  n          integer NOT NULL
);
-- Runs by the hour of their arrival.
CREATE TABLE run_hour (
  hour timestamptz NOT NULL,
  lane text NOT NULL,
  kind text NOT NULL,
  n    integer NOT NULL
);
-- Runs without a measurement, by the day of their start.
CREATE TABLE unmeasured_day (
  time    timestamptz NOT NULL,
  site_id integer NOT NULL,
  probe   text NOT NULL,
  kind    text NOT NULL,
  reason  text,
  n       integer NOT NULL
);
-- Speeds of the line that count: runs with an excuse say nothing against it.
CREATE TABLE line_speed (
  site_id       integer NOT NULL,
  time          timestamptz NOT NULL,
  download_mbps double precision NOT NULL
);
CREATE INDEX line_speed_site ON line_speed (site_id, time);
INSERT INTO line_speed
SELECT o.site_id, o.taken_at, (reading->>'value')::float8 FROM observation AS o, jsonb_array_elements(o.outcome->'readings') AS reading
WHERE o.probe = 'link-bandwidth' AND o.kind = 'measured' AND o.reason IS NULL AND o.taken_at >= now() - interval '8 days' AND reading->>'metric' = 'download_mbps';
INSERT INTO finding_move SELECT day_start(at), from_state, state, count(*) FROM finding_revision WHERE from_state IS DISTINCT FROM state GROUP BY 1, 2, 3;
INSERT INTO run_hour SELECT date_trunc('hour', received_at), lane, kind, count(*) FROM observation WHERE taken_at >= now() - interval '8 days' GROUP BY 1, 2, 3;
INSERT INTO unmeasured_day
SELECT day_start(taken_at), site_id, probe, kind, reason, count(*) FROM observation WHERE kind <> 'measured' GROUP BY 1, 2, 3, 4, 5;
DROP INDEX finding_revision_step;
DROP INDEX observation_unmeasured;

CREATE OR REPLACE VIEW grafana.state_day AS
WITH delta AS (
  SELECT time, state, n FROM finding_move UNION ALL SELECT time, from_state, -n FROM finding_move WHERE from_state IS NOT NULL
), calendar AS (
  -- Vietnam has no summer time: its days are 24 hours apart.
  SELECT generate_series((SELECT min(time) FROM finding_move), now(), interval '24 hours') AS time
), state AS (
  SELECT unnest(ARRAY['fail', 'error', 'unknown', 'pending', 'pass', 'not_applicable']) AS state
)
SELECT c.time, s.state, view_severity(s.state) AS severity, sum(coalesce(sum(d.n), 0)) OVER (PARTITION BY s.state ORDER BY c.time)::float8 AS findings
FROM calendar AS c CROSS JOIN state AS s LEFT JOIN delta AS d ON d.time = c.time AND d.state = s.state
GROUP BY c.time, s.state;

CREATE OR REPLACE VIEW grafana.collector_hour AS
SELECT hour AS time, sum(n) AS observations, coalesce(sum(n) FILTER (WHERE kind = 'measured'), 0) AS measured,
       coalesce(sum(n) FILTER (WHERE kind = 'failed'), 0) AS failed, coalesce(sum(n) FILTER (WHERE kind = 'skipped'), 0) AS skipped,
       coalesce(sum(n) FILTER (WHERE lane = 'backlog'), 0) AS late
FROM run_hour GROUP BY hour;

CREATE OR REPLACE VIEW grafana.failure_day AS
SELECT d.time, p.centre, p.name, p.district, p.district_code, d.probe, d.kind, d.reason, d.runs
FROM (SELECT time, site_id, probe, kind, reason, sum(n) AS runs FROM unmeasured_day GROUP BY 1, 2, 3, 4, 5) AS d JOIN view_place AS p USING (site_id);

-- Devices that answered on a day, by role.
CREATE TABLE presence_role_day (
  time    timestamptz NOT NULL,
  site_id integer NOT NULL,
  role    text NOT NULL,
  devices integer NOT NULL,
  PRIMARY KEY (time, site_id, role)
);
-- The highest page count of a day, and what was printed since the day before that had one.
CREATE TABLE page_count_day (
  site_id   integer NOT NULL,
  series_id integer NOT NULL,
  time      timestamptz NOT NULL,
  highest   double precision NOT NULL,
  pages     double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (site_id, series_id, time)
);
DROP INDEX presence_day_role;

-- A count that fell was set back, by a new device or a repair: nothing is known to be printed then.
CREATE FUNCTION count_pages(site_ids integer[], since timestamptz) RETURNS void LANGUAGE sql AS $$
  UPDATE page_count_day AS d SET pages = step.pages
  FROM (SELECT site_id, series_id, time, greatest(highest - lag(highest) OVER (PARTITION BY site_id, series_id ORDER BY time), 0) AS pages
        FROM page_count_day WHERE site_id = ANY (site_ids)) AS step
  WHERE d.site_id = step.site_id AND d.series_id = step.series_id AND d.time = step.time AND d.time >= since AND d.pages <> step.pages
$$;
-- Counts the days anew in which these hours of these sites lie (pairs at the same place of both lists); the same day may be done twice.
CREATE FUNCTION rollup_days(site_ids integer[], hours timestamptz[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM presence_role_day AS d USING unnest(site_ids, hours) AS u(site_id, hour) WHERE d.site_id = u.site_id AND d.time = day_start(u.hour);
  INSERT INTO presence_role_day
  SELECT u.time, p.site_id, p.role, count(*)
  FROM (SELECT DISTINCT site_id, day_start(hour) AS time FROM unnest(site_ids, hours) AS u(site_id, hour)) AS u
  JOIN presence_day AS p ON p.site_id = u.site_id AND p.day = (u.time AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
  GROUP BY 1, 2, 3;

  INSERT INTO page_count_day AS d (site_id, series_id, time, highest)
  SELECT r.site_id, r.series_id, u.time, max(r.vmax)
  FROM (SELECT DISTINCT site_id, day_start(hour) AS time FROM unnest(site_ids, hours) AS u(site_id, hour)) AS u
  JOIN series AS s ON s.site_id = u.site_id AND s.metric = 'printer_pages'
  JOIN rollup_1h AS r ON r.site_id = s.site_id AND r.series_id = s.series_id AND r.hour >= u.time AND r.hour < u.time + interval '24 hours'
  GROUP BY 1, 2, 3
  ON CONFLICT (site_id, series_id, time) DO UPDATE SET highest = excluded.highest;
  SELECT count_pages(site_ids, day_start((SELECT min(hour) FROM unnest(hours) AS u(hour))));
$$;

INSERT INTO presence_role_day SELECT day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh', site_id, role, count(*) FROM presence_day GROUP BY 1, 2, 3;
INSERT INTO page_count_day
SELECT r.site_id, r.series_id, day_start(r.hour), max(r.vmax) FROM series AS s JOIN rollup_1h AS r USING (site_id, series_id)
WHERE s.metric = 'printer_pages' GROUP BY 1, 2, 3;
SELECT count_pages(ARRAY(SELECT site_id FROM site), '-infinity');

CREATE OR REPLACE VIEW grafana.device_day AS
SELECT d.time, p.centre, p.name, p.district, p.district_code, d.role, d.devices::bigint AS devices FROM presence_role_day AS d JOIN view_place AS p USING (site_id);

CREATE OR REPLACE VIEW grafana.page_day AS
SELECT c.time, p.centre, p.name, p.district, p.district_code, s.labels->>'device' AS device, c.pages
FROM page_count_day AS c JOIN view_place AS p USING (site_id) LEFT JOIN series AS s USING (site_id, series_id);

-- Open or not, an incident of a year is one of some 50,000: no arithmetic with decimals of any length.
CREATE INDEX incident_told ON incident ((coalesce(opened_at, began_at)));
CREATE OR REPLACE VIEW grafana.incident AS
SELECT i.site_id || '-' || i.incident_id AS incident, coalesce(i.opened_at, i.began_at) AS time, i.closed_at AS time_end,
       p.centre, coalesce(p.name, '–') AS name, p.district, p.district_code, i.requirement, r.title_vi, r.title_en, i.state AS kind, r.owner, r.impact,
       i.state <> 'closed' AS open,
       date_part('epoch', coalesce(i.closed_at, now()) - coalesce(i.opened_at, i.began_at)) / 60 AS minutes
FROM incident AS i LEFT JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
WHERE i.state <> 'soft';

CREATE OR REPLACE VIEW grafana.line_now AS
SELECT p.centre, p.name, p.district, p.district_code, s.isp, s.contract_mbps,
       down.value AS download_mbps, up.value AS upload_mbps, week.median AS download_week_mbps, f.required AS required_mbps,
       hop.loss AS loss_percent, hop.rtt AS rtt_ms, hop.jitter AS jitter_ms,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, down.ts AS time
FROM site AS s JOIN view_place AS p USING (site_id)
LEFT JOIN LATERAL (SELECT value, ts FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric = 'download_mbps' ORDER BY ts DESC LIMIT 1) AS down ON true
LEFT JOIN LATERAL (SELECT value FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric = 'upload_mbps' ORDER BY ts DESC LIMIT 1) AS up ON true
LEFT JOIN LATERAL (
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY download_mbps) AS median
  FROM line_speed AS l WHERE l.site_id = s.site_id AND l.time >= now() - interval '7 days') AS week ON true
LEFT JOIN LATERAL (
  SELECT max(value) FILTER (WHERE metric = 'loss_percent') AS loss, max(value) FILTER (WHERE metric = 'rtt_avg_ms') AS rtt,
         max(value) FILTER (WHERE metric = 'jitter_ms') AS jitter
  FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('loss_percent', 'rtt_avg_ms', 'jitter_ms') AND x.hop <> 'gateway') AS hop ON true
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
  WHERE v.site_id = s.site_id AND r.probe = 'link-bandwidth' LIMIT 1) AS f ON true;

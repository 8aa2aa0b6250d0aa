-- What each Vietnam day counts as, of each centre: written by the function that counts the days of reports (collector/report/day-counts.ts). A row per day and
-- centre, as a year of the province by requirements would be a million: these are counted in their letters.
CREATE TABLE finding_day (
  site_id      integer NOT NULL,
  -- The day's first instant.
  time         timestamptz NOT NULL,
  -- What the policy demanded, by its codes with blanks between them; in the same order one letter for each: the severity of the state, '-' where the day is not
  -- counted, a blank where nothing was judged yet or the centre was closed.
  requirements text NOT NULL,
  states       text NOT NULL,
  -- Counted after the month was closed, by what was known then: nothing changes it any more.
  is_final     boolean NOT NULL,
  PRIMARY KEY (site_id, time)
);
CREATE INDEX finding_day_time ON finding_day (time);

CREATE FUNCTION day_state(letter text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE letter WHEN '-' THEN 'not_counted' ELSE view_state(letter::integer) END $$;

-- Every state has a row on every day of which anything counts. By the name of the district, of which PostgreSQL knows how many there are; any site of it knows its code.
DROP VIEW grafana.state_day;
CREATE VIEW grafana.state_day AS
WITH day AS (
  SELECT f.time, s.district, min(site_id) AS site_id, string_agg(f.states, '') AS states FROM finding_day AS f JOIN site AS s USING (site_id) GROUP BY 1, 2
)
SELECT day.time, p.district, p.district_code, l.state, nullif(l.letter, '-')::integer AS severity,
       (length(day.states) - length(replace(day.states, l.letter, '')))::float8 AS findings
FROM day JOIN view_place AS p USING (site_id)
     CROSS JOIN (SELECT letter, day_state(letter) AS state FROM unnest(ARRAY['5', '4', '3', '2', '1', '0', '-']) AS letter) AS l
WHERE day.states ~ '[^ ]';

CREATE VIEW grafana.finding_day AS
SELECT f.time, p.centre, p.name, p.district, p.district_code, d.requirement, r.title_vi, r.title_en, day_state(d.letter) AS state,
       nullif(d.letter, '-')::integer AS severity
FROM finding_day AS f JOIN view_place AS p USING (site_id)
     CROSS JOIN LATERAL unnest(string_to_array(f.requirements, ' '), string_to_array(f.states, NULL)) AS d(requirement, letter)
     LEFT JOIN view_requirement AS r USING (requirement)
WHERE d.letter <> ' ';

-- Changes of state counted by their day told what stood at its end, whoever judged and whatever counts.
DROP TABLE finding_move;

-- A problem that went before anybody was told of it was never opened: lists and counts of the pages have none of those.
DROP INDEX incident_told;
CREATE INDEX incident_opened ON incident (opened_at);
CREATE OR REPLACE VIEW grafana.incident AS
SELECT i.site_id || '-' || i.incident_id AS incident, i.opened_at AS time, i.closed_at AS time_end,
       p.centre, coalesce(p.name, '–') AS name, p.district, p.district_code, i.requirement, r.title_vi, r.title_en, i.state AS kind, r.owner, r.impact,
       i.state <> 'closed' AS open,
       date_part('epoch', coalesce(i.closed_at, now()) - i.opened_at) / 60 AS minutes
FROM incident AS i LEFT JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
WHERE i.opened_at IS NOT NULL;

-- An answer says for a day how it is now, as on the pages of devices: a centre that fell silent has no camera that answers and nobody on its Wi-Fi.
CREATE OR REPLACE VIEW view_latest AS
SELECT l.site_id, l.series_id, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio, l.channel, l.camera, l.supply, l.disk, l.direction, l.method,
       coalesce(n.each_ts[p.place], n.ts) AS ts, n.vals[p.place] AS value,
       coalesce(n.each_ts[p.place], n.ts) >= now() - interval '1 day' AS is_present,
       -- When its probe and target last said anything.
       n.ts AS source_ts
FROM view_label AS l JOIN newest_values AS n USING (site_id, source_id)
     CROSS JOIN LATERAL (SELECT array_position(n.series_ids, l.series_id) AS place) AS p
WHERE p.place IS NOT NULL;

CREATE OR REPLACE VIEW grafana.line_now AS
SELECT p.centre, p.name, p.district, p.district_code, s.isp, s.contract_mbps,
       down.value AS download_mbps, up.value AS upload_mbps, week.median AS download_week_mbps, f.required AS required_mbps,
       hop.loss AS loss_percent, hop.rtt AS rtt_ms, hop.jitter AS jitter_ms,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, down.ts AS time,
       s.contract_number
FROM site AS s JOIN view_open_place AS p USING (site_id)
LEFT JOIN LATERAL (SELECT value, ts FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric = 'download_mbps' ORDER BY ts DESC LIMIT 1) AS down ON true
LEFT JOIN LATERAL (SELECT value FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric = 'upload_mbps' ORDER BY ts DESC LIMIT 1) AS up ON true
LEFT JOIN LATERAL (
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY download_mbps) AS median
  FROM line_speed AS l WHERE l.site_id = s.site_id AND l.time >= now() - interval '7 days') AS week ON true
LEFT JOIN LATERAL (
  SELECT max(value) FILTER (WHERE metric = 'loss_percent') AS loss, max(value) FILTER (WHERE metric = 'rtt_avg_ms') AS rtt,
         max(value) FILTER (WHERE metric = 'jitter_ms') AS jitter
  FROM view_latest AS x
  WHERE x.site_id = s.site_id AND x.metric IN ('loss_percent', 'rtt_avg_ms', 'jitter_ms') AND x.hop <> 'gateway' AND x.is_present) AS hop ON true
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
  WHERE v.site_id = s.site_id AND r.probe = 'link-bandwidth' LIMIT 1) AS f ON true;

CREATE OR REPLACE VIEW grafana.wifi_now AS
SELECT p.centre, p.name, p.district, p.district_code, w.clients, peak.value AS peak_week_clients, w.limit_clients, f.required AS required_clients,
       w.utilisation_percent, w.dhcp_free, w.access_points, w.access_points_up,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, w.time
FROM site AS s JOIN view_open_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT max(value) FILTER (WHERE is_present AND metric = 'wifi_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS clients,
         max(value) FILTER (WHERE is_present AND metric = 'wifi_limit_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS limit_clients,
         max(value) FILTER (WHERE is_present AND metric = 'wifi_utilisation_percent') AS utilisation_percent,
         max(value) FILTER (WHERE is_present AND metric = 'dhcp_free') AS dhcp_free,
         count(*) FILTER (WHERE is_present AND metric = 'wifi_ap_up') AS access_points,
         count(*) FILTER (WHERE is_present AND metric = 'wifi_ap_up' AND value = 1) AS access_points_up,
         max(ts) AS time
  FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('wifi_clients', 'wifi_limit_clients', 'wifi_utilisation_percent', 'dhcp_free', 'wifi_ap_up')) AS w ON true
LEFT JOIN LATERAL (SELECT max(value) AS value FROM peak_day AS d
                   WHERE d.site_id = s.site_id AND d.metric = 'wifi_clients' AND d.day > (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 7) AS peak ON true
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
  WHERE v.site_id = s.site_id AND r.rule = 'capacity' LIMIT 1) AS f ON true;

CREATE OR REPLACE VIEW grafana.camera_now AS
SELECT p.centre, p.name, p.district, p.district_code, c.cameras, c.cameras_up, c.streams, c.streams_up, c.clock_skew_s,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, c.time
FROM site AS s JOIN view_open_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE is_present AND metric = 'camera_up') AS cameras,
         count(*) FILTER (WHERE is_present AND metric = 'camera_up' AND value = 1) AS cameras_up,
         count(*) FILTER (WHERE is_present AND metric = 'camera_stream_up') AS streams,
         count(*) FILTER (WHERE is_present AND metric = 'camera_stream_up' AND value = 1) AS streams_up,
         max(abs(value)) FILTER (WHERE is_present AND metric = 'camera_clock_skew_s') AS clock_skew_s, max(ts) AS time
  FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('camera_up', 'camera_stream_up', 'camera_clock_skew_s')) AS c ON true
LEFT JOIN LATERAL (
  SELECT v.state FROM view_finding AS v JOIN view_requirement AS r USING (requirement) WHERE v.site_id = s.site_id AND r.rule = 'depth' LIMIT 1) AS f ON true;

-- By which the provider knows the line.
CREATE OR REPLACE VIEW grafana.centre AS
SELECT p.centre, p.name, p.district, p.district_code, s.latitude, s.longitude, s.key_area, s.officers, s.contract_mbps, s.isp,
       EXISTS (SELECT FROM setting WHERE key = 'demo' AND value = 'true') AS simulated, s.contract_number
FROM site AS s JOIN view_open_place AS p USING (site_id);

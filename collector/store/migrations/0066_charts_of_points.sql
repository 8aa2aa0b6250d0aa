-- Portals, Wi-Fi and the gateway PC of each reception point are series of their own, as its line is (0063). Of several points a row of the present tells one
-- alone: a portal's the point from which it is worst, the Wi-Fi's the one that the finding names, and the judged views name the point of their findings.

-- One row for each portal: the point from which it cannot be reached, then one that is silent while an agent stands there.
CREATE OR REPLACE VIEW grafana.portal_now AS
SELECT p.centre, p.name, p.district, p.district_code, t.portal, t.up, t.status, t.ttfb_ms, t.certificate_days, t.line_up, t.loss_percent, t.verdict, t.time, t.segment,
       nullif(t.place, '') AS point
FROM view_open_place AS p
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (v.portal) v.portal, v.place, v.up, v.status, v.ttfb_ms, v.certificate_days, line.up AS line_up, line.loss AS loss_percent, told.verdict, v.ts AS time,
         walk.broken AS segment
  FROM (
    SELECT x.portal, coalesce(x.point, '') AS place, max(x.value) FILTER (WHERE x.metric = 'portal_up')::integer AS up,
           max(x.value) FILTER (WHERE x.metric = 'portal_status')::integer AS status, max(x.value) FILTER (WHERE x.metric = 'portal_ttfb_ms') AS ttfb_ms,
           max(x.value) FILTER (WHERE x.metric = 'portal_certificate_days') AS certificate_days, max(x.ts) FILTER (WHERE x.metric = 'portal_up') AS ts
    FROM view_latest AS x
    WHERE x.site_id = p.site_id AND x.metric IN ('portal_up', 'portal_status', 'portal_ttfb_ms', 'portal_certificate_days') AND x.portal IS NOT NULL
    GROUP BY 1, 2
  ) AS v
  LEFT JOIN (
    SELECT coalesce(x.point, '') AS place, min(x.value) FILTER (WHERE x.metric = 'hop_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'loss_percent') AS loss
    FROM view_latest AS x
    WHERE x.site_id = p.site_id AND x.metric IN ('hop_up', 'loss_percent') AND x.hop <> 'gateway' AND x.ts >= now() - interval '2 hours' GROUP BY 1
  ) AS line USING (place)
  LEFT JOIN (
    SELECT DISTINCT ON (s.point) s.point AS place, CASE WHEN l.value = 0 THEN s.labels->>'segment' END AS broken, l.ts
    FROM series AS s JOIN latest AS l USING (site_id, series_id)
    WHERE s.site_id = p.site_id AND s.metric = 'segment_up' AND l.ts >= now() - interval '2 hours' ORDER BY s.point, l.ts DESC, l.value
  ) AS walk USING (place)
  LEFT JOIN (
    SELECT DISTINCT CASE a.point WHEN 'main' THEN '' ELSE a.point END AS place, true AS stands FROM agent AS a WHERE a.site_id = p.site_id AND a.state <> 'revoked'
  ) AS let_in USING (place)
  CROSS JOIN LATERAL (
    SELECT CASE WHEN v.ts IS NULL OR v.ts < now() - interval '2 hours' THEN 'unknown' WHEN v.up = 1 THEN 'ok'
                WHEN walk.broken <> 'collector' OR (walk.ts IS NULL AND line.up = 0) THEN 'line' ELSE 'portal' END AS verdict
  ) AS told
  ORDER BY v.portal, CASE WHEN told.verdict IN ('line', 'portal') THEN 0 WHEN told.verdict = 'ok' THEN 2 WHEN let_in.stands THEN 1 ELSE 3 END, v.ttfb_ms DESC NULLS LAST, v.place
) AS t
WHERE t.portal IN (SELECT portal FROM view_portal);

-- Where the finding names no point, of several the one with the busiest radio. The peak of the week is kept of the whole centre: of one of several points that
-- have a Wi-Fi it tells nothing.
CREATE OR REPLACE VIEW grafana.wifi_now AS
SELECT p.centre, p.name, p.district, p.district_code, w.clients, CASE WHEN w.places <= 1 THEN peak.value END AS peak_week_clients, w.limit_clients, f.required AS required_clients,
       w.utilisation_percent, w.dhcp_free, coalesce(w.access_points, 0) AS access_points, coalesce(w.access_points_up, 0) AS access_points_up,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, w.time,
       nullif(coalesce(f.place, w.place), '') AS point
FROM site AS s JOIN view_open_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required, CASE v.body->'detail'->>'point' WHEN 'main' THEN '' ELSE v.body->'detail'->>'point' END AS place
  FROM view_finding AS v JOIN view_requirement AS r USING (requirement) WHERE v.site_id = s.site_id AND r.rule = 'capacity' LIMIT 1) AS f ON true
LEFT JOIN LATERAL (
  SELECT * FROM (
    SELECT each.*, count(*) FILTER (WHERE each.time >= now() - interval '7 days') OVER () AS places FROM (
      SELECT coalesce(x.point, '') AS place,
             max(value) FILTER (WHERE is_present AND metric = 'wifi_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS clients,
             max(value) FILTER (WHERE is_present AND metric = 'wifi_limit_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS limit_clients,
             max(value) FILTER (WHERE is_present AND metric = 'wifi_utilisation_percent') AS utilisation_percent,
             max(value) FILTER (WHERE is_present AND metric = 'dhcp_free') AS dhcp_free,
             count(*) FILTER (WHERE is_present AND metric = 'wifi_ap_up') AS access_points,
             count(*) FILTER (WHERE is_present AND metric = 'wifi_ap_up' AND value = 1) AS access_points_up,
             max(ts) AS time
      FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('wifi_clients', 'wifi_limit_clients', 'wifi_utilisation_percent', 'dhcp_free', 'wifi_ap_up')
      GROUP BY 1) AS each) AS told
  WHERE f.place IS NULL OR told.place = f.place
  ORDER BY told.utilisation_percent DESC NULLS LAST, told.clients DESC NULLS LAST, told.time DESC LIMIT 1) AS w ON true
LEFT JOIN LATERAL (SELECT max(value) AS value FROM peak_day AS d
                   WHERE d.site_id = s.site_id AND d.metric = 'wifi_clients' AND d.day > (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 7) AS peak ON true;

CREATE OR REPLACE VIEW grafana.finding_now AS
SELECT p.centre, p.name, p.district, p.district_code, f.requirement, r.title_vi, r.title_en, r.impact, r.owner,
       f.state, view_severity(f.state) AS severity, f.reason,
       (f.body->>'observed')::float8 AS observed, (f.body->>'required')::float8 AS required, f.body->>'unit' AS unit,
       f.body->>'evidenceClass' AS evidence_class, f.since, (f.body->>'observedAt')::timestamptz AS observed_at, f.evaluated_at, f.valid_until,
       f.body ? 'waiver' AS waived, (f.body->'waiver'->>'until')::date AS waiver_until, f.body->>'policy' AS policy, f.body->'detail'->>'point' AS point
FROM view_finding AS f JOIN view_open_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement);

-- The point at which most is not met.
CREATE OR REPLACE VIEW grafana.centre_now AS
SELECT p.centre, p.name, p.district, p.district_code, s.latitude, s.longitude, s.key_area,
       view_state(greatest(f.severity, CASE WHEN f.total = r.total THEN NULL ELSE 3 END)) AS state,
       greatest(f.severity, CASE WHEN f.total = r.total THEN NULL ELSE 3 END) AS severity,
       r.total, coalesce(f.pass, 0) AS pass, coalesce(f.fail, 0) AS fail, coalesce(f.pending, 0) AS pending,
       coalesce(f.unknown, 0) + r.total - coalesce(f.total, 0) AS unknown, coalesce(f.error, 0) AS error, coalesce(f.not_applicable, 0) AS not_applicable, coalesce(f.waived, 0) AS waived,
       100.0::float8 * coalesce(f.pass + f.fail, 0) / nullif(r.total - coalesce(f.not_applicable, 0), 0) AS coverage_percent,
       100.0::float8 * f.pass / nullif(f.pass + f.fail, 0) AS score_percent,
       c.last_at AS last_contact,
       (extract(epoch FROM now() - c.last_at) / 60)::float8 AS silent_minutes,
       coalesce(i.open_incidents, 0) AS open_incidents, f.point
FROM site AS s JOIN view_open_place AS p USING (site_id)
CROSS JOIN (SELECT count(*) AS total FROM view_requirement) AS r
LEFT JOIN centre_contact AS c USING (site_id)
LEFT JOIN (SELECT site_id, max(view_severity(state)) AS severity, count(*) AS total,
                  count(*) FILTER (WHERE state = 'pass') AS pass, count(*) FILTER (WHERE state = 'fail') AS fail,
                  count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'unknown') AS unknown,
                  count(*) FILTER (WHERE state = 'error') AS error, count(*) FILTER (WHERE state = 'not_applicable') AS not_applicable,
                  count(*) FILTER (WHERE body ? 'waiver') AS waived,
                  mode() WITHIN GROUP (ORDER BY body->'detail'->>'point') FILTER (WHERE state = 'fail') AS point
           FROM view_finding WHERE requirement IN (SELECT requirement FROM view_requirement) GROUP BY site_id) AS f USING (site_id)
LEFT JOIN (SELECT site_id, count(*) AS open_incidents FROM incident WHERE state IN ('open', 'acknowledged') GROUP BY site_id) AS i USING (site_id);

-- Problems of no requirement have an owner all the same (collector/alert/topic.ts).
CREATE OR REPLACE VIEW grafana.incident AS
SELECT i.site_id || '-' || i.incident_id AS incident, i.opened_at AS time, i.closed_at AS time_end,
       p.centre, coalesce(p.name, '–') AS name, p.district, p.district_code, i.requirement, r.title_vi, r.title_en, i.state AS kind, coalesce(r.owner, own.owner) AS owner,
       coalesce(r.impact, own.impact) AS impact,
       i.state <> 'closed' AS open,
       date_part('epoch', coalesce(i.closed_at, now()) - i.opened_at) / 60 AS minutes,
       CASE WHEN i.site_id <> 0 THEN nullif(i.subject, '') END AS point
FROM incident AS i LEFT JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
LEFT JOIN (VALUES ('agent', 'commune', 1), ('backup', 'province-it', 2)) AS own(requirement, owner, impact) USING (requirement)
WHERE i.opened_at IS NOT NULL;

CREATE OR REPLACE VIEW grafana.agent_now AS
SELECT a.agent_id AS agent, p.centre, p.name, p.district, p.district_code, a.version, c.last_at AS last_seen,
       (extract(epoch FROM now() - c.last_at) / 60)::float8 AS silent_minutes, life.state,
       CASE life.state WHEN 'silent' THEN 5 WHEN 'never' THEN 3 ELSE 1 END AS severity,
       CASE WHEN c.clock_offset_ms IS NULL THEN 'unknown' WHEN abs(c.clock_offset_ms) > 60000 THEN 'bad' WHEN abs(c.clock_offset_ms) > 5000 THEN 'skewed' ELSE 'ok' END AS clock,
       c.clock_offset_ms AS clock_skew_ms, coalesce(g.gaps, 0) AS gaps, coalesce(g.lost, 0)::float8 AS lost, nullif(a.point, 'main') AS point
FROM agent AS a JOIN view_open_place AS p USING (site_id)
LEFT JOIN contact AS c USING (site_id, agent_id)
CROSS JOIN LATERAL (SELECT CASE WHEN c.last_at IS NULL THEN 'never' WHEN c.last_at < now() - interval '30 minutes' THEN 'silent' ELSE 'live' END AS state) AS life
LEFT JOIN (SELECT site_id, count(*) AS gaps, sum(seq_to - seq_from + 1) AS lost FROM stream_gap GROUP BY site_id) AS g USING (site_id)
WHERE a.state <> 'revoked';

-- The series of a centre's points count as one: a portal that two points ask is asked by one centre. What makes one of them is what made it one before.
CREATE OR REPLACE FUNCTION rollup_area(hours timestamptz[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  DELETE FROM rollup_area_1h WHERE hour = ANY (hours);
  INSERT INTO rollup_area_1h
  SELECT c.metric, c.hour, p.district_code,
         CASE WHEN c.metric IN ('portal_up', 'portal_ttfb_ms') THEN coalesce(c.labels->>'portal', c.target)
              WHEN c.metric IN ('loss_percent', 'rtt_avg_ms') THEN CASE WHEN c.labels->>'hop' = 'gateway' THEN 'gateway' ELSE 'beyond' END
              WHEN c.metric = 'wifi_clients' THEN CASE WHEN c.labels ?| ARRAY['ap', 'ssid'] THEN 'part' ELSE 'total' END
              ELSE '' END AS kind,
         count(*), count(*) FILTER (WHERE c.vmax = 0), sum(c.n), sum(c.vsum), sum(c.vmax), min(c.vmin), max(c.vmax)
  FROM (
    SELECT r.site_id, r.hour, s.metric, s.target, s.labels, sum(r.n) AS n, sum(r.vsum) AS vsum, min(r.vmin) AS vmin, max(r.vmax) AS vmax
    FROM rollup_1h AS r LEFT JOIN series AS s USING (site_id, series_id)
    WHERE r.hour = ANY (hours)
      AND coalesce(s.metric, '') IN ('portal_up', 'portal_ttfb_ms', 'loss_percent', 'rtt_avg_ms', 'download_mbps', 'upload_mbps', 'camera_up', 'recording_depth_days',
                                     'wifi_clients', 'wifi_utilisation_percent', 'host_cpu_percent')
    GROUP BY 1, 2, 3, 4, 5
  ) AS c JOIN view_place AS p USING (site_id)
  GROUP BY 1, 2, 3, 4;
END $$;

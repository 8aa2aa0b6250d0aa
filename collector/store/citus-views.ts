/**
 * Views of the present as Citus can answer them: it joins no table that is cut by centre laterally to one that is whole on every node (`site`), but takes each
 * subquery by itself, grouped by centre. Elsewhere they stay as the migrations have them: there a panel of one centre or district reads that one alone, and
 * would pay for the whole province here. Both give the same rows, which test/collector/store/storage-modes.test.ts compares.
 */
export const presentViews = [
  `CREATE OR REPLACE VIEW grafana.line_now AS
   SELECT p.centre, p.name, p.district, p.district_code, CASE WHEN line.point IS NULL THEN s.isp END AS isp,
          CASE WHEN line.point IS NULL THEN s.contract_mbps END AS contract_mbps,
          line.down AS download_mbps, line.up AS upload_mbps, line.median AS download_week_mbps, f.required AS required_mbps,
          line.loss AS loss_percent, line.rtt AS rtt_ms, line.jitter AS jitter_ms,
          coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, line.time,
          CASE WHEN line.point IS NULL THEN s.contract_number END AS contract_number, line.point
   FROM site AS s JOIN view_open_place AS p USING (site_id)
   LEFT JOIN (
     SELECT DISTINCT ON (told.site_id) told.site_id, nullif(told.place, '') AS point, told.down, told.up, told.time, told.loss, told.rtt, told.jitter, week.median FROM (
       SELECT site_id, coalesce(point, '') AS place, (array_agg(value ORDER BY ts DESC) FILTER (WHERE metric = 'download_mbps'))[1] AS down,
              (array_agg(value ORDER BY ts DESC) FILTER (WHERE metric = 'upload_mbps'))[1] AS up, max(ts) FILTER (WHERE metric = 'download_mbps') AS time,
              max(value) FILTER (WHERE metric = 'loss_percent' AND hop <> 'gateway' AND is_present) AS loss,
              max(value) FILTER (WHERE metric = 'rtt_avg_ms' AND hop <> 'gateway' AND is_present) AS rtt,
              max(value) FILTER (WHERE metric = 'jitter_ms' AND hop <> 'gateway' AND is_present) AS jitter
       FROM view_latest WHERE metric IN ('download_mbps', 'upload_mbps', 'loss_percent', 'rtt_avg_ms', 'jitter_ms') GROUP BY 1, 2) AS told
     LEFT JOIN (
       SELECT site_id, point AS place, percentile_cont(0.5) WITHIN GROUP (ORDER BY download_mbps) AS median
       FROM line_speed WHERE time >= now() - interval '7 days' GROUP BY 1, 2) AS week USING (site_id, place)
     ORDER BY told.site_id, week.median, told.time DESC NULLS LAST, told.loss DESC NULLS LAST) AS line USING (site_id)
   LEFT JOIN (
     SELECT DISTINCT ON (v.site_id) v.site_id, v.state, v.reason, (v.body->>'required')::float8 AS required
     FROM view_finding AS v JOIN view_requirement AS r USING (requirement) WHERE r.probe = 'link-bandwidth' ORDER BY v.site_id, requirement) AS f USING (site_id)`,
  `CREATE OR REPLACE VIEW grafana.wifi_now AS
   WITH judged AS (
     SELECT DISTINCT ON (v.site_id) v.site_id, v.state, v.reason, (v.body->>'required')::float8 AS required,
            CASE v.body->'detail'->>'point' WHEN 'main' THEN '' ELSE v.body->'detail'->>'point' END AS place
     FROM view_finding AS v JOIN view_requirement AS r USING (requirement) WHERE r.rule = 'capacity' ORDER BY v.site_id, requirement
   ), told AS (
     SELECT each.*, count(*) FILTER (WHERE each.time >= now() - interval '7 days') OVER (PARTITION BY each.site_id) AS places FROM (
       SELECT site_id, coalesce(point, '') AS place,
              max(value) FILTER (WHERE is_present AND metric = 'wifi_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS clients,
              max(value) FILTER (WHERE is_present AND metric = 'wifi_limit_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS limit_clients,
              max(value) FILTER (WHERE is_present AND metric = 'wifi_utilisation_percent') AS utilisation_percent,
              max(value) FILTER (WHERE is_present AND metric = 'dhcp_free') AS dhcp_free,
              count(*) FILTER (WHERE is_present AND metric = 'wifi_ap_up') AS access_points,
              count(*) FILTER (WHERE is_present AND metric = 'wifi_ap_up' AND value = 1) AS access_points_up,
              max(ts) AS time
       FROM view_latest WHERE metric IN ('wifi_clients', 'wifi_limit_clients', 'wifi_utilisation_percent', 'dhcp_free', 'wifi_ap_up') GROUP BY 1, 2) AS each
   )
   SELECT p.centre, p.name, p.district, p.district_code, w.clients, CASE WHEN w.places <= 1 THEN peak.value END AS peak_week_clients, w.limit_clients,
          f.required AS required_clients, w.utilisation_percent, w.dhcp_free, coalesce(w.access_points, 0) AS access_points,
          coalesce(w.access_points_up, 0) AS access_points_up, coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity,
          coalesce(f.reason, 'no_data') AS reason, w.time, nullif(coalesce(f.place, w.place), '') AS point
   FROM site AS s JOIN view_open_place AS p USING (site_id) LEFT JOIN judged AS f USING (site_id)
   LEFT JOIN (
     SELECT DISTINCT ON (t.site_id) t.* FROM told AS t LEFT JOIN judged AS j USING (site_id) WHERE j.place IS NULL OR t.place = j.place
     ORDER BY t.site_id, t.utilisation_percent DESC NULLS LAST, t.clients DESC NULLS LAST, t.time DESC) AS w USING (site_id)
   LEFT JOIN (SELECT site_id, max(value) AS value FROM peak_day
              WHERE metric = 'wifi_clients' AND day > (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 7 GROUP BY site_id) AS peak USING (site_id)`,
  `CREATE OR REPLACE VIEW grafana.camera_now AS
   SELECT p.centre, p.name, p.district, p.district_code, coalesce(c.cameras, 0) AS cameras, coalesce(c.cameras_up, 0) AS cameras_up,
          coalesce(c.streams, 0) AS streams, coalesce(c.streams_up, 0) AS streams_up, c.clock_skew_s,
          coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, c.time
   FROM site AS s JOIN view_open_place AS p USING (site_id)
   LEFT JOIN (
     SELECT site_id, count(*) FILTER (WHERE is_present AND metric = 'camera_up') AS cameras,
            count(*) FILTER (WHERE is_present AND metric = 'camera_up' AND value = 1) AS cameras_up,
            count(*) FILTER (WHERE is_present AND metric = 'camera_stream_up') AS streams,
            count(*) FILTER (WHERE is_present AND metric = 'camera_stream_up' AND value = 1) AS streams_up,
            max(abs(value)) FILTER (WHERE is_present AND metric = 'camera_clock_skew_s') AS clock_skew_s, max(ts) AS time
     FROM view_latest WHERE metric IN ('camera_up', 'camera_stream_up', 'camera_clock_skew_s') GROUP BY site_id) AS c USING (site_id)
   LEFT JOIN (
     SELECT DISTINCT ON (v.site_id) v.site_id, v.state FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
     WHERE r.rule = 'depth' ORDER BY v.site_id, requirement) AS f USING (site_id)`,
  `CREATE OR REPLACE VIEW grafana.portal_now AS
   WITH visit AS (
     SELECT x.site_id, x.portal, coalesce(x.point, '') AS place, max(x.value) FILTER (WHERE x.metric = 'portal_up')::integer AS up,
            max(x.value) FILTER (WHERE x.metric = 'portal_status')::integer AS status, max(x.value) FILTER (WHERE x.metric = 'portal_ttfb_ms') AS ttfb_ms,
            max(x.value) FILTER (WHERE x.metric = 'portal_certificate_days') AS certificate_days, max(x.ts) FILTER (WHERE x.metric = 'portal_up') AS ts
     FROM view_latest AS x WHERE x.metric IN ('portal_up', 'portal_status', 'portal_ttfb_ms', 'portal_certificate_days') AND x.portal IS NOT NULL
     GROUP BY 1, 2, 3
   ), line AS (
     SELECT x.site_id, coalesce(x.point, '') AS place, min(x.value) FILTER (WHERE x.metric = 'hop_up')::integer AS up,
            max(x.value) FILTER (WHERE x.metric = 'loss_percent') AS loss
     FROM view_latest AS x WHERE x.metric IN ('hop_up', 'loss_percent') AND x.hop <> 'gateway' AND x.ts >= now() - interval '2 hours' GROUP BY 1, 2
   ), walk AS (
     SELECT DISTINCT ON (s.site_id, s.point) s.site_id, s.point AS place, CASE WHEN l.value = 0 THEN s.labels->>'segment' END AS broken, l.ts
     FROM series AS s JOIN latest AS l USING (site_id, series_id)
     WHERE s.metric = 'segment_up' AND l.ts >= now() - interval '2 hours' ORDER BY s.site_id, s.point, l.ts DESC, l.value
   ), let_in AS (
     SELECT DISTINCT a.site_id, CASE a.point WHEN 'main' THEN '' ELSE a.point END AS place, true AS stands FROM agent AS a WHERE a.state <> 'revoked'
   ), told AS (
     SELECT v.*, line.up AS line_up, line.loss, walk.broken, let_in.stands,
            CASE WHEN v.ts IS NULL OR v.ts < now() - interval '2 hours' THEN 'unknown' WHEN v.up = 1 THEN 'ok'
                 WHEN walk.broken <> 'collector' OR (walk.ts IS NULL AND line.up = 0) THEN 'line' ELSE 'portal' END AS verdict
     FROM visit AS v LEFT JOIN line USING (site_id, place) LEFT JOIN walk USING (site_id, place) LEFT JOIN let_in USING (site_id, place)
   ), worst AS (
     SELECT DISTINCT ON (t.site_id, t.portal) t.* FROM told AS t
     ORDER BY t.site_id, t.portal, CASE WHEN t.verdict IN ('line', 'portal') THEN 0 WHEN t.verdict = 'ok' THEN 2 WHEN t.stands THEN 1 ELSE 3 END,
              t.ttfb_ms DESC NULLS LAST, t.place
   )
   SELECT p.centre, p.name, p.district, p.district_code, t.portal, t.up, t.status, t.ttfb_ms, t.certificate_days, t.line_up, t.loss AS loss_percent, t.verdict,
          t.ts AS time, t.broken AS segment, nullif(t.place, '') AS point
   FROM worst AS t JOIN view_open_place AS p USING (site_id) WHERE t.portal IN (SELECT portal FROM view_portal)`,
] as const;

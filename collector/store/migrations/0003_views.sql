-- Schema grafana: what dashboards may read. A public contract, described column by column in docs/grafana-views.md.
-- Text, numbers, booleans and instants only; no enum, no JSON, no token, no address, no name of a person.
-- Names ending in _now are the present; all other views have a column `time`. Codes of state and their order of severity are those of schemas/finding.ts.

CREATE INDEX series_metric ON series (metric);
CREATE INDEX observation_unmeasured ON observation (taken_at, probe, reason) WHERE kind <> 'measured';

CREATE SCHEMA grafana;

-- Parts that several views share. They lie outside of the schema, so dashboards cannot come to rely on them.
CREATE VIEW view_place AS
SELECT site_id, centre_code AS centre, name, coalesce(district, '–') AS district, 'd-' || substr(md5(coalesce(district, '')), 1, 8) AS district_code
FROM site;

CREATE FUNCTION view_severity(state text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE state WHEN 'fail' THEN 5 WHEN 'error' THEN 4 WHEN 'unknown' THEN 3 WHEN 'pending' THEN 2 WHEN 'pass' THEN 1 ELSE 0 END $$;

CREATE FUNCTION view_state(severity integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (ARRAY['not_applicable', 'pass', 'pending', 'unknown', 'error', 'fail'])[severity + 1] $$;

-- The requirements of the policy version in force.
CREATE VIEW view_requirement AS
SELECT r->>'id' AS requirement,
       r->'title'->>'vi' AS title_vi,
       r->'title'->>'en' AS title_en,
       r->>'owner' AS owner,
       (r->>'impact')::integer AS impact,
       r->'rule'->>'kind' AS rule,
       r->'rule'->>'probe' AS probe
FROM (SELECT body FROM policy_version WHERE effective_from <= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
      ORDER BY effective_from DESC, version DESC LIMIT 1) AS policy,
     jsonb_array_elements(policy.body->'requirements') AS r;

-- A stored pass is none after its end: silence never looks green, even when the judge has not come by yet.
CREATE VIEW view_finding AS
SELECT site_id, requirement, evaluated_at, valid_until, body,
       CASE WHEN expired THEN 'unknown' ELSE state END AS state,
       CASE WHEN expired THEN 'stale' ELSE reason END AS reason,
       CASE WHEN expired THEN coalesce(valid_until, since) ELSE since END AS since
FROM (SELECT *, state = 'pass' AND (valid_until IS NULL OR valid_until < now()) AS expired FROM finding) AS stored;

CREATE VIEW view_label AS
SELECT site_id, series_id, metric,
       labels->>'device' AS device, labels->>'role' AS role, coalesce(labels->>'portal', CASE WHEN metric LIKE 'portal%' THEN nullif(target, '') END) AS portal,
       labels->>'hop' AS hop, labels->>'server' AS server, labels->>'ap' AS ap, labels->>'ssid' AS ssid, labels->>'radio' AS radio,
       labels->>'channel' AS channel, labels->>'camera' AS camera, labels->>'supply' AS supply, labels->>'disk' AS disk,
       labels->>'direction' AS direction, labels->>'method' AS method
FROM series;

CREATE VIEW view_latest AS
SELECT l.*, latest.ts, latest.value FROM latest JOIN view_label AS l USING (site_id, series_id);

CREATE VIEW grafana.centre AS
SELECT p.centre, p.name, p.district, p.district_code, s.latitude, s.longitude, s.key_area, s.officers, s.contract_mbps, s.isp,
       EXISTS (SELECT FROM setting WHERE key = 'demo' AND value = 'true') AS simulated
FROM site AS s JOIN view_place AS p USING (site_id);

CREATE VIEW grafana.finding_now AS
SELECT p.centre, p.name, p.district, p.district_code, f.requirement, r.title_vi, r.title_en, r.impact, r.owner,
       f.state, view_severity(f.state) AS severity, f.reason,
       (f.body->>'observed')::float8 AS observed, (f.body->>'required')::float8 AS required, f.body->>'unit' AS unit,
       f.body->>'evidenceClass' AS evidence_class, f.since, (f.body->>'observedAt')::timestamptz AS observed_at, f.evaluated_at, f.valid_until,
       f.body ? 'waiver' AS waived, (f.body->'waiver'->>'until')::date AS waiver_until, f.body->>'policy' AS policy
FROM view_finding AS f JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement);

CREATE VIEW grafana.finding_part_now AS
SELECT p.centre, p.name, p.district, p.district_code, f.requirement, r.title_vi, r.title_en, part->>'subject' AS subject,
       part->>'state' AS state, view_severity(part->>'state') AS severity, part->>'reason' AS reason, (part->>'observed')::float8 AS observed
FROM view_finding AS f JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement),
     jsonb_array_elements(coalesce(f.body->'parts', '[]')) AS part;

CREATE VIEW grafana.centre_now AS
SELECT p.centre, p.name, p.district, p.district_code, s.latitude, s.longitude, s.key_area,
       view_state(coalesce(f.severity, 3)) AS state, coalesce(f.severity, 3) AS severity,
       coalesce(f.total, 0) AS total, coalesce(f.pass, 0) AS pass, coalesce(f.fail, 0) AS fail, coalesce(f.pending, 0) AS pending,
       coalesce(f.unknown, 0) AS unknown, coalesce(f.error, 0) AS error, coalesce(f.not_applicable, 0) AS not_applicable, coalesce(f.waived, 0) AS waived,
       100.0::float8 * (f.pass + f.fail) / nullif(f.total - f.not_applicable, 0) AS coverage_percent,
       100.0::float8 * f.pass / nullif(f.pass + f.fail, 0) AS score_percent,
       s.last_contact_at AS last_contact,
       (extract(epoch FROM now() - s.last_contact_at) / 60)::float8 AS silent_minutes,
       coalesce(i.open_incidents, 0) AS open_incidents
FROM site AS s JOIN view_place AS p USING (site_id)
LEFT JOIN (SELECT site_id, max(view_severity(state)) AS severity, count(*) AS total,
                  count(*) FILTER (WHERE state = 'pass') AS pass, count(*) FILTER (WHERE state = 'fail') AS fail,
                  count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'unknown') AS unknown,
                  count(*) FILTER (WHERE state = 'error') AS error, count(*) FILTER (WHERE state = 'not_applicable') AS not_applicable,
                  count(*) FILTER (WHERE body ? 'waiver') AS waived
           FROM view_finding GROUP BY site_id) AS f USING (site_id)
LEFT JOIN (SELECT site_id, count(*) AS open_incidents FROM incident WHERE state IN ('open', 'acknowledged') GROUP BY site_id) AS i USING (site_id);

CREATE VIEW grafana.requirement_now AS
SELECT r.requirement, r.title_vi, r.title_en, r.impact, r.owner, f.*,
       100.0::float8 * (f.pass + f.fail) / nullif(f.total - f.not_applicable, 0) AS coverage_percent,
       100.0::float8 * f.pass / nullif(f.pass + f.fail, 0) AS score_percent
FROM view_requirement AS r,
LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE state = 'pass') AS pass, count(*) FILTER (WHERE state = 'fail') AS fail,
                count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'unknown') AS unknown,
                count(*) FILTER (WHERE state = 'error') AS error, count(*) FILTER (WHERE state = 'not_applicable') AS not_applicable,
                count(*) FILTER (WHERE body ? 'waiver') AS waived
         FROM view_finding WHERE view_finding.requirement = r.requirement) AS f;

CREATE VIEW grafana.transition AS
SELECT v.at AS time, p.centre, p.name, p.district, p.district_code, v.requirement, r.title_vi, r.title_en, r.impact,
       v.from_state, v.state AS to_state, view_severity(v.state) AS severity, v.reason
FROM finding_revision AS v JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
WHERE v.from_state IS NOT NULL AND v.from_state <> v.state;

CREATE VIEW grafana.change_now AS
SELECT * FROM grafana.transition WHERE time >= now() - interval '24 hours';

CREATE VIEW grafana.finding_span AS
SELECT v.at AS time, coalesce(next.at, now()) AS time_end, p.centre, p.name, p.district, p.district_code, v.requirement, r.title_vi, r.title_en,
       v.state, view_severity(v.state) AS severity, v.reason
FROM finding_revision AS v JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
LEFT JOIN LATERAL (SELECT n.at FROM finding_revision AS n
                   WHERE n.site_id = v.site_id AND n.requirement = v.requirement AND n.revision > v.revision ORDER BY n.revision LIMIT 1) AS next ON true;

-- Findings by state at the end of each Vietnam day: a running sum of what entered and left each state.
CREATE VIEW grafana.state_day AS
WITH step AS (
  SELECT (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, state, lag(state) OVER (PARTITION BY site_id, requirement ORDER BY at, revision) AS before
  FROM finding_revision
), delta AS (
  SELECT day, state, count(*) AS n FROM step GROUP BY day, state
  UNION ALL
  SELECT day, before, -count(*) FROM step WHERE before IS NOT NULL GROUP BY day, before
), calendar AS (
  SELECT d::date AS day FROM generate_series((SELECT min(day) FROM delta), (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, interval '1 day') AS d
), state AS (
  SELECT unnest(ARRAY['fail', 'error', 'unknown', 'pending', 'pass', 'not_applicable']) AS state
)
SELECT c.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, s.state, view_severity(s.state) AS severity,
       sum(coalesce(sum(d.n), 0)) OVER (PARTITION BY s.state ORDER BY c.day)::float8 AS findings
FROM calendar AS c CROSS JOIN state AS s LEFT JOIN delta AS d ON d.day = c.day AND d.state = s.state
GROUP BY c.day, s.state;

CREATE VIEW grafana.reading AS
SELECT x.ts AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio,
       l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.value
FROM sample AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE VIEW grafana.reading_1h AS
SELECT x.hour AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio,
       l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.n, x.vsum / x.n AS avg, x.vmin AS min, x.vmax AS max
FROM rollup_1h AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE VIEW grafana.reading_now AS
SELECT x.ts AS time, p.centre, p.name, p.district, p.district_code, x.metric, x.device, x.role, x.portal, x.hop, x.server, x.ap, x.ssid, x.radio,
       x.channel, x.camera, x.supply, x.disk, x.direction, x.method, x.value, (extract(epoch FROM now() - x.ts) / 60)::float8 AS age_minutes
FROM view_latest AS x JOIN view_place AS p USING (site_id);

-- The week's download is the median of the runs that count: a run with an excuse says nothing against the line.
CREATE VIEW grafana.line_now AS
SELECT p.centre, p.name, p.district, p.district_code, s.isp, s.contract_mbps,
       down.value AS download_mbps, up.value AS upload_mbps, week.median AS download_week_mbps, f.required AS required_mbps,
       hop.loss AS loss_percent, hop.rtt AS rtt_ms, hop.jitter AS jitter_ms,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, down.ts AS time
FROM site AS s JOIN view_place AS p USING (site_id)
LEFT JOIN LATERAL (SELECT value, ts FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric = 'download_mbps' ORDER BY ts DESC LIMIT 1) AS down ON true
LEFT JOIN LATERAL (SELECT value FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric = 'upload_mbps' ORDER BY ts DESC LIMIT 1) AS up ON true
LEFT JOIN LATERAL (
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (reading->>'value')::float8) AS median
  FROM observation AS o, jsonb_array_elements(o.outcome->'readings') AS reading
  WHERE o.site_id = s.site_id AND o.probe = 'link-bandwidth' AND o.kind = 'measured' AND o.reason IS NULL
    AND o.taken_at >= now() - interval '7 days' AND reading->>'metric' = 'download_mbps') AS week ON true
LEFT JOIN LATERAL (
  SELECT max(value) FILTER (WHERE metric = 'loss_percent') AS loss, max(value) FILTER (WHERE metric = 'rtt_avg_ms') AS rtt,
         max(value) FILTER (WHERE metric = 'jitter_ms') AS jitter
  FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('loss_percent', 'rtt_avg_ms', 'jitter_ms') AND x.hop <> 'gateway') AS hop ON true
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
  WHERE v.site_id = s.site_id AND r.probe = 'link-bandwidth' LIMIT 1) AS f ON true;

CREATE VIEW grafana.wifi_now AS
SELECT p.centre, p.name, p.district, p.district_code, w.clients, peak.value AS peak_week_clients, w.limit_clients, f.required AS required_clients,
       w.utilisation_percent, w.dhcp_free, w.access_points, w.access_points_up,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, coalesce(f.reason, 'no_data') AS reason, w.time
FROM site AS s JOIN view_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT max(value) FILTER (WHERE metric = 'wifi_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS clients,
         max(value) FILTER (WHERE metric = 'wifi_limit_clients' AND ap IS NULL AND ssid IS NULL AND radio IS NULL) AS limit_clients,
         max(value) FILTER (WHERE metric = 'wifi_utilisation_percent') AS utilisation_percent,
         max(value) FILTER (WHERE metric = 'dhcp_free') AS dhcp_free,
         count(*) FILTER (WHERE metric = 'wifi_ap_up') AS access_points, count(*) FILTER (WHERE metric = 'wifi_ap_up' AND value = 1) AS access_points_up,
         max(ts) AS time
  FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('wifi_clients', 'wifi_limit_clients', 'wifi_utilisation_percent', 'dhcp_free', 'wifi_ap_up')) AS w ON true
LEFT JOIN LATERAL (SELECT max(value) AS value FROM peak_day AS d
                   WHERE d.site_id = s.site_id AND d.metric = 'wifi_clients' AND d.day > (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 7) AS peak ON true
LEFT JOIN LATERAL (
  SELECT v.state, v.reason, (v.body->>'required')::float8 AS required FROM view_finding AS v JOIN view_requirement AS r USING (requirement)
  WHERE v.site_id = s.site_id AND r.rule = 'capacity' LIMIT 1) AS f ON true;

CREATE VIEW grafana.camera_now AS
SELECT p.centre, p.name, p.district, p.district_code, c.cameras, c.cameras_up, c.streams, c.streams_up, c.clock_skew_s,
       coalesce(f.state, 'unknown') AS state, view_severity(coalesce(f.state, 'unknown')) AS severity, c.time
FROM site AS s JOIN view_place AS p USING (site_id)
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE metric = 'camera_up') AS cameras, count(*) FILTER (WHERE metric = 'camera_up' AND value = 1) AS cameras_up,
         count(*) FILTER (WHERE metric = 'camera_stream_up') AS streams, count(*) FILTER (WHERE metric = 'camera_stream_up' AND value = 1) AS streams_up,
         max(abs(value)) FILTER (WHERE metric = 'camera_clock_skew_s') AS clock_skew_s, max(ts) AS time
  FROM view_latest AS x WHERE x.site_id = s.site_id AND x.metric IN ('camera_up', 'camera_stream_up', 'camera_clock_skew_s')) AS c ON true
LEFT JOIN LATERAL (
  SELECT v.state FROM view_finding AS v JOIN view_requirement AS r USING (requirement) WHERE v.site_id = s.site_id AND r.rule = 'depth' LIMIT 1) AS f ON true;

CREATE VIEW grafana.recording_now AS
SELECT p.centre, p.name, p.district, p.district_code, x.channel,
       max(x.value) FILTER (WHERE x.metric = 'recording_depth_days') AS depth_days,
       max(x.value) FILTER (WHERE x.metric = 'recording_coverage_percent') AS coverage_percent,
       max(x.value) FILTER (WHERE x.metric = 'recording_longest_gap_minutes') AS gap_minutes,
       max(x.value) FILTER (WHERE x.metric = 'recording_now')::integer AS recording,
       max(x.ts) AS time
FROM view_latest AS x JOIN view_place AS p USING (site_id)
WHERE x.metric IN ('recording_depth_days', 'recording_coverage_percent', 'recording_longest_gap_minutes', 'recording_now') AND x.channel IS NOT NULL
GROUP BY p.centre, p.name, p.district, p.district_code, x.channel;

-- A device that nobody asked within a day is unknown, not down.
CREATE VIEW grafana.device_now AS
WITH seen AS (
  SELECT DISTINCT ON (site_id, coalesce(device, camera, ap)) site_id, coalesce(device, camera, ap) AS device, value, ts
  FROM view_latest WHERE metric IN ('device_up', 'camera_up', 'wifi_ap_up') AND coalesce(device, camera, ap) IS NOT NULL
  ORDER BY site_id, coalesce(device, camera, ap), ts DESC
), judged AS (
  SELECT s.site_id, d->>'id' AS device, d->>'role' AS role, d->>'vendor' AS vendor, d->>'model' AS model, seen.ts,
         CASE WHEN seen.ts IS NULL OR seen.ts < now() - interval '1 day' THEN 'unknown' WHEN seen.value = 1 THEN 'up' ELSE 'down' END AS state
  FROM site AS s CROSS JOIN jsonb_array_elements(s.devices) AS d LEFT JOIN seen ON seen.site_id = s.site_id AND seen.device = d->>'id'
)
SELECT p.centre, p.name, p.district, p.district_code, j.device, j.role, j.vendor, j.model, j.state,
       CASE j.state WHEN 'down' THEN 5 WHEN 'unknown' THEN 3 ELSE 1 END AS severity, j.ts AS time
FROM judged AS j JOIN view_place AS p USING (site_id);

-- The pace is what was used over 14 days; a refill is not counted as use.
CREATE VIEW grafana.supply_now AS
WITH step AS (
  SELECT x.site_id, x.series_id, lag(x.vmin) OVER (PARTITION BY x.site_id, x.series_id ORDER BY x.hour) - x.vmin AS used
  FROM rollup_1h AS x JOIN series AS s USING (site_id, series_id)
  WHERE s.metric = 'printer_supply_percent' AND x.hour >= now() - interval '14 days'
), pace AS (
  SELECT site_id, series_id, sum(greatest(used, 0)) / 14 AS per_day FROM step GROUP BY site_id, series_id
)
SELECT p.centre, p.name, p.district, p.district_code, x.device, x.supply, x.value AS supply_percent, pace.per_day AS used_per_day_percent,
       x.value / nullif(pace.per_day, 0) AS days_left, x.ts AS time
FROM view_latest AS x JOIN view_place AS p USING (site_id) LEFT JOIN pace USING (site_id, series_id)
WHERE x.metric = 'printer_supply_percent';

-- Pages of a Vietnam day: the day's highest count less that of the day before. 62 days at most: a window has no index to help it.
CREATE VIEW grafana.page_day AS
WITH count_day AS (
  SELECT x.site_id, x.series_id, (x.hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, max(x.vmax) AS pages
  FROM rollup_1h AS x JOIN series AS s USING (site_id, series_id)
  WHERE s.metric = 'printer_pages' AND x.hour >= now() - interval '62 days' GROUP BY 1, 2, 3
)
SELECT c.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, p.centre, p.name, p.district, p.district_code, l.device,
       greatest(c.pages - lag(c.pages) OVER (PARTITION BY c.site_id, c.series_id ORDER BY c.day), 0) AS pages
FROM count_day AS c JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE VIEW grafana.portal_hour AS
SELECT x.hour AS time, l.portal, count(DISTINCT x.site_id) AS centres,
       count(DISTINCT x.site_id) FILTER (WHERE l.metric = 'portal_up' AND x.vmax = 0) AS centres_down,
       (100 * sum(x.vsum) FILTER (WHERE l.metric = 'portal_up') / nullif(sum(x.n) FILTER (WHERE l.metric = 'portal_up'), 0))::float8 AS up_percent,
       sum(x.vsum) FILTER (WHERE l.metric = 'portal_ttfb_ms') / nullif(sum(x.n) FILTER (WHERE l.metric = 'portal_ttfb_ms'), 0) AS ttfb_avg_ms,
       max(x.vmax) FILTER (WHERE l.metric = 'portal_ttfb_ms') AS ttfb_max_ms
FROM rollup_1h AS x JOIN view_label AS l USING (site_id, series_id)
WHERE l.metric IN ('portal_up', 'portal_ttfb_ms') AND l.portal IS NOT NULL
GROUP BY x.hour, l.portal;

-- Line or portal: a portal that fails where the line answers is the portal's fault; where the line is down nothing is said about the portal.
CREATE VIEW grafana.portal_now AS
WITH visit AS (
  SELECT x.site_id, x.portal, max(x.value) FILTER (WHERE x.metric = 'portal_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'portal_status')::integer AS status,
         max(x.value) FILTER (WHERE x.metric = 'portal_ttfb_ms') AS ttfb_ms, max(x.value) FILTER (WHERE x.metric = 'portal_certificate_days') AS certificate_days,
         max(x.ts) FILTER (WHERE x.metric = 'portal_up') AS ts
  FROM view_latest AS x WHERE x.metric IN ('portal_up', 'portal_status', 'portal_ttfb_ms', 'portal_certificate_days') AND x.portal IS NOT NULL
  GROUP BY x.site_id, x.portal
), line AS (
  SELECT x.site_id, min(x.value) FILTER (WHERE x.metric = 'hop_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'loss_percent') AS loss
  FROM view_latest AS x WHERE x.metric IN ('hop_up', 'loss_percent') AND x.hop <> 'gateway' GROUP BY x.site_id
)
SELECT p.centre, p.name, p.district, p.district_code, v.portal, v.up, v.status, v.ttfb_ms, v.certificate_days, line.up AS line_up, line.loss AS loss_percent,
       CASE WHEN v.ts IS NULL OR v.ts < now() - interval '2 hours' THEN 'unknown' WHEN v.up = 1 THEN 'ok' WHEN line.up = 0 THEN 'line' ELSE 'portal' END AS verdict,
       v.ts AS time
FROM visit AS v JOIN view_place AS p USING (site_id) LEFT JOIN line USING (site_id);

-- Silent: nothing for half an hour, six times the longest everyday pause between two batches.
CREATE VIEW grafana.agent_now AS
SELECT a.agent_id AS agent, p.centre, p.name, p.district, p.district_code, a.version, a.last_seen_at AS last_seen,
       (extract(epoch FROM now() - a.last_seen_at) / 60)::float8 AS silent_minutes, life.state,
       CASE life.state WHEN 'silent' THEN 5 WHEN 'never' THEN 3 ELSE 1 END AS severity,
       CASE WHEN a.clock_offset_ms IS NULL THEN 'unknown' WHEN abs(a.clock_offset_ms) > 60000 THEN 'bad' WHEN abs(a.clock_offset_ms) > 5000 THEN 'skewed' ELSE 'ok' END AS clock,
       a.clock_offset_ms AS clock_skew_ms, coalesce(g.gaps, 0) AS gaps, coalesce(g.lost, 0)::float8 AS lost
FROM agent AS a JOIN view_place AS p USING (site_id)
CROSS JOIN LATERAL (SELECT CASE WHEN a.last_seen_at IS NULL THEN 'never' WHEN a.last_seen_at < now() - interval '30 minutes' THEN 'silent' ELSE 'live' END AS state) AS life
LEFT JOIN (SELECT site_id, count(*) AS gaps, sum(seq_to - seq_from + 1) AS lost FROM stream_gap GROUP BY site_id) AS g USING (site_id)
WHERE a.state <> 'revoked';

CREATE VIEW grafana.failure_day AS
SELECT (o.taken_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time,
       p.centre, p.name, p.district, p.district_code, o.probe, o.kind, o.reason, count(*) AS runs
FROM observation AS o JOIN view_place AS p USING (site_id)
WHERE o.kind <> 'measured' AND o.taken_at >= now() - interval '62 days'
GROUP BY 1, p.centre, p.name, p.district, p.district_code, o.probe, o.kind, o.reason;

CREATE VIEW grafana.incident AS
SELECT i.site_id || '-' || i.incident_id AS incident, coalesce(i.opened_at, i.began_at) AS time, i.closed_at AS time_end,
       p.centre, coalesce(p.name, '–') AS name, p.district, p.district_code, i.requirement, r.title_vi, r.title_en, i.state AS kind, r.owner, r.impact,
       i.state <> 'closed' AS open,
       (extract(epoch FROM coalesce(i.closed_at, now()) - coalesce(i.opened_at, i.began_at)) / 60)::float8 AS minutes
FROM incident AS i LEFT JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
WHERE i.state <> 'soft';

-- Errors may quote an address of a person: it is cut out.
CREATE VIEW grafana.notification AS
SELECT o.created_at AS time, o.channel, o.body->>'kind' AS kind, o.state, o.tries AS attempts, p.centre, o.body->>'requirement' AS requirement,
       regexp_replace(left(o.last_error, 200), '[^\s<>@]+@[^\s<>@]+', '…', 'g') AS error
FROM outbox AS o LEFT JOIN view_place AS p USING (site_id);

-- The last eight days only: they lie in few partitions. Longer questions are for the reports.
CREATE VIEW grafana.collector_hour AS
SELECT date_trunc('hour', received_at) AS time, count(*) AS observations, count(*) FILTER (WHERE kind = 'measured') AS measured,
       count(*) FILTER (WHERE kind = 'failed') AS failed, count(*) FILTER (WHERE kind = 'skipped') AS skipped,
       count(*) FILTER (WHERE lane = 'backlog') AS late
FROM observation WHERE taken_at >= now() - interval '8 days' GROUP BY 1;

CREATE VIEW grafana.collector_now AS
SELECT pg_database_size(current_database())::float8 AS database_bytes,
       (SELECT count(*) FROM grafana.agent_now WHERE state = 'live') AS agents_live,
       (SELECT count(*) FROM grafana.agent_now WHERE state <> 'live') AS agents_silent,
       (SELECT count(*) FROM site) AS centres,
       (SELECT max(evaluated_at) FROM finding) AS evaluated_at,
       (SELECT min(hour) FROM rollup_1h) AS oldest_sample,
       (SELECT max(hour) FROM rollup_1h) AS newest_sample,
       (SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'sample'::regclass AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz > now()) AS partitions_ahead,
       (SELECT count(*) FROM outbox WHERE state = 'waiting') AS outbox_waiting,
       (SELECT count(*) FROM outbox WHERE state = 'dead') AS outbox_failed,
       EXISTS (SELECT FROM setting WHERE key = 'demo' AND value = 'true') AS simulated;

-- The reader of dashboards. It gets no password here; deploy/grafana/README.md says how to give it one. A user who may not make roles goes on without it.
DO $$
DECLARE
  change text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana_ro') THEN
    BEGIN
      CREATE ROLE grafana_ro LOGIN NOINHERIT CONNECTION LIMIT 20;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      -- Another database of this server made it at the same moment.
      NULL;
    END;
  END IF;
  -- The missing grants are what protects; these settings only keep honest queries short.
  FOREACH change IN ARRAY ARRAY['default_transaction_read_only = on', 'statement_timeout = 15000', 'idle_in_transaction_session_timeout = 30000', 'timezone = UTC'] LOOP
    EXECUTE format('ALTER ROLE grafana_ro IN DATABASE %I SET %s', current_database(), change);
  END LOOP;
  GRANT USAGE ON SCHEMA grafana TO grafana_ro;
  GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO grafana_ro;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'role grafana_ro was not made: this user may not create roles. See deploy/grafana/README.md.';
END $$;

-- The policy by which the collector judges, in the version in force as collector/policy-book.ts finds it: of those that have begun the highest, else the first.
-- Which policy that is the collector says when it starts; until it has, the one whose version began last stands for it.
CREATE VIEW view_policy AS
SELECT v.policy_id, v.version, v.effective_from, v.body
FROM policy_version AS v
WHERE v.policy_id = coalesce(
  (SELECT value #>> '{}' FROM setting WHERE key = 'policy'),
  (SELECT policy_id FROM policy_version WHERE effective_from <= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date ORDER BY effective_from DESC, version DESC LIMIT 1))
ORDER BY v.effective_from <= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date DESC,
         CASE WHEN v.effective_from <= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date THEN v.version ELSE -v.version END DESC
LIMIT 1;

CREATE OR REPLACE VIEW view_requirement AS
SELECT r->>'id' AS requirement,
       r->'title'->>'vi' AS title_vi,
       r->'title'->>'en' AS title_en,
       r->>'owner' AS owner,
       (r->>'impact')::integer AS impact,
       r->'rule'->>'kind' AS rule,
       r->'rule'->>'probe' AS probe
FROM view_policy AS policy, jsonb_array_elements(policy.body->'requirements') AS r;

CREATE VIEW view_portal AS
SELECT portal->>'id' AS portal FROM view_policy AS policy, jsonb_array_elements(policy.body->'portals') AS portal;

-- As the province's page counts: from the requirements of the policy, so that what nobody has judged yet is unknown and what the policy dropped is nothing.
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
       coalesce(i.open_incidents, 0) AS open_incidents
FROM site AS s JOIN view_open_place AS p USING (site_id)
CROSS JOIN (SELECT count(*) AS total FROM view_requirement) AS r
LEFT JOIN centre_contact AS c USING (site_id)
LEFT JOIN (SELECT site_id, max(view_severity(state)) AS severity, count(*) AS total,
                  count(*) FILTER (WHERE state = 'pass') AS pass, count(*) FILTER (WHERE state = 'fail') AS fail,
                  count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'unknown') AS unknown,
                  count(*) FILTER (WHERE state = 'error') AS error, count(*) FILTER (WHERE state = 'not_applicable') AS not_applicable,
                  count(*) FILTER (WHERE body ? 'waiver') AS waived
           FROM view_finding WHERE requirement IN (SELECT requirement FROM view_requirement) GROUP BY site_id) AS f USING (site_id)
LEFT JOIN (SELECT site_id, count(*) AS open_incidents FROM incident WHERE state IN ('open', 'acknowledged') GROUP BY site_id) AS i USING (site_id);

-- The same by district, so that a panel follows the choice of district.
CREATE VIEW grafana.requirement_district_now AS
SELECT r.requirement, r.title_vi, r.title_en, r.impact, r.owner, d.district, d.district_code, d.centres AS total,
       coalesce(f.pass, 0) AS pass, coalesce(f.fail, 0) AS fail, coalesce(f.pending, 0) AS pending, coalesce(f.unknown, 0) + d.centres - coalesce(f.total, 0) AS unknown,
       coalesce(f.error, 0) AS error, coalesce(f.not_applicable, 0) AS not_applicable, coalesce(f.waived, 0) AS waived
FROM view_requirement AS r
CROSS JOIN (SELECT district, district_code, count(*) AS centres FROM view_open_place GROUP BY district, district_code) AS d
LEFT JOIN (SELECT p.district_code, v.requirement, count(*) AS total, count(*) FILTER (WHERE v.state = 'pass') AS pass, count(*) FILTER (WHERE v.state = 'fail') AS fail,
                  count(*) FILTER (WHERE v.state = 'pending') AS pending, count(*) FILTER (WHERE v.state = 'unknown') AS unknown,
                  count(*) FILTER (WHERE v.state = 'error') AS error, count(*) FILTER (WHERE v.state = 'not_applicable') AS not_applicable,
                  count(*) FILTER (WHERE v.body ? 'waiver') AS waived
           FROM view_finding AS v JOIN view_open_place AS p USING (site_id) GROUP BY p.district_code, v.requirement) AS f USING (district_code, requirement);

CREATE OR REPLACE VIEW grafana.requirement_now AS
SELECT r.requirement, r.title_vi, r.title_en, r.impact, r.owner, coalesce(f.total, 0) AS total, coalesce(f.pass, 0) AS pass, coalesce(f.fail, 0) AS fail,
       coalesce(f.pending, 0) AS pending, coalesce(f.unknown, 0) AS unknown, coalesce(f.error, 0) AS error, coalesce(f.not_applicable, 0) AS not_applicable,
       coalesce(f.waived, 0) AS waived,
       100.0::float8 * (f.pass + f.fail) / nullif(f.total - f.not_applicable, 0) AS coverage_percent,
       100.0::float8 * f.pass / nullif(f.pass + f.fail, 0) AS score_percent
FROM view_requirement AS r
LEFT JOIN (SELECT requirement, sum(total)::bigint AS total, sum(pass)::bigint AS pass, sum(fail)::bigint AS fail, sum(pending)::bigint AS pending,
                  sum(unknown)::bigint AS unknown, sum(error)::bigint AS error, sum(not_applicable)::bigint AS not_applicable, sum(waived)::bigint AS waived
           FROM grafana.requirement_district_now GROUP BY requirement) AS f USING (requirement);

-- What lasts ends with its centre, a pass with the evidence that it stands on, and what the policy dropped when the version without it came into force here.
CREATE OR REPLACE VIEW grafana.finding_span AS
SELECT v.at AS time,
       coalesce(next.at, greatest(v.at, least(now(), s.closed_on::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh', CASE WHEN v.state = 'pass' THEN f.valid_until END,
         CASE WHEN f.site_id IS NULL THEN (
           SELECT min(greatest(o.effective_from::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh', o.recorded_at)) FROM policy_version AS o
           WHERE o.policy_id = (SELECT policy_id FROM view_policy)
             AND greatest(o.effective_from::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh', o.recorded_at) >= v.at
             AND NOT o.body->'requirements' @> jsonb_build_array(jsonb_build_object('id', v.requirement))) END))) AS time_end,
       p.centre, p.name, p.district, p.district_code, v.requirement, r.title_vi, r.title_en, v.state, view_severity(v.state) AS severity, v.reason
FROM finding_revision AS v JOIN view_place AS p USING (site_id) JOIN site AS s USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
LEFT JOIN finding AS f ON f.site_id = v.site_id AND f.requirement = v.requirement
LEFT JOIN LATERAL (SELECT n.at FROM finding_revision AS n
                   WHERE n.site_id = v.site_id AND n.requirement = v.requirement AND n.revision > v.revision ORDER BY n.revision LIMIT 1) AS next ON true;

-- A channel that the lists of recordings have lacked for two days hangs at a recorder that was replaced; lists are shown for as long as on the centre's page.
CREATE OR REPLACE VIEW grafana.recording_now AS
SELECT p.centre, p.name, p.district, p.district_code, x.channel,
       max(x.value) FILTER (WHERE x.metric = 'recording_depth_days') AS depth_days,
       max(x.value) FILTER (WHERE x.metric = 'recording_coverage_percent') AS coverage_percent,
       max(x.value) FILTER (WHERE x.metric = 'recording_longest_gap_minutes') AS gap_minutes,
       max(x.value) FILTER (WHERE x.metric = 'recording_now')::integer AS recording,
       max(x.ts) AS time
FROM view_latest AS x JOIN view_open_place AS p USING (site_id)
WHERE x.metric IN ('recording_depth_days', 'recording_coverage_percent', 'recording_longest_gap_minutes', 'recording_now') AND x.channel IS NOT NULL
  AND x.ts >= x.source_ts - interval '2 days' AND x.source_ts >= now() - interval '22 days'
GROUP BY p.centre, p.name, p.district, p.district_code, x.channel;

-- The line, too, is told as it was within two hours, and of portals only those that the policy has.
CREATE OR REPLACE VIEW grafana.portal_now AS
SELECT p.centre, p.name, p.district, p.district_code, v.portal, v.up, v.status, v.ttfb_ms, v.certificate_days, line.up AS line_up, line.loss AS loss_percent,
       CASE WHEN v.ts IS NULL OR v.ts < now() - interval '2 hours' THEN 'unknown' WHEN v.up = 1 THEN 'ok'
            WHEN walk.broken <> 'collector' OR (walk.ts IS NULL AND line.up = 0) THEN 'line' ELSE 'portal' END AS verdict,
       v.ts AS time, walk.broken AS segment
FROM view_open_place AS p
LEFT JOIN LATERAL (
  SELECT min(x.value) FILTER (WHERE x.metric = 'hop_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'loss_percent') AS loss
  FROM view_latest AS x
  WHERE x.site_id = p.site_id AND x.metric IN ('hop_up', 'loss_percent') AND x.hop <> 'gateway' AND x.ts >= now() - interval '2 hours'
) AS line ON true
LEFT JOIN LATERAL (
  SELECT CASE WHEN l.value = 0 THEN s.labels->>'segment' END AS broken, l.ts
  FROM series AS s JOIN latest AS l USING (site_id, series_id)
  WHERE s.site_id = p.site_id AND s.metric = 'segment_up' AND l.ts >= now() - interval '2 hours' ORDER BY l.ts DESC, l.value LIMIT 1
) AS walk ON true
CROSS JOIN LATERAL (
  SELECT x.portal, max(x.value) FILTER (WHERE x.metric = 'portal_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'portal_status')::integer AS status,
         max(x.value) FILTER (WHERE x.metric = 'portal_ttfb_ms') AS ttfb_ms, max(x.value) FILTER (WHERE x.metric = 'portal_certificate_days') AS certificate_days,
         max(x.ts) FILTER (WHERE x.metric = 'portal_up') AS ts
  FROM view_latest AS x
  WHERE x.site_id = p.site_id AND x.metric IN ('portal_up', 'portal_status', 'portal_ttfb_ms', 'portal_certificate_days') AND x.portal IS NOT NULL
  GROUP BY x.portal
) AS v
WHERE v.portal IN (SELECT portal FROM view_portal);

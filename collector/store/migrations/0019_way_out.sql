-- Line or portal: besides the hops, the newest walk along the way out (schemas/fault-location.ts) names the segment in which it ended.
CREATE OR REPLACE VIEW grafana.portal_now AS
WITH visit AS (
  SELECT x.site_id, x.portal, max(x.value) FILTER (WHERE x.metric = 'portal_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'portal_status')::integer AS status,
         max(x.value) FILTER (WHERE x.metric = 'portal_ttfb_ms') AS ttfb_ms, max(x.value) FILTER (WHERE x.metric = 'portal_certificate_days') AS certificate_days,
         max(x.ts) FILTER (WHERE x.metric = 'portal_up') AS ts
  FROM view_latest AS x WHERE x.metric IN ('portal_up', 'portal_status', 'portal_ttfb_ms', 'portal_certificate_days') AND x.portal IS NOT NULL
  GROUP BY x.site_id, x.portal
), line AS (
  SELECT x.site_id, min(x.value) FILTER (WHERE x.metric = 'hop_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'loss_percent') AS loss
  FROM view_latest AS x WHERE x.metric IN ('hop_up', 'loss_percent') AND x.hop <> 'gateway' GROUP BY x.site_id
), walk AS (
  SELECT DISTINCT ON (s.site_id) s.site_id, CASE WHEN l.value = 0 THEN s.labels->>'segment' END AS broken
  FROM series AS s JOIN latest AS l USING (site_id, series_id)
  WHERE s.metric = 'segment_up' AND l.ts >= now() - interval '2 hours' ORDER BY s.site_id, l.ts DESC, l.value
)
SELECT p.centre, p.name, p.district, p.district_code, v.portal, v.up, v.status, v.ttfb_ms, v.certificate_days, line.up AS line_up, line.loss AS loss_percent,
       CASE WHEN v.ts IS NULL OR v.ts < now() - interval '2 hours' THEN 'unknown' WHEN v.up = 1 THEN 'ok'
            WHEN walk.broken <> 'collector' OR (walk.site_id IS NULL AND line.up = 0) THEN 'line' ELSE 'portal' END AS verdict,
       v.ts AS time, walk.broken AS segment
FROM visit AS v JOIN view_place AS p USING (site_id) LEFT JOIN line USING (site_id) LEFT JOIN walk USING (site_id);

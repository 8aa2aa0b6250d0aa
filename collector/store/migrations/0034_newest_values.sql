-- The newest values stand in one row for each source of runs instead of one for each series: a flush writes a fifth of the rows.
SET LOCAL statement_timeout = 0;

-- The source in whose row a series has its newest value: the one that told it first. 0 where nobody knows (told before there were such rows, and not lately).
ALTER TABLE series ADD COLUMN source_id integer NOT NULL DEFAULT 0;

CREATE TABLE newest_values (
  site_id    integer NOT NULL,
  source_id  integer NOT NULL,
  -- When the newest of the values was taken.
  ts         timestamptz NOT NULL,
  -- What the source's runs have told, and the newest value of each: both lists have the same length.
  series_ids integer[] NOT NULL,
  vals       double precision[] NOT NULL,
  -- When each value was taken, where that is not `ts` for all of them.
  each_ts    timestamptz[],
  PRIMARY KEY (site_id, source_id)
) WITH (fillfactor = 60);

-- Newest values that do not belong to the same series: of each series the newer one, and the second one where both are of one time.
CREATE TYPE merged_values AS (series_ids integer[], vals double precision[], each_ts timestamptz[]);
CREATE FUNCTION merge_values(a_ts timestamptz, a_ids integer[], a_vals double precision[], a_each timestamptz[],
                             b_ts timestamptz, b_ids integer[], b_vals double precision[], b_each timestamptz[])
RETURNS merged_values LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ROW (array_agg(m.id ORDER BY m.id), array_agg(m.val ORDER BY m.id), CASE WHEN min(m.ts) < max(m.ts) THEN array_agg(m.ts ORDER BY m.id) END)::merged_values
  FROM (
    SELECT DISTINCT ON (id) id, val, ts FROM (
      SELECT u.id, u.val, coalesce(u.ts, a_ts) AS ts, 1 AS told FROM unnest(a_ids, a_vals, a_each) AS u(id, val, ts)
      UNION ALL SELECT u.id, u.val, coalesce(u.ts, b_ts), 2 FROM unnest(b_ids, b_vals, b_each) AS u(id, val, ts)
    ) AS told ORDER BY id, ts DESC, told DESC
  ) AS m
$$;

UPDATE series AS s SET source_id = t.source_id FROM (
  SELECT DISTINCT ON (1, 2) c.site_id, u.series_id, c.source_id
  FROM run_source AS c
  CROSS JOIN LATERAL (
    SELECT r.series_ids FROM run AS r WHERE r.site_id = c.site_id AND r.source_id = c.source_id AND r.series_ids IS NOT NULL ORDER BY r.taken_at DESC LIMIT 20
  ) AS newest
  CROSS JOIN LATERAL unnest(newest.series_ids) AS u(series_id)
  ORDER BY 1, 2, 3
) AS t WHERE s.site_id = t.site_id AND s.series_id = t.series_id;

INSERT INTO newest_values (site_id, source_id, ts, series_ids, vals, each_ts)
SELECT s.site_id, s.source_id, max(l.ts), array_agg(l.series_id ORDER BY l.series_id), array_agg(l.value ORDER BY l.series_id),
       CASE WHEN min(l.ts) < max(l.ts) THEN array_agg(l.ts ORDER BY l.series_id) END
FROM latest AS l JOIN series AS s USING (site_id, series_id) GROUP BY s.site_id, s.source_id;

ALTER TABLE latest RENAME TO latest_row;

CREATE OR REPLACE VIEW view_label AS
SELECT site_id, series_id, metric,
       labels->>'device' AS device, labels->>'role' AS role, coalesce(labels->>'portal', CASE WHEN metric LIKE 'portal%' THEN nullif(target, '') END) AS portal,
       labels->>'hop' AS hop, labels->>'server' AS server, labels->>'ap' AS ap, labels->>'ssid' AS ssid, labels->>'radio' AS radio,
       labels->>'channel' AS channel, labels->>'camera' AS camera, labels->>'supply' AS supply, labels->>'disk' AS disk,
       labels->>'direction' AS direction, labels->>'method' AS method, source_id
FROM series;

CREATE OR REPLACE VIEW view_latest AS
SELECT l.site_id, l.series_id, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio, l.channel, l.camera, l.supply, l.disk, l.direction, l.method,
       coalesce(n.each_ts[p.place], n.ts) AS ts, n.vals[p.place] AS value
FROM view_label AS l JOIN newest_values AS n USING (site_id, source_id)
CROSS JOIN LATERAL (SELECT array_position(n.series_ids, l.series_id) AS place) AS p WHERE p.place IS NOT NULL;

-- The newest value of each series.
CREATE VIEW latest AS SELECT site_id, series_id, ts, value FROM view_latest;

-- Asks for each centre by itself, so that a panel of one centre or district reads that one alone.
CREATE OR REPLACE VIEW grafana.portal_now AS
SELECT p.centre, p.name, p.district, p.district_code, v.portal, v.up, v.status, v.ttfb_ms, v.certificate_days, line.up AS line_up, line.loss AS loss_percent,
       CASE WHEN v.ts IS NULL OR v.ts < now() - interval '2 hours' THEN 'unknown' WHEN v.up = 1 THEN 'ok'
            WHEN walk.broken <> 'collector' OR (walk.ts IS NULL AND line.up = 0) THEN 'line' ELSE 'portal' END AS verdict,
       v.ts AS time, walk.broken AS segment
FROM view_place AS p
LEFT JOIN LATERAL (
  SELECT min(x.value) FILTER (WHERE x.metric = 'hop_up')::integer AS up, max(x.value) FILTER (WHERE x.metric = 'loss_percent') AS loss
  FROM view_latest AS x WHERE x.site_id = p.site_id AND x.metric IN ('hop_up', 'loss_percent') AND x.hop <> 'gateway'
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
) AS v;

DROP TABLE latest_row;

SET LOCAL statement_timeout = 0;
-- Samples as arrays: one row per run while they are young, one row per series and hour when their day is closed. A sample stands in one of the two.

DROP VIEW grafana.reading;
ALTER TABLE sample RENAME TO sample_single;
ALTER INDEX sample_series RENAME TO sample_single_series;

-- What one run measured: series_ids and vals have the same length.
CREATE TABLE sample_run (
  site_id    integer NOT NULL,
  ts         timestamptz NOT NULL,
  series_ids integer[] NOT NULL,
  vals       double precision[] NOT NULL
) PARTITION BY RANGE (ts);
CREATE INDEX sample_run_site ON sample_run (site_id, ts);

-- All samples of a series and hour. Sample i was taken first_ms + round((last_ms - first_ms) * (i - 1) / (n - 1)) + dev[i] after the hour, ms, or off[i]
-- where the rhythm was too uneven. Its value is v2[i] or v4[i] over 10^digits, or v8[i]: whichever is the smallest that keeps it to the last bit.
CREATE TABLE sample_hour (
  site_id   integer NOT NULL,
  series_id integer NOT NULL,
  hour      timestamptz NOT NULL,
  first_ms  integer NOT NULL,
  last_ms   integer NOT NULL,
  n         smallint NOT NULL,
  digits    smallint NOT NULL,
  dev       smallint[],
  off       integer[],
  v2        smallint[],
  v4        integer[],
  v8        double precision[],
  PRIMARY KEY (site_id, series_id, hour)
) PARTITION BY RANGE (hour);

CREATE FUNCTION sample_unpack(hour timestamptz, first_ms integer, last_ms integer, n integer, digits integer,
                              dev smallint[], off integer[], v2 smallint[], v4 integer[], v8 double precision[])
RETURNS TABLE (ts timestamptz, value double precision) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT $1 + coalesce(u.off, $2 + round(($3 - $2)::float8 * (u.i - 1) / greatest($4 - 1, 1)) + coalesce(u.dev, 0)) * interval '1 ms',
         coalesce(u.v8, coalesce(u.v2, u.v4) / power(10::float8, $5))
  FROM unnest($6, $7, $8, $9, $10) WITH ORDINALITY AS u(dev, off, v2, v4, v8, i)
$$;

-- One answer over both. Who filters by `ts` filters by `hour`, too: it is what the packed days are cut by.
CREATE VIEW sample AS
SELECT r.site_id, s.series_id, r.ts, s.value, date_trunc('hour', r.ts, 'UTC') AS hour FROM sample_run AS r, unnest(r.series_ids, r.vals) AS s(series_id, value)
UNION ALL
SELECT h.site_id, h.series_id, s.ts, s.value, h.hour
FROM sample_hour AS h, sample_unpack(h.hour, h.first_ms, h.last_ms, h.n, h.digits, h.dev, h.off, h.v2, h.v4, h.v8) AS s;

-- Moves the samples of some sites and one UTC day from runs to hours; gives how many. Hours that were packed before and got late samples are packed anew.
CREATE FUNCTION sample_pack(sites integer[], day timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE moved bigint;
BEGIN
  WITH opened AS (
    DELETE FROM sample_hour AS h WHERE h.site_id = ANY (sites) AND h.hour >= day AND h.hour < day + interval '1 day'
      AND EXISTS (SELECT FROM sample_run AS r WHERE r.site_id = h.site_id AND r.ts >= h.hour AND r.ts < h.hour + interval '1 hour')
    RETURNING *
  )
  INSERT INTO sample_run (site_id, ts, series_ids, vals)
  SELECT o.site_id, s.ts, array_agg(o.series_id), array_agg(s.value)
  FROM opened AS o, sample_unpack(o.hour, o.first_ms, o.last_ms, o.n, o.digits, o.dev, o.off, o.v2, o.v4, o.v8) AS s GROUP BY 1, 2;

  WITH taken AS (
    DELETE FROM sample_run AS r WHERE r.site_id = ANY (sites) AND r.ts >= day AND r.ts < day + interval '1 day' RETURNING *
  ), single AS (
    SELECT t.site_id, s.series_id, date_trunc('hour', t.ts, 'UTC') AS hour, s.value,
           round(extract(epoch FROM t.ts - date_trunc('hour', t.ts, 'UTC')) * 1000)::integer AS ms
    FROM taken AS t, unnest(t.series_ids, t.vals) AS s(series_id, value)
  ), hourly AS (
    SELECT site_id, series_id, hour, min(ms) AS first_ms, max(ms) AS last_ms, count(*) AS n, max(abs(value)) AS most,
           array_agg(ms ORDER BY ms, value) AS ms, array_agg(value ORDER BY ms, value) AS vals,
           CASE WHEN bool_and(round(value) = value) THEN 0 WHEN bool_and(round(value * 10) / 10 = value) THEN 1
                WHEN bool_and(round(value * 100) / 100 = value) THEN 2 WHEN bool_and(round(value * 1000) / 1000 = value) THEN 3 ELSE 4 END AS digits,
           bool_and(round(value * 10000) / 10000 = value) AS short
    FROM single GROUP BY 1, 2, 3
  ), stored AS (
    INSERT INTO sample_hour (site_id, series_id, hour, first_ms, last_ms, n, digits, dev, off, v2, v4, v8)
    SELECT h.site_id, h.series_id, h.hour, h.first_ms, h.last_ms, h.n, h.digits,
           CASE WHEN d.fits THEN d.devs::smallint[] END, CASE WHEN NOT d.fits THEN h.ms END,
           CASE WHEN h.short AND s.most <= 32767 THEN s.scaled::smallint[] END,
           CASE WHEN h.short AND s.most > 32767 AND s.most <= 2147483647 THEN s.scaled::integer[] END,
           CASE WHEN NOT h.short OR s.most > 2147483647 THEN h.vals END
    FROM hourly AS h,
    LATERAL (SELECT array_agg(x.dev ORDER BY x.i) AS devs, bool_and(abs(x.dev) <= 32767) AS fits
             FROM (SELECT i, (m - (h.first_ms + round((h.last_ms - h.first_ms)::float8 * (i - 1) / greatest(h.n - 1, 1))))::integer AS dev
                   FROM unnest(h.ms) WITH ORDINALITY AS u(m, i)) AS x) AS d,
    LATERAL (SELECT array_agg(round(v * power(10::float8, h.digits)) ORDER BY i) AS scaled, h.most * power(10::float8, h.digits) AS most
             FROM unnest(h.vals) WITH ORDINALITY AS u(v, i)) AS s
    RETURNING n
  )
  SELECT coalesce(sum(n), 0) INTO moved FROM stored;
  RETURN moved;
END $$;

-- The rows that were single so far. Those of one site and instant become one run.
DO $$
DECLARE part record;
BEGIN
  FOR part IN SELECT c.relname AS name, right(c.relname, 8) AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'sample_single'::regclass ORDER BY 1 LOOP
    EXECUTE format('CREATE TABLE sample_run_%s PARTITION OF sample_run FOR VALUES FROM (%L) TO (%L)', part.day,
                   to_char(to_date(part.day, 'YYYYMMDD'), 'YYYY-MM-DD') || 'T00:00:00Z', to_char(to_date(part.day, 'YYYYMMDD') + 1, 'YYYY-MM-DD') || 'T00:00:00Z');
    EXECUTE format('INSERT INTO sample_run (site_id, ts, series_ids, vals) SELECT site_id, ts, array_agg(series_id), array_agg(value) FROM %I GROUP BY 1, 2', part.name);
  END LOOP;
END $$;
CREATE OR REPLACE VIEW grafana.collector_now AS
SELECT pg_database_size(current_database())::float8 AS database_bytes,
       (SELECT count(*) FROM grafana.agent_now WHERE state = 'live') AS agents_live,
       (SELECT count(*) FROM grafana.agent_now WHERE state <> 'live') AS agents_silent,
       (SELECT count(*) FROM site) AS centres,
       (SELECT max(evaluated_at) FROM finding) AS evaluated_at,
       (SELECT min(hour) FROM rollup_1h) AS oldest_sample,
       (SELECT max(hour) FROM rollup_1h) AS newest_sample,
       (SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'sample_run'::regclass AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz > now()) AS partitions_ahead,
       (SELECT count(*) FROM outbox WHERE state = 'waiting') AS outbox_waiting,
       (SELECT count(*) FROM outbox WHERE state = 'dead') AS outbox_failed,
       EXISTS (SELECT FROM setting WHERE key = 'demo' AND value = 'true') AS simulated;
DROP TABLE sample_single;

-- That each number of a stream is stored once is the ledger's word; a key over every row would say it again at a third of the price of the row.
ALTER TABLE observation DROP CONSTRAINT observation_pkey;

-- A sketch of a distribution: how many values lie in each bin. Bins are 2 % wide, so a quantile read from it is at most 1 % off (values below 0.001 count
-- as 0). Sketches are added bin by bin; quantiles themselves can neither be averaged nor added.
CREATE FUNCTION sketch_bin(value double precision) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs($1) < 0.001 THEN 0 ELSE (sign($1) * least(ceil(ln(abs($1) / 0.001) / ln(1.02::float8)) + 1, 32767))::smallint END $$;
CREATE FUNCTION sketch_value(bin integer) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN $1 = 0 THEN 0 ELSE sign($1) * 0.001 * power(1.02::float8, abs($1) - 1.5) END $$;
CREATE FUNCTION sketch_quantile(bins smallint[], counts integer[], share double precision) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT sketch_value(bin) FROM (
    SELECT b.bin, sum(sum(b.n)) OVER (ORDER BY b.bin) AS upto, sum(sum(b.n)) OVER () AS n FROM unnest($1, $2) AS b(bin, n) GROUP BY b.bin
  ) AS summed WHERE upto >= share * n ORDER BY bin LIMIT 1
$$;
-- Puts the bins of many sketches behind each other; sketch_quantile adds them up.
CREATE AGGREGATE sketch_bins(anycompatiblearray) (SFUNC = array_cat, STYPE = anycompatiblearray, PARALLEL = SAFE);

-- All series of a metric at a centre together: what a panel over all centres asks.
CREATE TABLE rollup_site_1h (
  site_id integer NOT NULL,
  metric  text NOT NULL,
  hour    timestamptz NOT NULL,
  n       integer NOT NULL,
  vmin    double precision NOT NULL,
  vmax    double precision NOT NULL,
  vsum    double precision NOT NULL,
  p95     double precision NOT NULL,
  bins    smallint[] NOT NULL,
  counts  integer[] NOT NULL,
  PRIMARY KEY (metric, hour, site_id)
);

-- What stays for years. `day` is the day in Vietnam.
CREATE TABLE rollup_1d (
  site_id   integer NOT NULL,
  series_id integer NOT NULL,
  day       date NOT NULL,
  n         integer NOT NULL,
  vmin      double precision NOT NULL,
  vmax      double precision NOT NULL,
  vsum      double precision NOT NULL,
  bins      smallint[] NOT NULL,
  counts    integer[] NOT NULL,
  PRIMARY KEY (site_id, series_id, day)
);
CREATE TABLE dirty_day (
  site_id integer NOT NULL,
  day     date NOT NULL,
  PRIMARY KEY (site_id, day)
);
INSERT INTO dirty_day SELECT DISTINCT site_id, (hour AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM rollup_1h;
-- The sums over centres are made from what is still there; hours that are gone keep what they had.
INSERT INTO dirty_hour SELECT DISTINCT site_id, date_trunc('hour', ts, 'UTC') FROM sample_run ON CONFLICT DO NOTHING;

CREATE VIEW grafana.reading AS
SELECT x.ts AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio,
       l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.value, x.hour
FROM sample AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE VIEW grafana.reading_1d AS
SELECT x.day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop,
       l.server, l.ap, l.ssid, l.radio, l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.n, x.vsum / x.n AS avg, x.vmin AS min, x.vmax AS max,
       sketch_quantile(x.bins, x.counts, 0.95) AS p95
FROM rollup_1d AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

CREATE VIEW grafana.centre_hour AS
SELECT x.hour AS time, p.centre, p.name, p.district, p.district_code, x.metric, x.n, x.vsum / x.n AS avg, x.vmin AS min, x.vmax AS max, x.p95
FROM rollup_site_1h AS x JOIN view_place AS p USING (site_id);

DO $$
BEGIN
  GRANT SELECT ON grafana.reading, grafana.reading_1d, grafana.centre_hour TO grafana_ro;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
  RAISE NOTICE 'the role grafana_ro is not here; see deploy/grafana/README.md';
END $$;

-- All samples of a site in a span of time, each index and partition reached by the arguments.
CREATE FUNCTION samples_between(site integer, since timestamptz, until timestamptz)
RETURNS TABLE (series_id integer, ts timestamptz, value double precision) LANGUAGE sql STABLE AS $$
  SELECT s.series_id, r.ts, s.value FROM sample_run AS r, unnest(r.series_ids, r.vals) AS s(series_id, value)
  WHERE r.site_id = $1 AND r.ts >= $2 AND r.ts < $3
  UNION ALL
  SELECT h.series_id, s.ts, s.value
  FROM sample_hour AS h, sample_unpack(h.hour, h.first_ms, h.last_ms, h.n, h.digits, h.dev, h.off, h.v2, h.v4, h.v8) AS s
  WHERE h.site_id = $1 AND h.hour > $2 - interval '1 hour' AND h.hour < $3 AND s.ts >= $2 AND s.ts < $3
$$;

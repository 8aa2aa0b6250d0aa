SET LOCAL statement_timeout = 0;
-- A run is stored once, with its samples: what was told twice, as an outcome in JSON and as samples in arrays, stands in one narrow row.

-- What runs are made of: a probe against a target at a centre. The collector keeps the ids in memory, as those of series.
CREATE TABLE run_source (
  site_id   integer NOT NULL,
  source_id integer GENERATED ALWAYS AS IDENTITY,
  probe     text NOT NULL,
  -- Empty where the probe has no target.
  target    text NOT NULL DEFAULT '',
  PRIMARY KEY (site_id, source_id),
  UNIQUE (site_id, probe, target)
);

-- Equal evidence stands once for a site: most of it comes again from run to run. `last_day` is the last UTC day on which it was told.
CREATE TABLE evidence (
  site_id     integer NOT NULL,
  evidence_id integer GENERATED ALWAYS AS IDENTITY,
  sha256      bytea NOT NULL,
  body        jsonb NOT NULL,
  last_day    date NOT NULL,
  PRIMARY KEY (site_id, evidence_id),
  UNIQUE (site_id, sha256)
);

CREATE TABLE run (
  site_id      integer NOT NULL,
  source_id    integer NOT NULL,
  -- Start of the run, corrected by the clock offset where the agent's clock was bad.
  taken_at     timestamptz NOT NULL,
  received_at  timestamptz NOT NULL,
  -- The 16 hex digits of the stream as one signed number.
  stream       bigint NOT NULL,
  seq          bigint NOT NULL,
  -- The agent's own stamp, where it is another one than taken_at.
  raw_taken_at timestamptz,
  elapsed_ms   double precision NOT NULL,
  -- First letters of live | backlog, ok | skewed | bad | unknown, measured | failed | skipped.
  lane         "char" NOT NULL,
  clock        "char" NOT NULL,
  kind         "char" NOT NULL,
  -- Why it was not measured, or the excuse of what was.
  reason       text,
  -- The readings in their order: both lists have the same length.
  series_ids   integer[],
  vals         double precision[],
  evidence_id  integer,
  -- What the columns before do not say: `detail`, all readings where one of them has no series, the target where the site has no source left. Almost always null.
  rest         jsonb
) PARTITION BY RANGE (taken_at);
CREATE INDEX run_source_time ON run (site_id, source_id, taken_at);

CREATE FUNCTION run_lane(lane "char") RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE $1 WHEN 'l' THEN 'live' WHEN 'b' THEN 'backlog' END $$;
CREATE FUNCTION run_clock(clock "char") RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE $1 WHEN 'o' THEN 'ok' WHEN 's' THEN 'skewed' WHEN 'b' THEN 'bad' WHEN 'u' THEN 'unknown' END $$;
CREATE FUNCTION run_kind(kind "char") RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE $1 WHEN 'm' THEN 'measured' WHEN 'f' THEN 'failed' WHEN 's' THEN 'skipped' END $$;
CREATE FUNCTION run_stream(stream bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT lpad(to_hex($1), 16, '0') $$;
CREATE FUNCTION run_stream(stream text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT ('x' || $1)::bit(64)::bigint $$;

-- The outcome as it was told.
CREATE FUNCTION run_outcome(site integer, kind "char", reason text, series_ids integer[], vals double precision[], evidence_id integer, rest jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT jsonb_build_object('kind', run_kind($2))
    || CASE WHEN $2 <> 'm' THEN jsonb_build_object('reason', $3) ELSE
         jsonb_build_object('readings', (
           SELECT jsonb_agg(jsonb_build_object('metric', s.metric, 'value', u.value)
                            || CASE WHEN s.labels = '{}' THEN '{}' ELSE jsonb_build_object('labels', s.labels) END ORDER BY u.place)
           FROM unnest($4, $5) WITH ORDINALITY AS u(series_id, value, place) JOIN series AS s ON s.site_id = $1 AND s.series_id = u.series_id))
         || CASE WHEN $3 IS NULL THEN '{}' ELSE jsonb_build_object('excuse', $3) END END
    || CASE WHEN $6 IS NULL THEN '{}' ELSE jsonb_build_object('evidence', (SELECT e.body FROM evidence AS e WHERE e.site_id = $1 AND e.evidence_id = $6)) END
    || coalesce($7 - 'target', '{}')
$$;

-- What stood as JSON holds every reading, and longer than the samples beside it: the runs are made from it alone.
INSERT INTO run_source (site_id, probe, target) SELECT DISTINCT site_id, probe, coalesce(target, '') FROM observation ORDER BY 1, 2, 3;

-- Where a site has named more series than any centre can have, readings had none, and get none.
INSERT INTO series (site_id, metric, target, labels)
SELECT site_id, metric, target, labels FROM (
  SELECT *, row_number() OVER (PARTITION BY site_id ORDER BY metric, target, labels) + (SELECT count(*) FROM series AS s WHERE s.site_id = r.site_id) AS place
  FROM (
    SELECT DISTINCT o.site_id, reading ->> 'metric' AS metric, coalesce(o.target, '') AS target, coalesce(reading -> 'labels', '{}') AS labels
    FROM observation AS o, jsonb_array_elements(o.outcome -> 'readings') AS reading WHERE o.kind = 'measured'
  ) AS r
  WHERE NOT EXISTS (SELECT FROM series AS s WHERE s.site_id = r.site_id AND s.metric = r.metric AND s.target = r.target AND s.labels = r.labels)
) AS missing WHERE place <= 5000;

INSERT INTO evidence (site_id, sha256, body, last_day)
SELECT site_id, sha256(convert_to(body::text, 'UTF8')), body, last_day
FROM (SELECT site_id, outcome -> 'evidence' AS body, max(taken_at AT TIME ZONE 'UTC')::date AS last_day FROM observation WHERE outcome ? 'evidence' GROUP BY 1, 2) AS e;

DO $$
DECLARE part record;
BEGIN
  FOR part IN SELECT c.relname AS name, right(c.relname, 8) AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'observation'::regclass ORDER BY 1 LOOP
    EXECUTE format('CREATE TABLE run_%s PARTITION OF run FOR VALUES FROM (%L) TO (%L)', part.day,
                   to_char(to_date(part.day, 'YYYYMMDD'), 'YYYY-MM-DD') || 'T00:00:00Z', to_char(to_date(part.day, 'YYYYMMDD') + 1, 'YYYY-MM-DD') || 'T00:00:00Z');
    EXECUTE format($part$
      INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, raw_taken_at, elapsed_ms, lane, clock, kind, reason, series_ids, vals, evidence_id, rest)
      SELECT o.site_id, s.source_id, o.taken_at, o.received_at, run_stream(o.stream), o.seq, nullif(o.raw_taken_at, o.taken_at), o.elapsed_ms,
             left(o.lane, 1)::"char", left(o.clock, 1)::"char", left(o.kind, 1)::"char", o.reason, m.series_ids, m.vals, e.evidence_id,
             nullif(o.outcome - ARRAY['kind', 'reason', 'excuse', 'evidence', 'readings']
                    || CASE WHEN m.told THEN '{}' ELSE jsonb_build_object('readings', o.outcome -> 'readings') END, '{}')
      FROM %I AS o JOIN run_source AS s ON s.site_id = o.site_id AND s.probe = o.probe AND s.target = coalesce(o.target, '')
      LEFT JOIN evidence AS e ON e.site_id = o.site_id AND o.outcome ? 'evidence' AND e.sha256 = sha256(convert_to((o.outcome -> 'evidence')::text, 'UTF8'))
      LEFT JOIN LATERAL (
        SELECT array_agg(x.series_id ORDER BY r.place) FILTER (WHERE x.series_id IS NOT NULL) AS series_ids,
               array_agg((r.reading ->> 'value')::float8 ORDER BY r.place) FILTER (WHERE x.series_id IS NOT NULL) AS vals,
               coalesce(bool_and(x.series_id IS NOT NULL AND r.reading -> 'labels' IS DISTINCT FROM '{}'), true) AS told
        FROM jsonb_array_elements(o.outcome -> 'readings') WITH ORDINALITY AS r(reading, place)
        LEFT JOIN series AS x ON x.site_id = o.site_id AND x.metric = r.reading ->> 'metric' AND x.target = coalesce(o.target, '')
          AND x.labels = coalesce(r.reading -> 'labels', '{}')
      ) AS m ON true
    $part$, part.name);
  END LOOP;
END $$;
DROP TABLE observation;

-- The runs as they were told, under the names of before.
CREATE VIEW observation AS
SELECT r.site_id, run_stream(r.stream) AS stream, r.seq, s.probe, coalesce(r.rest ->> 'target', nullif(s.target, '')) AS target, r.taken_at, coalesce(r.raw_taken_at, r.taken_at) AS raw_taken_at,
       r.received_at, run_lane(r.lane) AS lane, run_clock(r.clock) AS clock, r.elapsed_ms, run_kind(r.kind) AS kind, r.reason,
       run_outcome(r.site_id, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest) AS outcome
FROM run AS r JOIN run_source AS s USING (site_id, source_id);

CREATE OR REPLACE VIEW sample AS
SELECT r.site_id, s.series_id, r.taken_at AS ts, s.value, date_trunc('hour', r.taken_at, 'UTC') AS hour FROM run AS r, unnest(r.series_ids, r.vals) AS s(series_id, value);

-- The runs of one source in a span of time, both ends included: each index and partition is reached by the arguments. What reads many runs reads them here.
CREATE FUNCTION runs_of(site integer, source integer, since timestamptz, until timestamptz)
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, stream bigint, seq bigint, kind "char", reason text, series_ids integer[], vals double precision[],
               evidence_id integer, rest jsonb) LANGUAGE sql STABLE AS $$
  SELECT r.taken_at, r.received_at, r.stream, r.seq, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest
  FROM run AS r WHERE r.site_id = $1 AND r.source_id = $2 AND r.taken_at >= $3 AND r.taken_at <= $4
$$;

-- All samples of a site in a span of time, each index and partition reached by the arguments.
CREATE OR REPLACE FUNCTION samples_between(site integer, since timestamptz, until timestamptz)
RETURNS TABLE (series_id integer, ts timestamptz, value double precision) LANGUAGE sql STABLE AS $$
  SELECT s.series_id, r.taken_at, s.value
  FROM run_source AS o JOIN run AS r ON r.site_id = o.site_id AND r.source_id = o.source_id, unnest(r.series_ids, r.vals) AS s(series_id, value)
  WHERE o.site_id = $1 AND r.taken_at >= $2 AND r.taken_at < $3
$$;

CREATE OR REPLACE VIEW grafana.collector_now AS
SELECT pg_database_size(current_database())::float8 AS database_bytes,
       (SELECT count(*) FROM grafana.agent_now WHERE state = 'live') AS agents_live,
       (SELECT count(*) FROM grafana.agent_now WHERE state <> 'live') AS agents_silent,
       (SELECT count(*) FROM site) AS centres,
       (SELECT max(evaluated_at) FROM finding) AS evaluated_at,
       (SELECT min(hour) FROM rollup_1h) AS oldest_sample,
       (SELECT max(hour) FROM rollup_1h) AS newest_sample,
       (SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'run'::regclass AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz > now()) AS partitions_ahead,
       (SELECT count(*) FROM outbox WHERE state = 'waiting') AS outbox_waiting,
       (SELECT count(*) FROM outbox WHERE state = 'dead') AS outbox_failed,
       EXISTS (SELECT FROM setting WHERE key = 'demo' AND value = 'true') AS simulated;

DROP FUNCTION sample_pack(integer[], timestamptz);
DROP TABLE sample_run, sample_hour;
DROP FUNCTION sample_unpack(timestamptz, integer, integer, integer, integer, smallint[], integer[], smallint[], integer[], double precision[]);

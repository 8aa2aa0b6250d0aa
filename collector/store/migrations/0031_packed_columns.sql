-- What reads packed runs takes columns and no row: on a node of Citus a row of `packed_run` is one of a shard, which is another type, and everywhere else a
-- row has to be put together first, with all that lies out of line, evidence and all.

-- The grid as it was: a row per column, in the order of their numbers. Each list is read once.
CREATE FUNCTION packed_numbers(n integer, columns smallint[], digits smallint[], bases double precision[], slopes double precision[],
                               d1 "char"[], d2 smallint[], d4 integer[], d8 double precision[]) RETURNS double precision[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(CASE WHEN c.place > x.counted THEN ARRAY(SELECT unnest($9[c.place - x.counted:c.place - x.counted])) ELSE
      ARRAY(SELECT (c.base + round(c.slope * (i - 1) / greatest($1 - 1, 1)) + entry) / packed_scale(c.digits)
            FROM unnest(x.entries[c.place:c.place]) WITH ORDINALITY AS u(entry, i)) END ORDER BY c.number)
  FROM (
    SELECT w.counted, array_fill(0::float8, ARRAY[w.counted - coalesce(array_length(w.written, 1), 0), $1]) || w.written AS entries
    FROM (SELECT array_length($2, 1) - coalesce(array_length($9, 1), 0) AS counted, $6::integer[]::float8[] || $7::float8[] || $8::float8[] AS written OFFSET 0) AS w OFFSET 0
  ) AS x, unnest($2, $3, $4, $5) WITH ORDINALITY AS c(number, digits, base, slope, place)
$$;

CREATE FUNCTION unpack_runs(day date, series_ids integer[], evidence_ids integer[], rests jsonb[], raw_ms double precision[],
                            n integer, columns smallint[], digits smallint[], bases double precision[], slopes double precision[],
                            d1 "char"[], d2 smallint[], d4 integer[], d8 double precision[])
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, seq bigint, raw_taken_at timestamptz, elapsed_ms double precision, vals double precision[], evidence_id integer, rest jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT t.taken_at, t.taken_at + u.received_ms * interval '1 ms', u.seq::bigint, t.taken_at + u.raw_ms * interval '1 ms', u.elapsed_ms,
    CASE WHEN $2 IS NOT NULL THEN ARRAY(SELECT g.numbers[j][u.i] FROM generate_series(5, array_length(g.numbers, 1)) AS j) END, u.evidence_id, u.rest
  FROM (SELECT packed_numbers($6, $7, $8, $9, $10, $11, $12, $13, $14) AS numbers OFFSET 0) AS g,
    unnest(ARRAY(SELECT unnest(g.numbers[1:1])), ARRAY(SELECT unnest(g.numbers[2:2])), ARRAY(SELECT unnest(g.numbers[3:3])), ARRAY(SELECT unnest(g.numbers[4:4])),
      $5, CASE cardinality($3) WHEN 1 THEN array_fill($3[1], ARRAY[$6]) ELSE $3 END, CASE cardinality($4) WHEN 1 THEN array_fill($4[1], ARRAY[$6]) ELSE $4 END)
      WITH ORDINALITY AS u(taken_ms, received_ms, seq, elapsed_ms, raw_ms, evidence_id, rest, i),
    LATERAL (SELECT $1::timestamp AT TIME ZONE 'UTC' + u.taken_ms * interval '1 ms' AS taken_at) AS t
$$;

CREATE FUNCTION unpack_samples(day date, series_ids integer[], n integer, columns smallint[], digits smallint[], bases double precision[], slopes double precision[],
                               d1 "char"[], d2 smallint[], d4 integer[], d8 double precision[])
RETURNS TABLE (series_id integer, ts timestamptz, value double precision) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT s.series_id, $1::timestamp AT TIME ZONE 'UTC' + g.numbers[1][u.i] * interval '1 ms', u.value
  FROM (SELECT packed_numbers($3, $4, $5, $6, $7, $8, $9, $10, $11) AS numbers OFFSET 0) AS g, unnest($2) WITH ORDINALITY AS s(series_id, j),
    unnest(g.numbers[s.j + 4:s.j + 4]) WITH ORDINALITY AS u(value, i)
$$;

CREATE OR REPLACE FUNCTION pack_runs(sites integer[], day date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  moved  bigint;
  starts timestamptz := day::timestamp AT TIME ZONE 'UTC';
  ends   timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
  WITH opened AS (
    DELETE FROM packed_run AS p WHERE p.site_id = ANY (sites) AND p.day = pack_runs.day AND EXISTS (
      SELECT FROM run AS r WHERE r.site_id = p.site_id AND r.source_id = p.source_id AND r.taken_at >= starts AND r.taken_at < ends
    ) RETURNING p.*
  )
  INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, raw_taken_at, elapsed_ms, lane, clock, kind, reason, series_ids, vals, evidence_id, rest)
  SELECT o.site_id, o.source_id, u.taken_at, u.received_at, o.stream, u.seq, u.raw_taken_at, u.elapsed_ms, o.lane, o.clock, o.kind, o.reason, o.series_ids, u.vals, u.evidence_id, u.rest
  FROM opened AS o, unpack_runs(o.day, o.series_ids, o.evidence_ids, o.rests, o.raw_ms, o.n, o.columns, o.digits, o.bases, o.slopes, o.d1, o.d2, o.d4, o.d8) AS u;

  WITH taken AS (
    DELETE FROM run AS r WHERE r.site_id = ANY (sites) AND r.taken_at >= starts AND r.taken_at < ends RETURNING r.*
  ), grid AS (
    SELECT t.site_id, t.source_id, t.stream, t.lane, t.clock, t.kind, t.reason, t.series_ids, count(*)::integer AS n,
      array_agg(ARRAY[(extract(epoch FROM t.taken_at - starts) * 1000)::float8, (extract(epoch FROM t.received_at - t.taken_at) * 1000)::float8, t.seq::float8, t.elapsed_ms] || t.vals
                ORDER BY t.taken_at, t.seq) AS numbers,
      CASE WHEN count(t.evidence_id) = 0 THEN NULL WHEN count(t.evidence_id) = count(*) AND min(t.evidence_id) = max(t.evidence_id) THEN ARRAY[min(t.evidence_id)]
        ELSE array_agg(t.evidence_id ORDER BY t.taken_at, t.seq) END AS evidence_ids,
      CASE WHEN count(t.rest) = 0 THEN NULL WHEN count(t.rest) = count(*) AND count(DISTINCT t.rest) = 1 THEN (array_agg(t.rest))[1:1]
        ELSE array_agg(t.rest ORDER BY t.taken_at, t.seq) END AS rests,
      CASE WHEN count(t.raw_taken_at) > 0 THEN array_agg((extract(epoch FROM t.raw_taken_at - t.taken_at) * 1000)::float8 ORDER BY t.taken_at, t.seq) END AS raw_ms
    FROM taken AS t GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ), stored AS (
    INSERT INTO packed_run (site_id, source_id, day, n, stream, lane, clock, kind, reason, series_ids, evidence_ids, rests, raw_ms, columns, digits, bases, slopes, d1, d2, d4, d8)
    SELECT g.site_id, g.source_id, pack_runs.day, g.n, g.stream, g.lane, g.clock, g.kind, g.reason, g.series_ids, g.evidence_ids, g.rests, g.raw_ms, p.*
    FROM grid AS g, LATERAL (
      SELECT array_agg(j ORDER BY c.width, j)::smallint[], array_agg(c.digits ORDER BY c.width, j)::smallint[], array_agg(c.base ORDER BY c.width, j), array_agg(c.slope ORDER BY c.width, j),
        (array_agg(c.entries ORDER BY j) FILTER (WHERE c.width = 1))::integer[]::"char"[], (array_agg(c.entries ORDER BY j) FILTER (WHERE c.width = 2))::smallint[],
        (array_agg(c.entries ORDER BY j) FILTER (WHERE c.width = 4))::integer[], array_agg(c.entries ORDER BY j) FILTER (WHERE c.width = 8)
      FROM (SELECT j, ARRAY(SELECT unnest(g.numbers[:][j:j])) AS vals FROM generate_series(1, array_length(g.numbers, 2)) AS j OFFSET 0) AS v, packed_column(v.vals) AS c
    ) AS p
    RETURNING n
  )
  SELECT coalesce(sum(n), 0) INTO moved FROM stored;
  RETURN moved;
END $$;

CREATE OR REPLACE VIEW every_run AS
SELECT s.site_id, s.source_id, s.probe, s.target, r.taken_at, r.received_at, r.stream, r.seq, r.raw_taken_at, r.elapsed_ms, r.lane, r.clock, r.kind, r.reason,
       r.series_ids, r.vals, r.evidence_id, r.rest, (r.taken_at AT TIME ZONE 'UTC')::date AS day
FROM run_source AS s JOIN run AS r USING (site_id, source_id)
UNION ALL
SELECT s.site_id, s.source_id, s.probe, s.target, u.taken_at, u.received_at, p.stream, u.seq, u.raw_taken_at, u.elapsed_ms, p.lane, p.clock, p.kind, p.reason,
       p.series_ids, u.vals, u.evidence_id, u.rest, p.day
FROM run_source AS s JOIN packed_run AS p USING (site_id, source_id), unpack_runs(p.day, p.series_ids, p.evidence_ids, p.rests, p.raw_ms, p.n, p.columns, p.digits, p.bases, p.slopes, p.d1, p.d2, p.d4, p.d8) AS u;

-- The outcome as it was told. Its readings and its evidence are looked up by the view itself: a function that reads tables would begin a query on each row.
CREATE OR REPLACE VIEW observation AS
SELECT r.site_id, run_stream(r.stream) AS stream, r.seq, r.probe, coalesce(r.rest ->> 'target', nullif(r.target, '')) AS target, r.taken_at, coalesce(r.raw_taken_at, r.taken_at) AS raw_taken_at,
       r.received_at, run_lane(r.lane) AS lane, run_clock(r.clock) AS clock, r.elapsed_ms, run_kind(r.kind) AS kind, r.reason,
       jsonb_build_object('kind', run_kind(r.kind))
         || CASE WHEN r.kind <> 'm' THEN jsonb_build_object('reason', r.reason) ELSE
              jsonb_build_object('readings', (
                SELECT jsonb_agg(jsonb_build_object('metric', s.metric, 'value', u.value)
                                 || CASE WHEN s.labels = '{}' THEN '{}' ELSE jsonb_build_object('labels', s.labels) END ORDER BY u.place)
                FROM unnest(r.series_ids, r.vals) WITH ORDINALITY AS u(series_id, value, place)
                JOIN series AS s ON s.site_id = r.site_id AND s.series_id = u.series_id))
              || CASE WHEN r.reason IS NULL THEN '{}' ELSE jsonb_build_object('excuse', r.reason) END END
         || CASE WHEN r.evidence_id IS NULL THEN '{}' ELSE
              jsonb_build_object('evidence', (SELECT e.body FROM evidence AS e WHERE e.site_id = r.site_id AND e.evidence_id = r.evidence_id)) END
         || coalesce(r.rest - 'target', '{}') AS outcome, r.day
FROM every_run AS r;

CREATE OR REPLACE VIEW sample AS
SELECT r.site_id, s.series_id, r.taken_at AS ts, s.value, (r.taken_at AT TIME ZONE 'UTC')::date AS day FROM run AS r, unnest(r.series_ids, r.vals) AS s(series_id, value)
UNION ALL
SELECT p.site_id, s.series_id, s.ts, s.value, p.day FROM packed_run AS p, unpack_samples(p.day, p.series_ids, p.n, p.columns, p.digits, p.bases, p.slopes, p.d1, p.d2, p.d4, p.d8) AS s;

CREATE OR REPLACE FUNCTION runs_of(site integer, source integer, since timestamptz, until timestamptz)
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, stream bigint, seq bigint, kind "char", reason text, series_ids integer[], vals double precision[],
               evidence_id integer, rest jsonb) LANGUAGE sql STABLE AS $$
  SELECT r.taken_at, r.received_at, r.stream, r.seq, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest
  FROM run AS r WHERE r.site_id = $1 AND r.source_id = $2 AND r.taken_at >= $3 AND r.taken_at <= $4
  UNION ALL
  SELECT u.taken_at, u.received_at, p.stream, u.seq, p.kind, p.reason, p.series_ids, u.vals, u.evidence_id, u.rest
  FROM packed_run AS p, unpack_runs(p.day, p.series_ids, p.evidence_ids, p.rests, p.raw_ms, p.n, p.columns, p.digits, p.bases, p.slopes, p.d1, p.d2, p.d4, p.d8) AS u
  WHERE p.site_id = $1 AND p.source_id = $2 AND p.day >= ($3 AT TIME ZONE 'UTC')::date AND p.day <= ($4 AT TIME ZONE 'UTC')::date
    AND u.taken_at >= $3 AND u.taken_at <= $4
$$;

CREATE OR REPLACE FUNCTION newest_runs_of(site integer, source integer, since timestamptz, until timestamptz, known timestamptz, n integer)
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, stream bigint, seq bigint, kind "char", reason text, series_ids integer[], vals double precision[],
               evidence_id integer, rest jsonb) LANGUAGE sql STABLE AS $$
  SELECT * FROM (
    (SELECT r.taken_at, r.received_at, r.stream, r.seq, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest
     FROM run AS r WHERE r.site_id = $1 AND r.source_id = $2 AND r.taken_at > $3 AND r.taken_at <= $4 AND r.received_at <= $5
     ORDER BY r.taken_at DESC FETCH FIRST ($6) ROWS WITH TIES)
    UNION ALL
    (SELECT u.taken_at, u.received_at, p.stream, u.seq, p.kind, p.reason, p.series_ids, u.vals, u.evidence_id, u.rest
     FROM packed_run AS p, unpack_runs(p.day, p.series_ids, p.evidence_ids, p.rests, p.raw_ms, p.n, p.columns, p.digits, p.bases, p.slopes, p.d1, p.d2, p.d4, p.d8) AS u
     WHERE p.site_id = $1 AND p.source_id = $2 AND p.day >= ($3 AT TIME ZONE 'UTC')::date AND p.day <= ($4 AT TIME ZONE 'UTC')::date
       AND u.taken_at > $3 AND u.taken_at <= $4 AND u.received_at <= $5
     ORDER BY u.taken_at DESC FETCH FIRST ($6) ROWS WITH TIES)
  ) AS newest ORDER BY newest.taken_at DESC, newest.stream, newest.seq LIMIT $6
$$;

CREATE OR REPLACE FUNCTION samples_between(site integer, since timestamptz, until timestamptz)
RETURNS TABLE (series_id integer, ts timestamptz, value double precision) LANGUAGE sql STABLE AS $$
  SELECT s.series_id, r.taken_at, s.value
  FROM run_source AS o JOIN run AS r ON r.site_id = o.site_id AND r.source_id = o.source_id, unnest(r.series_ids, r.vals) AS s(series_id, value)
  WHERE o.site_id = $1 AND r.taken_at >= $2 AND r.taken_at < $3
  UNION ALL
  SELECT s.series_id, s.ts, s.value
  FROM packed_run AS p, unpack_samples(p.day, p.series_ids, p.n, p.columns, p.digits, p.bases, p.slopes, p.d1, p.d2, p.d4, p.d8) AS s
  WHERE p.site_id = $1 AND p.day >= ($2 AT TIME ZONE 'UTC')::date AND p.day <= ($3 AT TIME ZONE 'UTC')::date AND s.ts >= $2 AND s.ts < $3
$$;

DROP FUNCTION run_outcome(integer, "char", text, integer[], double precision[], integer, jsonb);
DROP FUNCTION unpack_runs(packed_run), unpack_samples(packed_run), packed_numbers(packed_run);

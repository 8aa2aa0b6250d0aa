SET LOCAL statement_timeout = 0;
-- Runs of closed days: one row for a source's runs of a UTC day that share stream, lane, clock, kind, reason and series. A run stands here or in `run`.

-- Its numbers are a grid, a column per kind of number, in the order of the runs: 1 ms from the day's start to taken_at, 2 ms from there to received_at,
-- 3 seq, 4 elapsed_ms, from 5 on the readings. Number i of n of a column is (base + round(slope * (i - 1) / (n - 1)) + its entry) / 10^digits, or the
-- entry alone where no such form gives it back to the last bit. Entries stand in the narrowest type that holds their column's: in none of them where all
-- are 0, then d1, d2, d4, d8. `columns` names the columns in that order, and digits, bases and slopes follow it.
CREATE TABLE packed_run (
  site_id      integer NOT NULL,
  source_id    integer NOT NULL,
  day          date NOT NULL,
  n            integer NOT NULL,
  stream       bigint NOT NULL,
  lane         "char" NOT NULL,
  clock        "char" NOT NULL,
  kind         "char" NOT NULL,
  reason       text,
  series_ids   integer[],
  -- One entry per run, one alone where all runs have the same, none where no run has any.
  evidence_ids integer[],
  rests        jsonb[],
  -- ms from taken_at to raw_taken_at
  raw_ms       double precision[],
  columns      smallint[] NOT NULL,
  digits       smallint[] NOT NULL,
  bases        double precision[] NOT NULL,
  slopes       double precision[] NOT NULL,
  -- From 0 to 127: what PostgreSQL 15 writes into a dump for others is no text.
  d1           "char"[],
  d2           smallint[],
  d4           integer[],
  d8           double precision[]
) PARTITION BY RANGE (day);
CREATE INDEX packed_run_source ON packed_run (site_id, source_id);

CREATE FUNCTION packed_scale(digits integer) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ('{1,10,100,1000,10000,100000,1000000}'::double precision[])[$1 + 1] $$;

-- How many digits a number has after the point; 7 where these are too many, the number too large to be counted in them, or the negative zero.
CREATE FUNCTION packed_digits(value double precision) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN abs($1) > 1e15 OR abs($1) > 1e9 AND $1 <> round($1) THEN 7
    WHEN $1 = round($1) THEN CASE WHEN $1 = 0 AND float8send($1) <> '\x0000000000000000' THEN 7 ELSE 0 END
    WHEN $1 = round($1 * 10) / 10 THEN 1 WHEN $1 = round($1 * 100) / 100 THEN 2 WHEN $1 = round($1 * 1000) / 1000 THEN 3
    WHEN $1 = round($1 * 10000) / 10000 THEN 4 WHEN $1 = round($1 * 100000) / 100000 THEN 5 WHEN $1 = round($1 * 1000000) / 1000000 THEN 6 ELSE 7 END
$$;

-- The narrowest form of a column: `width` bytes an entry, on a level line or on the one from its first number to its last.
CREATE FUNCTION packed_column(vals double precision[])
RETURNS TABLE (width integer, digits integer, base double precision, slope double precision, entries double precision[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT w.width, CASE w.width WHEN 8 THEN 0 ELSE a.digits END, CASE w.width WHEN 8 THEN 0 ELSE w.base END, CASE w.width WHEN 8 THEN 0 ELSE w.slope END,
    CASE w.width WHEN 0 THEN NULL WHEN 8 THEN $1
      ELSE ARRAY(SELECT round(v * a.scale) - round(w.slope * (i - 1) / a.steps) - w.base FROM unnest($1) WITH ORDINALITY AS u(v, i)) END
  FROM (
    SELECT d.digits, d.steps, packed_scale(d.digits) AS scale, round($1[d.n] * packed_scale(d.digits)) - round($1[1] * packed_scale(d.digits)) AS slope
    FROM (SELECT CASE WHEN max(abs(v)) * packed_scale(max(packed_digits(v))) > 1e15 THEN 7 ELSE max(packed_digits(v)) END AS digits, count(*) AS n, greatest(count(*) - 1, 1) AS steps FROM unnest($1) AS v) AS d
    OFFSET 0
  ) AS a,
  LATERAL (
    SELECT min(k) AS low, max(k) - min(k) AS span, min(k - l) AS low_off, max(k - l) - min(k - l) AS span_off
    FROM (SELECT round(v * a.scale) AS k, round(a.slope * (i - 1) / a.steps) AS l FROM unnest($1) WITH ORDINALITY AS u(v, i) OFFSET 0) AS x
  ) AS s,
  LATERAL (
    SELECT c.width, CASE WHEN s.span <= s.span_off THEN 0 ELSE a.slope END AS slope,
      CASE WHEN s.span <= s.span_off THEN s.low ELSE s.low_off END + CASE c.width WHEN 2 THEN 32768 WHEN 4 THEN 2147483648 ELSE 0 END AS base
    FROM (SELECT CASE WHEN a.digits = 7 THEN 8 WHEN m.span = 0 THEN 0 WHEN m.span <= 127 THEN 1 WHEN m.span <= 65535 THEN 2 WHEN m.span <= 4294967295 THEN 4 ELSE 8 END AS width
          FROM (SELECT least(s.span, s.span_off) AS span) AS m) AS c
    OFFSET 0
  ) AS w
$$;

-- The grid as it was: a row per column, in the order of their numbers.
CREATE FUNCTION packed_numbers(packed packed_run) RETURNS double precision[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(CASE WHEN c.place > x.counted THEN ARRAY(SELECT unnest($1.d8[c.place - x.counted:c.place - x.counted])) ELSE
      ARRAY(SELECT (c.base + round(c.slope * (i - 1) / greatest($1.n - 1, 1)) + entry) / packed_scale(c.digits)
            FROM unnest(x.entries[c.place:c.place]) WITH ORDINALITY AS u(entry, i)) END ORDER BY c.number)
  FROM (
    SELECT w.counted, array_fill(0::float8, ARRAY[w.counted - w.written, $1.n]) || $1.d1::integer[]::float8[] || $1.d2::float8[] || $1.d4::float8[] AS entries
    FROM (SELECT array_length($1.columns, 1) - coalesce(array_length($1.d8, 1), 0) AS counted,
            coalesce(array_length($1.d1, 1), 0) + coalesce(array_length($1.d2, 1), 0) + coalesce(array_length($1.d4, 1), 0) AS written) AS w OFFSET 0
  ) AS x, unnest($1.columns, $1.digits, $1.bases, $1.slopes) WITH ORDINALITY AS c(number, digits, base, slope, place)
$$;

CREATE FUNCTION unpack_runs(packed packed_run)
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, seq bigint, raw_taken_at timestamptz, elapsed_ms double precision, vals double precision[], evidence_id integer, rest jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT t.taken_at, t.taken_at + u.received_ms * interval '1 ms', u.seq::bigint, t.taken_at + u.raw_ms * interval '1 ms', u.elapsed_ms,
    CASE WHEN $1.series_ids IS NOT NULL THEN ARRAY(SELECT g.numbers[j][u.i] FROM generate_series(5, array_length(g.numbers, 1)) AS j) END, u.evidence_id, u.rest
  FROM (SELECT packed_numbers($1) AS numbers OFFSET 0) AS g,
    unnest(ARRAY(SELECT unnest(g.numbers[1:1])), ARRAY(SELECT unnest(g.numbers[2:2])), ARRAY(SELECT unnest(g.numbers[3:3])), ARRAY(SELECT unnest(g.numbers[4:4])),
      $1.raw_ms, CASE cardinality($1.evidence_ids) WHEN 1 THEN array_fill($1.evidence_ids[1], ARRAY[$1.n]) ELSE $1.evidence_ids END,
      CASE cardinality($1.rests) WHEN 1 THEN array_fill($1.rests[1], ARRAY[$1.n]) ELSE $1.rests END)
      WITH ORDINALITY AS u(taken_ms, received_ms, seq, elapsed_ms, raw_ms, evidence_id, rest, i),
    LATERAL (SELECT $1.day::timestamp AT TIME ZONE 'UTC' + u.taken_ms * interval '1 ms' AS taken_at) AS t
$$;

CREATE FUNCTION unpack_samples(packed packed_run) RETURNS TABLE (series_id integer, ts timestamptz, value double precision) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT s.series_id, $1.day::timestamp AT TIME ZONE 'UTC' + g.numbers[1][u.i] * interval '1 ms', u.value
  FROM (SELECT packed_numbers($1) AS numbers OFFSET 0) AS g, unnest($1.series_ids) WITH ORDINALITY AS s(series_id, j),
    unnest(g.numbers[s.j + 4:s.j + 4]) WITH ORDINALITY AS u(value, i)
$$;

-- Moves the runs of some sites and one UTC day into packed rows; gives how many. Packed runs of a source that got late ones are packed anew with them.
CREATE FUNCTION pack_runs(sites integer[], day date) RETURNS bigint LANGUAGE plpgsql AS $$
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
  FROM opened AS o, unpack_runs(o) AS u;

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

-- All runs with what they were made of. Who filters by `taken_at` filters by its UTC day, too: it is what the packed ones are found by.
CREATE VIEW every_run AS
SELECT s.site_id, s.source_id, s.probe, s.target, r.taken_at, r.received_at, r.stream, r.seq, r.raw_taken_at, r.elapsed_ms, r.lane, r.clock, r.kind, r.reason,
       r.series_ids, r.vals, r.evidence_id, r.rest, (r.taken_at AT TIME ZONE 'UTC')::date AS day
FROM run_source AS s JOIN run AS r USING (site_id, source_id)
UNION ALL
SELECT s.site_id, s.source_id, s.probe, s.target, u.taken_at, u.received_at, p.stream, u.seq, u.raw_taken_at, u.elapsed_ms, p.lane, p.clock, p.kind, p.reason,
       p.series_ids, u.vals, u.evidence_id, u.rest, p.day
FROM run_source AS s JOIN packed_run AS p USING (site_id, source_id), unpack_runs(p) AS u;

CREATE OR REPLACE VIEW observation AS
SELECT r.site_id, run_stream(r.stream) AS stream, r.seq, r.probe, coalesce(r.rest ->> 'target', nullif(r.target, '')) AS target, r.taken_at, coalesce(r.raw_taken_at, r.taken_at) AS raw_taken_at,
       r.received_at, run_lane(r.lane) AS lane, run_clock(r.clock) AS clock, r.elapsed_ms, run_kind(r.kind) AS kind, r.reason,
       run_outcome(r.site_id, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest) AS outcome, r.day
FROM every_run AS r;

DROP VIEW grafana.reading, sample;
CREATE VIEW sample AS
SELECT r.site_id, s.series_id, r.taken_at AS ts, s.value, (r.taken_at AT TIME ZONE 'UTC')::date AS day FROM run AS r, unnest(r.series_ids, r.vals) AS s(series_id, value)
UNION ALL
SELECT p.site_id, s.series_id, s.ts, s.value, p.day FROM packed_run AS p, unpack_samples(p) AS s;

CREATE VIEW grafana.reading AS
SELECT x.ts AS time, p.centre, p.name, p.district, p.district_code, l.metric, l.device, l.role, l.portal, l.hop, l.server, l.ap, l.ssid, l.radio,
       l.channel, l.camera, l.supply, l.disk, l.direction, l.method, x.value, x.day
FROM sample AS x JOIN view_label AS l USING (site_id, series_id) JOIN view_place AS p USING (site_id);

-- The runs of one source in a span of time, both ends included: each index and partition is reached by the arguments.
CREATE OR REPLACE FUNCTION runs_of(site integer, source integer, since timestamptz, until timestamptz)
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, stream bigint, seq bigint, kind "char", reason text, series_ids integer[], vals double precision[],
               evidence_id integer, rest jsonb) LANGUAGE sql STABLE AS $$
  SELECT r.taken_at, r.received_at, r.stream, r.seq, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest
  FROM run AS r WHERE r.site_id = $1 AND r.source_id = $2 AND r.taken_at >= $3 AND r.taken_at <= $4
  UNION ALL
  SELECT u.taken_at, u.received_at, p.stream, u.seq, p.kind, p.reason, p.series_ids, u.vals, u.evidence_id, u.rest
  FROM packed_run AS p, unpack_runs(p) AS u
  WHERE p.site_id = $1 AND p.source_id = $2 AND p.day >= ($3 AT TIME ZONE 'UTC')::date AND p.day <= ($4 AT TIME ZONE 'UTC')::date
    AND u.taken_at >= $3 AND u.taken_at <= $4
$$;

-- All samples of a site in a span of time, each index and partition reached by the arguments.
CREATE OR REPLACE FUNCTION samples_between(site integer, since timestamptz, until timestamptz)
RETURNS TABLE (series_id integer, ts timestamptz, value double precision) LANGUAGE sql STABLE AS $$
  SELECT s.series_id, r.taken_at, s.value
  FROM run_source AS o JOIN run AS r ON r.site_id = o.site_id AND r.source_id = o.source_id, unnest(r.series_ids, r.vals) AS s(series_id, value)
  WHERE o.site_id = $1 AND r.taken_at >= $2 AND r.taken_at < $3
  UNION ALL
  SELECT s.series_id, s.ts, s.value
  FROM packed_run AS p, unpack_samples(p) AS s
  WHERE p.site_id = $1 AND p.day >= ($2 AT TIME ZONE 'UTC')::date AND p.day <= ($3 AT TIME ZONE 'UTC')::date AND s.ts >= $2 AND s.ts < $3
$$;

DO $$
BEGIN
  GRANT SELECT ON grafana.reading TO grafana_ro;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
  RAISE NOTICE 'the role grafana_ro is not here; see deploy/grafana/README.md';
END $$;

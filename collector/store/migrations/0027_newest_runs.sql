-- The newest runs of one source after an instant and until another, as known by then. Each half takes its newest by itself and in the order of the index, so that
-- a day's partition is read backwards until there are enough: sorted together, all runs of the span would be read first. Runs of one instant come all, and
-- are told apart at the end.
CREATE FUNCTION newest_runs_of(site integer, source integer, since timestamptz, until timestamptz, known timestamptz, n integer)
RETURNS TABLE (taken_at timestamptz, received_at timestamptz, stream bigint, seq bigint, kind "char", reason text, series_ids integer[], vals double precision[],
               evidence_id integer, rest jsonb) LANGUAGE sql STABLE AS $$
  SELECT * FROM (
    (SELECT r.taken_at, r.received_at, r.stream, r.seq, r.kind, r.reason, r.series_ids, r.vals, r.evidence_id, r.rest
     FROM run AS r WHERE r.site_id = $1 AND r.source_id = $2 AND r.taken_at > $3 AND r.taken_at <= $4 AND r.received_at <= $5
     ORDER BY r.taken_at DESC FETCH FIRST ($6) ROWS WITH TIES)
    UNION ALL
    (SELECT u.taken_at, u.received_at, p.stream, u.seq, p.kind, p.reason, p.series_ids, u.vals, u.evidence_id, u.rest
     FROM packed_run AS p, unpack_runs(p) AS u
     WHERE p.site_id = $1 AND p.source_id = $2 AND p.day >= ($3 AT TIME ZONE 'UTC')::date AND p.day <= ($4 AT TIME ZONE 'UTC')::date
       AND u.taken_at > $3 AND u.taken_at <= $4 AND u.received_at <= $5
     ORDER BY u.taken_at DESC FETCH FIRST ($6) ROWS WITH TIES)
  ) AS newest ORDER BY newest.taken_at DESC, newest.stream, newest.seq LIMIT $6
$$;

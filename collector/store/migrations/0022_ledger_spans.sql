-- The spans of a stream never overlap, so that what a batch touches is found by their ends alone. Where earlier versions let them overlap, what lies
-- together becomes one span without a hash: its numbers are stored, and no batch can be held against it byte by byte.
WITH ordered AS (
  SELECT *, max(seq_to) OVER (PARTITION BY site_id, stream ORDER BY seq_from, seq_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM ingest_ledger
), grouped AS (
  SELECT *, count(*) FILTER (WHERE reached IS NULL OR seq_from > reached) OVER (PARTITION BY site_id, stream ORDER BY seq_from, seq_to) AS island FROM ordered
), merged AS (
  SELECT site_id, stream, island, min(agent_id) AS agent_id, min(seq_from) AS seq_from, max(seq_to) AS seq_to, max(received_at) AS received_at
  FROM grouped GROUP BY site_id, stream, island HAVING count(*) > 1
), gone AS (
  DELETE FROM ingest_ledger AS l USING merged AS m
  WHERE l.site_id = m.site_id AND l.stream = m.stream AND l.seq_from BETWEEN m.seq_from AND m.seq_to
    AND NOT (l.seq_from = m.seq_from AND l.seq_to = m.seq_to)
)
INSERT INTO ingest_ledger (site_id, agent_id, stream, seq_from, seq_to, body_sha256, received_at)
SELECT site_id, agent_id, stream, seq_from, seq_to, '', received_at FROM merged
ON CONFLICT (site_id, stream, seq_to, seq_from) DO UPDATE SET body_sha256 = '';

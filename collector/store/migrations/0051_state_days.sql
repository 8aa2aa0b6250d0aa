-- A day that is over and on which no centre was judged (judged_day, migration 0048) carries no state over: what applies counts as unknown on it. Judging such a
-- day afterwards, as reports do, needs more than a view has. judged_day is grouped on its own, as Citus wants it beside tables that are whole on one node.
CREATE OR REPLACE VIEW grafana.state_day AS
WITH delta AS (
  SELECT time, state, n FROM finding_move UNION ALL SELECT time, from_state, -n FROM finding_move WHERE from_state IS NOT NULL
), calendar AS (
  -- Vietnam has no summer time: its days are 24 hours apart.
  SELECT generate_series((SELECT min(time) FROM finding_move), now(), interval '24 hours') AS time
), judged AS (
  SELECT day FROM judged_day GROUP BY day
), day AS (
  -- Before the first day that was noted, nobody knows on which days there was a judge.
  SELECT c.time, c.time + interval '24 hours' <= now() AND coalesce(d.day > (SELECT min(day) FROM judged), false)
                 AND NOT EXISTS (SELECT FROM judged AS j WHERE j.day = d.day) AS is_unjudged
  FROM calendar AS c CROSS JOIN LATERAL (SELECT (c.time AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day) AS d
), state AS (
  SELECT unnest(ARRAY['fail', 'error', 'unknown', 'pending', 'pass', 'not_applicable']) AS state
), carried AS (
  SELECT c.time, c.is_unjudged, s.state, sum(coalesce(sum(d.n), 0)) OVER (PARTITION BY s.state ORDER BY c.time) AS findings
  FROM day AS c CROSS JOIN state AS s LEFT JOIN delta AS d ON d.time = c.time AND d.state = s.state
  GROUP BY c.time, c.is_unjudged, s.state
)
SELECT time, state, view_severity(state) AS severity,
       (CASE WHEN NOT is_unjudged OR state = 'not_applicable' THEN findings
             WHEN state = 'unknown' THEN sum(findings) FILTER (WHERE state <> 'not_applicable') OVER (PARTITION BY time)
             ELSE 0 END)::float8 AS findings
FROM carried;

-- When each agent was heard, and how far off its clock was: what every batch writes, in a row so narrow and pages so loosely filled that it is written in
-- place. `site` and `agent` are left to what people declare. A centre was heard when any of its agents was.
CREATE TABLE contact (
  site_id  integer NOT NULL,
  agent_id text NOT NULL,
  first_at timestamptz NOT NULL,
  last_at  timestamptz NOT NULL,
  clock_offset_ms double precision,
  PRIMARY KEY (site_id, agent_id)
) WITH (fillfactor = 50);

INSERT INTO contact (site_id, agent_id, first_at, last_at, clock_offset_ms)
SELECT a.site_id, a.agent_id, least(s.first_contact_at, a.last_seen_at), a.last_seen_at, a.clock_offset_ms
FROM agent AS a JOIN site AS s USING (site_id) WHERE a.last_seen_at IS NOT NULL;

CREATE VIEW centre_contact AS
SELECT site_id, min(first_at) AS first_at, max(last_at) AS last_at FROM contact GROUP BY site_id;

CREATE OR REPLACE VIEW grafana.centre_now AS
SELECT p.centre, p.name, p.district, p.district_code, s.latitude, s.longitude, s.key_area,
       view_state(coalesce(f.severity, 3)) AS state, coalesce(f.severity, 3) AS severity,
       coalesce(f.total, 0) AS total, coalesce(f.pass, 0) AS pass, coalesce(f.fail, 0) AS fail, coalesce(f.pending, 0) AS pending,
       coalesce(f.unknown, 0) AS unknown, coalesce(f.error, 0) AS error, coalesce(f.not_applicable, 0) AS not_applicable, coalesce(f.waived, 0) AS waived,
       100.0::float8 * (f.pass + f.fail) / nullif(f.total - f.not_applicable, 0) AS coverage_percent,
       100.0::float8 * f.pass / nullif(f.pass + f.fail, 0) AS score_percent,
       c.last_at AS last_contact,
       (extract(epoch FROM now() - c.last_at) / 60)::float8 AS silent_minutes,
       coalesce(i.open_incidents, 0) AS open_incidents
FROM site AS s JOIN view_place AS p USING (site_id)
LEFT JOIN centre_contact AS c USING (site_id)
LEFT JOIN (SELECT site_id, max(view_severity(state)) AS severity, count(*) AS total,
                  count(*) FILTER (WHERE state = 'pass') AS pass, count(*) FILTER (WHERE state = 'fail') AS fail,
                  count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'unknown') AS unknown,
                  count(*) FILTER (WHERE state = 'error') AS error, count(*) FILTER (WHERE state = 'not_applicable') AS not_applicable,
                  count(*) FILTER (WHERE body ? 'waiver') AS waived
           FROM view_finding GROUP BY site_id) AS f USING (site_id)
LEFT JOIN (SELECT site_id, count(*) AS open_incidents FROM incident WHERE state IN ('open', 'acknowledged') GROUP BY site_id) AS i USING (site_id);

CREATE OR REPLACE VIEW grafana.agent_now AS
SELECT a.agent_id AS agent, p.centre, p.name, p.district, p.district_code, a.version, c.last_at AS last_seen,
       (extract(epoch FROM now() - c.last_at) / 60)::float8 AS silent_minutes, life.state,
       CASE life.state WHEN 'silent' THEN 5 WHEN 'never' THEN 3 ELSE 1 END AS severity,
       CASE WHEN c.clock_offset_ms IS NULL THEN 'unknown' WHEN abs(c.clock_offset_ms) > 60000 THEN 'bad' WHEN abs(c.clock_offset_ms) > 5000 THEN 'skewed' ELSE 'ok' END AS clock,
       c.clock_offset_ms AS clock_skew_ms, coalesce(g.gaps, 0) AS gaps, coalesce(g.lost, 0)::float8 AS lost
FROM agent AS a JOIN view_place AS p USING (site_id)
LEFT JOIN contact AS c USING (site_id, agent_id)
CROSS JOIN LATERAL (SELECT CASE WHEN c.last_at IS NULL THEN 'never' WHEN c.last_at < now() - interval '30 minutes' THEN 'silent' ELSE 'live' END AS state) AS life
LEFT JOIN (SELECT site_id, count(*) AS gaps, sum(seq_to - seq_from + 1) AS lost FROM stream_gap GROUP BY site_id) AS g USING (site_id)
WHERE a.state <> 'revoked';

ALTER TABLE site DROP COLUMN first_contact_at, DROP COLUMN last_contact_at;
ALTER TABLE agent DROP COLUMN last_seen_at, DROP COLUMN clock_offset_ms;

-- What the storage modes ask of the schema (docs/decisions/0006-storage-modes.md).

-- A key of a table that is distributed by centre holds the centre. Ids of agents are 64 random bits: nobody gives out one twice.
ALTER TABLE agent DROP CONSTRAINT agent_agent_id_key;
CREATE INDEX agent_by_id ON agent (agent_id);

-- Days that are prepared ahead; a hypertable makes its chunks when rows come, and has all that are asked for. Without a constant that refers to `run`: as
-- another table may stand under that name later, it is looked up when somebody asks.
CREATE OR REPLACE VIEW grafana.collector_now AS
SELECT pg_database_size(current_database())::float8 AS database_bytes,
       (SELECT count(*) FROM grafana.agent_now WHERE state = 'live') AS agents_live,
       (SELECT count(*) FROM grafana.agent_now WHERE state <> 'live') AS agents_silent,
       (SELECT count(*) FROM site) AS centres,
       (SELECT max(evaluated_at) FROM finding) AS evaluated_at,
       (SELECT min(hour) FROM rollup_1h) AS oldest_sample,
       (SELECT max(hour) FROM rollup_1h) AS newest_sample,
       (SELECT CASE t.relkind WHEN 'p' THEN (
          SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
          WHERE i.inhparent = t.oid AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz > now()) ELSE 7 END
        FROM pg_class AS t WHERE t.oid = to_regclass('public.run')) AS partitions_ahead,
       (SELECT count(*) FROM outbox WHERE state = 'waiting') AS outbox_waiting,
       (SELECT count(*) FROM outbox WHERE state = 'dead') AS outbox_failed,
       EXISTS (SELECT FROM setting WHERE key = 'demo' AND value = 'true') AS simulated;

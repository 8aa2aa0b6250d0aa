-- Problems keep who heard of them, so that exactly those hear of their end.
UPDATE incident AS i SET body = CASE
  WHEN i.body ->> 'told' LIKE 'storm-%' THEN jsonb_build_object('telling', 'storm', 'storm', i.body ->> 'told', 'stormOver', i.body ? 'over', 'told', '[]'::jsonb, 'level', 0)
  ELSE jsonb_build_object('told', '[]'::jsonb, 'level', 0) || CASE WHEN i.state IN ('open', 'acknowledged') THEN jsonb_build_object(
    'telling', 'letter', 'toldMs', floor(extract(epoch FROM coalesce(i.opened_at, i.began_at)) * 1000), 'told', coalesce((
      SELECT jsonb_agg(o.channel || ' ' || o.recipient) FROM outbox AS o WHERE o.dedup_key = 'opened-' || i.incident_id || '-' || o.channel || '-' || o.recipient), '[]'))
    ELSE '{}' END
  END;
CREATE INDEX incident_number ON incident (incident_id);
CREATE INDEX incident_closed ON incident (closed_at) WHERE state = 'closed';
CREATE INDEX incident_storm ON incident ((body ->> 'storm')) WHERE body ? 'storm' AND NOT body @> '{"stormOver": true}';

-- Letters about one problem to one reader go out in their order. States: waiting | sent | dead | held (over the reader's limit) | merged (a digest
-- took it up) | withdrawn (the end of something whose beginning never arrived).
ALTER TABLE outbox ADD COLUMN incident_id bigint;
UPDATE outbox SET incident_id = (body ->> 'incident')::bigint WHERE body ->> 'incident' ~ '^\d+$';
UPDATE outbox SET body = jsonb_set(body, '{kind}', CASE body ->> 'kind' WHEN 'digest' THEN '"storm"'::jsonb ELSE '"storm_over"' END)
  WHERE body ->> 'kind' IN ('digest', 'digest_over');
CREATE INDEX outbox_incident ON outbox (incident_id, channel, recipient) WHERE incident_id IS NOT NULL;
CREATE INDEX outbox_held ON outbox (outbox_id) WHERE state = 'held';
CREATE INDEX outbox_created ON outbox (created_at);

-- Announced work: where, when, why and who says so.
CREATE TABLE maintenance (
  id          text PRIMARY KEY,
  from_day    date NOT NULL,
  until_day   date NOT NULL,
  body        jsonb NOT NULL,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX maintenance_until ON maintenance (until_day);

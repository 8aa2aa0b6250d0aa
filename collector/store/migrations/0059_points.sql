-- The reception point of a centre at which an agent stands, as its code was made for; a centre's main office is the point "main" (schemas/inventory.ts). Each point
-- has devices of its own, so each is told by a configuration of its own.
ALTER TABLE enrol_code ADD COLUMN point text NOT NULL DEFAULT 'main';
ALTER TABLE agent ADD COLUMN point text NOT NULL DEFAULT 'main';
ALTER TABLE config_seal ADD COLUMN point text NOT NULL DEFAULT 'main';
ALTER TABLE config_seal DROP CONSTRAINT config_seal_pkey;
ALTER TABLE config_seal ADD PRIMARY KEY (site_id, point);

-- When the agents of each point were heard, those that were refused for good included: the next one takes their place.
CREATE VIEW point_contact AS
SELECT a.site_id, a.point, min(c.first_at) AS first_at, max(c.last_at) AS last_at, bool_or(a.state <> 'revoked') AS let_in
FROM agent AS a LEFT JOIN contact AS c USING (site_id, agent_id) GROUP BY a.site_id, a.point;

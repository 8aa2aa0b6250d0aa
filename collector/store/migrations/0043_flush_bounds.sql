-- Whatever an agent names, no day of a site grows beyond what any centre can have (as in collector/store/presence.ts): the devices that were told first stand,
-- and of new ones as many as still find room. Asked only for rows that are news; what stands there passes, also with another role.
CREATE OR REPLACE FUNCTION add_presence(sites integer[], devices text[], roles text[], days text[], known double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT integer := 500;
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO presence_day AS p (site_id, device, role, day, known_at)
    SELECT n.site, n.named, n.kind, n.on_day::date, to_timestamp(n.ms / 1000) FROM (
      SELECT r.*, k.device IS NULL AS is_new, row_number() OVER (PARTITION BY r.site, r.on_day, k.device IS NULL ORDER BY r.named) AS place
      FROM unnest(sites, devices, roles, days, known) AS r(site, named, kind, on_day, ms)
      LEFT JOIN presence_day AS k ON k.site_id = r.site AND k.day = r.on_day::date AND k.device = r.named
    ) AS n
    WHERE NOT n.is_new OR (n.place <= most AND n.place + (SELECT count(*) FROM presence_day AS h WHERE h.site_id = n.site AND h.day = n.on_day::date) <= most)
    ON CONFLICT (site_id, day, device) DO UPDATE SET role = excluded.role WHERE p.role > excluded.role;
  END IF;
  RETURN true;
END $$;

-- Of two words the later counts, whichever is written first; but one far ahead of the next is that of a clock that was wrong, and would hide a silence until then.
CREATE OR REPLACE FUNCTION touch_contacts(sites integer[], agents text[], heard double precision[], offsets double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO contact AS c (site_id, agent_id, first_at, last_at, clock_offset_ms)
    SELECT r.site, r.agent, to_timestamp(r.ms / 1000), to_timestamp(r.ms / 1000), r.off_ms FROM unnest(sites, agents, heard, offsets) AS r(site, agent, ms, off_ms)
    ON CONFLICT (site_id, agent_id) DO UPDATE SET first_at = least(c.first_at, excluded.first_at),
      last_at = CASE WHEN c.last_at > excluded.last_at + interval '5 minutes' THEN excluded.last_at ELSE greatest(c.last_at, excluded.last_at) END,
      clock_offset_ms = coalesce(excluded.clock_offset_ms, c.clock_offset_ms);
  END IF;
  RETURN true;
END $$;

-- Whatever an agent names, no day of a site grows beyond what any centre can have (as in migration 0043): the counters that were told first stand, a fall of
-- one is a row as well, and of new rows as many are written as still find room (collector/store/page-counters.ts).
CREATE OR REPLACE FUNCTION add_pages(sites integer[], devices text[], days text[], counters double precision[], known double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT integer := 500;
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO pages_day AS p (site_id, device, day, pages, known_at)
    SELECT n.site, n.named, n.on_day::date, n.counter, n.known_at FROM (
      SELECT r.site, r.named, r.on_day, r.counter, to_timestamp(r.ms / 1000) AS known_at, row_number() OVER (PARTITION BY r.site, r.on_day ORDER BY r.ms, r.named) AS place
      FROM unnest(sites, devices, days, counters, known) AS r(site, named, on_day, counter, ms)
      WHERE r.counter < coalesce((SELECT min(k.pages) FROM pages_day AS k WHERE k.site_id = r.site AND k.device = r.named AND k.day = r.on_day::date), 'infinity')
    ) AS n
    WHERE n.place <= most AND n.place + (SELECT count(*) FROM pages_day AS h WHERE h.site_id = n.site AND h.day = n.on_day::date) <= most
    ON CONFLICT (site_id, device, day, known_at) DO UPDATE SET pages = excluded.pages WHERE excluded.pages < p.pages;
  END IF;
  RETURN true;
END $$;

-- The same of what searches find, over the days that are read at once (collector/store/found-devices.ts): names that are met no more make room.
CREATE OR REPLACE FUNCTION add_found(sites integer[], identities text[], firsts text[], lasts text[], bodies text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT integer := 2000;
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO found_device AS f (site_id, identity, first_day, last_day, body)
    SELECT n.site, n.named, n.first::date, n.last::date, n.told::jsonb FROM (
      SELECT r.*, k.identity IS NULL AS is_new, row_number() OVER (PARTITION BY r.site, k.identity IS NULL ORDER BY r.named) AS place
      FROM unnest(sites, identities, firsts, lasts, bodies) AS r(site, named, first, last, told)
      LEFT JOIN found_device AS k ON k.site_id = r.site AND k.identity = r.named
    ) AS n
    WHERE NOT n.is_new OR (n.place <= most
      AND n.place + (SELECT count(*) FROM found_device AS h WHERE h.site_id = n.site AND h.last_day >= n.last::date - 30) <= most)
    ON CONFLICT (site_id, identity) DO UPDATE SET first_day = least(f.first_day, excluded.first_day), last_day = greatest(f.last_day, excluded.last_day),
      body = CASE WHEN excluded.last_day >= f.last_day THEN excluded.body ELSE f.body END;
  END IF;
  RETURN true;
END $$;

-- What a flush writes, a function for each table, so that one statement holds all of it: it goes to the server in one turn and is a transaction by itself.
-- Lists belong together place by place; a function whose lists are empty does nothing. All of them give true, so that a statement can join them with AND.
-- PL/pgSQL keeps the plans of a connection; SQL functions would be planned at each call.
--
-- On Citus, what reads a table also names the centres of the flush for each one (collector/store/citus.ts).

-- Locks the centres until the transaction ends, and moves the marks of the streams, if each batch is the next of its stream: nearly always. Otherwise false,
-- and nothing is moved: then the ledger has to be read (collector/store/ledger.ts).
CREATE FUNCTION claim_next(lock integer, sites integer[], streams text[], froms bigint[], tos bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lock_sites(lock, sites);
  IF (SELECT count(*) FROM unnest(sites, streams, froms) AS w(site_id, stream, seq_from) JOIN stream_state AS s ON s.site_id = w.site_id AND s.stream = w.stream
      WHERE s.acked_through = w.seq_from - 1 AND NOT s.rewind
        AND NOT EXISTS (SELECT FROM ingest_ledger AS l WHERE l.site_id = w.site_id AND l.stream = w.stream AND l.seq_to >= w.seq_from)) < cardinality(sites)
  THEN RETURN false; END IF;
  UPDATE stream_state AS s SET acked_through = w.seq_to FROM unnest(sites, streams, tos) AS w(site_id, stream, seq_to)
  WHERE s.site_id = w.site_id AND s.stream = w.stream;
  RETURN true;
END $$;

-- What a flush runs are lists through the same few indexes, whatever is in them and however many rows the tables have: the server would plan some of the
-- statements anew each time, which took longer than running them. On Citus it must (collector/store/citus.ts).
CREATE FUNCTION flush_plan_mode() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'force_generic_plan' $$;

-- One writer per centre at a time, in one order. Of whole tables nothing is read: that is what the server plans on an empty database, and would then do for as
-- long as the connection lives.
CREATE FUNCTION lock_sites(lock integer, sites integer[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE site integer;
BEGIN
  PERFORM set_config('plan_cache_mode', flush_plan_mode(), true), set_config('enable_seqscan', 'off', true),
          set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
  FOR site IN SELECT DISTINCT u FROM unnest(sites) AS u ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(lock, site);
  END LOOP;
  RETURN true;
END $$;

CREATE FUNCTION add_batches(sites integer[], agents text[], streams text[], froms bigint[], tos bigint[], hashes text[], received double precision[])
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO ingest_ledger (site_id, agent_id, stream, seq_from, seq_to, body_sha256, received_at)
    SELECT r.site, r.agent, r.stream, r.seq_from, r.seq_to, r.hash, to_timestamp(r.ms / 1000)
    FROM unnest(sites, agents, streams, froms, tos, hashes, received) AS r(site, agent, stream, seq_from, seq_to, hash, ms);
  END IF;
  RETURN true;
END $$;

-- The lists of each row as text, since unnest would flatten a list of lists.
CREATE FUNCTION add_runs(sites integer[], sources integer[], taken double precision[], received double precision[], streams text[], seqs bigint[],
                         raw double precision[], elapsed double precision[], lanes "char"[], clocks "char"[], kinds "char"[], reasons text[],
                         series_lists text[], val_lists text[], evidence_ids integer[], rests text[])
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO run (site_id, source_id, taken_at, received_at, stream, seq, raw_taken_at, elapsed_ms, lane, clock, kind, reason, series_ids, vals, evidence_id, rest)
    SELECT r.site, r.source, to_timestamp(r.taken_ms / 1000), to_timestamp(r.received_ms / 1000), run_stream(r.named), r.number,
           to_timestamp(nullif(r.raw_ms, r.taken_ms) / 1000), r.took_ms, r.l, r.c, r.k, r.why, r.ids::integer[], r.told::double precision[], r.evidence, r.other::jsonb
    FROM unnest(sites, sources, taken, received, streams, seqs, raw, elapsed, lanes, clocks, kinds, reasons, series_lists, val_lists, evidence_ids, rests)
      AS r(site, source, taken_ms, received_ms, named, number, raw_ms, took_ms, l, c, k, why, ids, told, evidence, other);
  END IF;
  RETURN true;
END $$;

-- Runs by the hour of their arrival, and those without a measurement by the Vietnam day of their start. Keys are JSON arrays.
CREATE FUNCTION count_runs(hours jsonb[], hour_counts integer[], days jsonb[], day_counts integer[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(hours) > 0 THEN
    INSERT INTO run_hour (hour, lane, kind, n)
    SELECT to_timestamp((r.key ->> 0)::float8 * 3600), r.key ->> 1, r.key ->> 2, r.runs FROM unnest(hours, hour_counts) AS r(key, runs);
  END IF;
  IF cardinality(days) > 0 THEN
    INSERT INTO unmeasured_day (site_id, time, probe, kind, reason, n)
    SELECT (r.key ->> 0)::int4, to_timestamp((r.key ->> 1)::float8 / 1000), r.key ->> 2, r.key ->> 3, r.key ->> 4, r.runs FROM unnest(days, day_counts) AS r(key, runs);
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION add_speeds(sites integer[], taken double precision[], speeds double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO line_speed (site_id, time, download_mbps)
    SELECT r.site, to_timestamp(r.ms / 1000), r.mbps FROM unnest(sites, taken, speeds) AS r(site, ms, mbps);
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION add_presence(sites integer[], devices text[], roles text[], days text[], known double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO presence_day AS p (site_id, device, role, day, known_at)
    SELECT r.site, r.named, r.kind, r.on_day::date, to_timestamp(r.ms / 1000) FROM unnest(sites, devices, roles, days, known) AS r(site, named, kind, on_day, ms)
    ON CONFLICT (site_id, day, device) DO UPDATE SET role = excluded.role WHERE p.role > excluded.role;
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION add_peaks(sites integer[], metrics text[], days text[], peaks double precision[], known double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO peak_day AS p (site_id, metric, day, value, known_at)
    SELECT r.site, r.named, r.on_day::date, r.peak, to_timestamp(r.ms / 1000) FROM unnest(sites, metrics, days, peaks, known) AS r(site, named, on_day, peak, ms)
    WHERE r.peak > coalesce((SELECT max(k.value) FROM peak_day AS k WHERE k.site_id = r.site AND k.metric = r.named AND k.day = r.on_day::date), '-infinity')
    ON CONFLICT (site_id, metric, day, known_at) DO UPDATE SET value = excluded.value WHERE excluded.value > p.value;
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION add_pages(sites integer[], devices text[], days text[], counters double precision[], known double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO pages_day AS p (site_id, device, day, pages, known_at)
    SELECT r.site, r.named, r.on_day::date, r.counter, to_timestamp(r.ms / 1000) FROM unnest(sites, devices, days, counters, known) AS r(site, named, on_day, counter, ms)
    WHERE r.counter < coalesce((SELECT min(k.pages) FROM pages_day AS k WHERE k.site_id = r.site AND k.device = r.named AND k.day = r.on_day::date), 'infinity')
    ON CONFLICT (site_id, device, day, known_at) DO UPDATE SET pages = excluded.pages WHERE excluded.pages < p.pages;
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION add_found(sites integer[], identities text[], firsts text[], lasts text[], bodies text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO found_device AS f (site_id, identity, first_day, last_day, body)
    SELECT r.site, r.named, r.first::date, r.last::date, r.told::jsonb FROM unnest(sites, identities, firsts, lasts, bodies) AS r(site, named, first, last, told)
    ON CONFLICT (site_id, identity) DO UPDATE SET first_day = least(f.first_day, excluded.first_day), last_day = greatest(f.last_day, excluded.last_day),
      body = CASE WHEN excluded.last_day >= f.last_day THEN excluded.body ELSE f.body END;
  END IF;
  RETURN true;
END $$;

-- Nearly always a source tells what it told before, only later; everything else is joined series by series.
CREATE FUNCTION set_newest(sites integer[], sources integer[], taken double precision[], series_lists text[], val_lists text[], time_lists text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE done integer;
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO newest_values AS n (site_id, source_id, ts, series_ids, vals, each_ts)
    SELECT r.site, r.source, to_timestamp(r.ms / 1000), r.ids::integer[], r.told::double precision[], r.times::timestamptz[]
    FROM unnest(sites, sources, taken, series_lists, val_lists, time_lists) AS r(site, source, ms, ids, told, times)
    ON CONFLICT (site_id, source_id) DO UPDATE SET ts = excluded.ts, vals = excluded.vals
    WHERE n.series_ids = excluded.series_ids AND n.each_ts IS NULL AND excluded.each_ts IS NULL AND excluded.ts >= n.ts;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done < cardinality(sites) THEN
      UPDATE newest_values AS n SET ts = greatest(o.ts, o.r_ts), series_ids = m.series_ids, vals = m.vals, each_ts = m.each_ts
      FROM (
        SELECT k.*, to_timestamp(u.ms / 1000) AS r_ts, u.ids::integer[] AS ids, u.told::double precision[] AS told, u.times::timestamptz[] AS times
        FROM unnest(sites, sources, taken, series_lists, val_lists, time_lists) AS u(site, source, ms, ids, told, times)
        JOIN newest_values AS k ON k.site_id = u.site AND k.source_id = u.source
        -- Late ones of the same series change nothing, and the new ones stand there by now.
        WHERE k.series_ids <> u.ids::integer[] OR k.each_ts IS NOT NULL OR u.times IS NOT NULL OFFSET 0
      ) AS o
      CROSS JOIN LATERAL merge_values(o.ts, o.series_ids, o.vals, o.each_ts, o.r_ts, o.ids, o.told, o.times) AS m
      WHERE n.site_id = o.site_id AND n.source_id = o.source_id;
    END IF;
  END IF;
  RETURN true;
END $$;

-- For the rollup. Taking the row even where it stands already keeps a rollup from using the mark up before these samples are committed.
CREATE FUNCTION mark_hours(sites integer[], hours double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO dirty_hour (site_id, hour) SELECT r.site, to_timestamp(r.ms / 1000) FROM unnest(sites, hours) AS r(site, ms)
    ON CONFLICT (site_id, hour) DO UPDATE SET hour = excluded.hour;
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION touch_contacts(sites integer[], agents text[], heard double precision[], offsets double precision[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(sites) > 0 THEN
    INSERT INTO contact AS c (site_id, agent_id, first_at, last_at, clock_offset_ms)
    SELECT r.site, r.agent, to_timestamp(r.ms / 1000), to_timestamp(r.ms / 1000), r.off_ms FROM unnest(sites, agents, heard, offsets) AS r(site, agent, ms, off_ms)
    ON CONFLICT (site_id, agent_id) DO UPDATE SET last_at = greatest(c.last_at, excluded.last_at), clock_offset_ms = coalesce(excluded.clock_offset_ms, c.clock_offset_ms);
  END IF;
  RETURN true;
END $$;

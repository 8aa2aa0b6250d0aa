-- A stand-in for TimescaleDB in tests: names, arguments, defaults and refusals as its documentation and its own SQL say of them, and the least that is
-- true behind them. A table without unique keys is cut into child tables by a trigger; one with them keeps its rows in one place. "any" is written as
-- timestamptz or interval, which is what the collector passes.
CREATE SCHEMA _timescaledb_internal;
CREATE SCHEMA timescaledb_information;
GRANT USAGE ON SCHEMA _timescaledb_internal, timescaledb_information TO PUBLIC;

CREATE TYPE _timescaledb_internal.dimension_info AS (column_name name, width interval);
CREATE TABLE _timescaledb_internal.hypertable (hypertable_id integer GENERATED ALWAYS AS IDENTITY, relation regclass PRIMARY KEY, column_name name NOT NULL, width interval NOT NULL, is_cut boolean NOT NULL);
CREATE TABLE _timescaledb_internal.chunk (chunk_id integer GENERATED ALWAYS AS IDENTITY, relation regclass NOT NULL, chunk_name name NOT NULL, range_start timestamptz NOT NULL, range_end timestamptz NOT NULL);
CREATE TABLE _timescaledb_internal.policy (relation regclass NOT NULL, what text NOT NULL, age interval NOT NULL, PRIMARY KEY (relation, what));

CREATE FUNCTION by_range(column_name name, partition_interval anyelement DEFAULT NULL::bigint, partition_func regproc DEFAULT NULL)
RETURNS _timescaledb_internal.dimension_info LANGUAGE sql AS $$ SELECT ROW($1, $2::text::interval)::_timescaledb_internal.dimension_info $$;

CREATE FUNCTION create_hypertable(relation regclass, dimension _timescaledb_internal.dimension_info, create_default_indexes boolean DEFAULT true,
                                  if_not_exists boolean DEFAULT false, migrate_data boolean DEFAULT false)
RETURNS TABLE (hypertable_id integer, created boolean) LANGUAGE plpgsql AS $$
DECLARE
  bare boolean;
  filled boolean;
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = relation) <> 'r' THEN RAISE EXCEPTION 'table "%" is already partitioned', relation; END IF;
  IF EXISTS (SELECT FROM _timescaledb_internal.hypertable AS h WHERE h.relation = $1) THEN RAISE EXCEPTION 'table "%" is already a hypertable', relation; END IF;
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = dimension.column_name AND attnum > 0 AND atttypid = 'timestamptz'::regtype) THEN
    RAISE EXCEPTION 'column "%" does not exist', dimension.column_name;
  END IF;
  IF EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = relation AND i.indisunique AND NOT EXISTS (
      SELECT FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attnum = ANY (i.indkey) AND a.attname = dimension.column_name)) THEN
    RAISE EXCEPTION 'cannot create a unique index without the column "%" (used in partitioning)', dimension.column_name;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', relation) INTO filled;
  IF filled AND NOT migrate_data THEN RAISE EXCEPTION 'table "%" is not empty', relation USING HINT = 'You can migrate data by specifying ''migrate_data => true'' when calling this function.'; END IF;
  bare := NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = relation AND i.indisunique);
  INSERT INTO _timescaledb_internal.hypertable AS h (relation, column_name, width, is_cut) VALUES (relation, dimension.column_name, dimension.width, bare) RETURNING h.hypertable_id INTO hypertable_id;
  IF bare THEN EXECUTE format('CREATE TRIGGER ts_insert_blocker BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION _timescaledb_internal.route()', relation); END IF;
  created := true;
  RETURN NEXT;
END $$;

CREATE FUNCTION _timescaledb_internal.route() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  h _timescaledb_internal.hypertable;
  at timestamptz;
  name name;
BEGIN
  SELECT * INTO h FROM _timescaledb_internal.hypertable WHERE relation = TG_RELID;
  at := date_bin(h.width, (to_jsonb(NEW) ->> h.column_name)::timestamptz, '2000-01-01T00:00:00Z');
  SELECT chunk_name INTO name FROM _timescaledb_internal.chunk WHERE relation = TG_RELID AND range_start = at;
  IF name IS NULL THEN
    name := format('_hyper_%s_%s_chunk', h.hypertable_id, to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD'));
    EXECUTE format('CREATE TABLE _timescaledb_internal.%I (LIKE %s INCLUDING INDEXES, CHECK (%I >= %L AND %I < %L)) INHERITS (%s)', name, h.relation, h.column_name, at, h.column_name, at + h.width, h.relation);
    INSERT INTO _timescaledb_internal.chunk (relation, chunk_name, range_start, range_end) VALUES (TG_RELID, name, at, at + h.width);
  END IF;
  EXECUTE format('INSERT INTO _timescaledb_internal.%I SELECT ($1).*', name) USING NEW;
  RETURN NULL;
END $$;

CREATE VIEW timescaledb_information.hypertables AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name FROM _timescaledb_internal.hypertable AS h JOIN pg_class AS c ON c.oid = h.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace;

CREATE VIEW timescaledb_information.chunks AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name, '_timescaledb_internal'::name AS chunk_schema, k.chunk_name, k.range_start, k.range_end
FROM _timescaledb_internal.chunk AS k JOIN pg_class AS c ON c.oid = k.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace;

CREATE FUNCTION drop_chunks(relation regclass, older_than timestamptz DEFAULT NULL, newer_than timestamptz DEFAULT NULL, verbose boolean DEFAULT false,
                            created_before timestamptz DEFAULT NULL, created_after timestamptz DEFAULT NULL)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  h _timescaledb_internal.hypertable;
  k _timescaledb_internal.chunk;
BEGIN
  SELECT * INTO h FROM _timescaledb_internal.hypertable AS t WHERE t.relation = $1;
  IF h IS NULL THEN RAISE EXCEPTION '"%" is not a hypertable or a continuous aggregate', relation; END IF;
  IF NOT h.is_cut THEN
    EXECUTE format('DELETE FROM %s WHERE date_bin(%L, %I, ''2000-01-01T00:00:00Z'') + %L <= $1 AND ($2 IS NULL OR date_bin(%L, %I, ''2000-01-01T00:00:00Z'') >= $2)', relation, h.width, h.column_name, h.width, h.width, h.column_name) USING older_than, newer_than;
  END IF;
  FOR k IN SELECT * FROM _timescaledb_internal.chunk AS t WHERE t.relation = $1 AND (older_than IS NULL OR range_end <= older_than) AND (newer_than IS NULL OR range_start >= newer_than) LOOP
    EXECUTE format('DROP TABLE _timescaledb_internal.%I', k.chunk_name);
    DELETE FROM _timescaledb_internal.chunk AS t WHERE t.chunk_id = k.chunk_id;
    RETURN NEXT format('_timescaledb_internal.%I', k.chunk_name);
  END LOOP;
END $$;

CREATE FUNCTION _timescaledb_internal.add_policy(relation regclass, what text, age interval) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('timescaledb.license', true), '') <> 'timescale' THEN
    RAISE EXCEPTION 'function "add_%_policy" is not supported under the current "%" license', what, current_setting('timescaledb.license', true);
  END IF;
  IF NOT EXISTS (SELECT FROM _timescaledb_internal.hypertable AS h WHERE h.relation = $1) THEN RAISE EXCEPTION '"%" is not a hypertable', relation; END IF;
  INSERT INTO _timescaledb_internal.policy VALUES ($1, what, age);
  RETURN 1000;
END $$;

CREATE FUNCTION add_retention_policy(relation regclass, drop_after interval DEFAULT NULL, if_not_exists boolean DEFAULT false, schedule_interval interval DEFAULT NULL,
                                     initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL, drop_created_before interval DEFAULT NULL)
RETURNS integer LANGUAGE sql AS $$ SELECT _timescaledb_internal.add_policy($1, 'retention', $2) $$;

CREATE FUNCTION add_compression_policy(hypertable regclass, compress_after interval DEFAULT NULL, if_not_exists boolean DEFAULT false, schedule_interval interval DEFAULT NULL,
                                       initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL, compress_created_before interval DEFAULT NULL)
RETURNS integer LANGUAGE sql AS $$ SELECT _timescaledb_internal.add_policy($1, 'compression', $2) $$;

-- A stand-in for Citus in tests: it distributes nothing, and refuses what Citus' documentation and source say that Citus refuses of keys, references, triggers
-- and functions.
CREATE SCHEMA citus;
CREATE TYPE citus.distribution_type AS ENUM ('hash', 'range', 'append');
CREATE TABLE citus.known (relation regclass PRIMARY KEY, kind text NOT NULL, dist_column text, colocation regclass);

-- In Citus a table of pg_catalog.
CREATE VIEW pg_dist_partition AS SELECT relation AS logicalrelid FROM citus.known;

-- In Citus a table of pg_catalog.
CREATE TABLE pg_dist_object (classid oid NOT NULL, objid oid NOT NULL, objsubid integer NOT NULL, PRIMARY KEY (classid, objid, objsubid));

CREATE FUNCTION create_distributed_function(function_name regprocedure, distribution_arg_name text DEFAULT NULL, colocate_with text DEFAULT 'default', force_delegation boolean DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad text;
BEGIN
  -- The row of a table is another type on each shard, and a function may go where the types of its arguments are known.
  SELECT t.oid::regtype INTO bad FROM pg_proc AS p, unnest(p.proargtypes) AS arg JOIN pg_type AS t ON t.oid = arg JOIN pg_class AS c ON c.oid = t.typrelid
  WHERE p.oid = function_name AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM citus.known AS k WHERE k.relation = c.oid);
  IF bad IS NOT NULL THEN RAISE EXCEPTION 'function "%" has dependency to a table that is not in Citus'' metadata: %', function_name, bad; END IF;
  INSERT INTO pg_dist_object VALUES ('pg_proc'::regclass, function_name, 0);
END $$;

CREATE FUNCTION get_shard_id_for_distribution_column(table_name regclass, distribution_value anyelement DEFAULT NULL::integer) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT 102008 + abs(hashint4(distribution_value::integer)) % 32 FROM citus.known WHERE relation = table_name AND kind = 'distributed'
$$;

CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad text;
BEGIN
  SELECT conname INTO bad FROM pg_constraint AS c WHERE c.contype = 'f' AND c.conrelid = table_name AND c.confrelid <> table_name
    AND NOT EXISTS (SELECT FROM citus.known AS k WHERE k.relation = c.confrelid AND k.kind = 'reference');
  IF bad IS NOT NULL THEN RAISE EXCEPTION 'reference table "%" can only refer to reference tables: %', table_name, bad; END IF;
  INSERT INTO citus.known VALUES (table_name, 'reference');
END $$;

CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text, distribution_type citus.distribution_type DEFAULT 'hash',
                                         colocate_with text DEFAULT 'default', shard_count integer DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  place smallint;
  group_of regclass := CASE WHEN colocate_with IN ('default', 'none') THEN table_name ELSE colocate_with::regclass END;
  bad text;
BEGIN
  SELECT attnum INTO place FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column AND attnum > 0 AND attnotnull;
  IF place IS NULL THEN RAISE EXCEPTION 'column "%" of relation "%" does not exist', distribution_column, table_name; END IF;
  IF group_of <> table_name AND NOT EXISTS (SELECT FROM citus.known AS k WHERE k.relation = group_of AND k.kind = 'distributed') THEN
    RAISE EXCEPTION 'relation % is not distributed', colocate_with;
  END IF;
  SELECT indexrelid::regclass INTO bad FROM pg_index AS i WHERE i.indrelid = table_name AND i.indisunique AND place <> ALL (i.indkey);
  IF bad IS NOT NULL THEN RAISE EXCEPTION 'cannot create constraint on "%": %', table_name, bad
    USING DETAIL = 'Distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that do not include the partition column (with an equality operator if EXCLUDE).'; END IF;
  SELECT conname INTO bad FROM pg_constraint AS c LEFT JOIN citus.known AS k ON k.relation = c.confrelid
  WHERE c.contype = 'f' AND c.conrelid = table_name AND k.kind IS DISTINCT FROM 'reference'
    AND NOT (k.kind = 'distributed' AND k.colocation = group_of AND place = ANY (c.conkey));
  IF bad IS NOT NULL THEN RAISE EXCEPTION 'cannot create foreign key constraint %', bad
    USING DETAIL = 'Foreign keys are supported in two cases, either in between two colocated tables including partition column in the same ordinal in the both tables or from distributed to reference tables'; END IF;
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = table_name AND NOT tgisinternal) THEN
    RAISE EXCEPTION 'cannot distribute relation "%" because it has triggers', table_name;
  END IF;
  INSERT INTO citus.known VALUES (table_name, 'distributed', distribution_column, group_of);
END $$;

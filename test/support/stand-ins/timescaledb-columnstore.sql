-- Since 2.18: the columnstore under its own name.
CREATE PROCEDURE add_columnstore_policy(hypertable regclass, after interval DEFAULT NULL, if_not_exists boolean DEFAULT false, schedule_interval interval DEFAULT NULL,
                                        initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL, created_before interval DEFAULT NULL)
LANGUAGE sql AS $$ SELECT _timescaledb_internal.add_policy($1, 'columnstore', $2) $$;

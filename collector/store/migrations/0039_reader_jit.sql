-- Panels are short, and costs of functions are guesses: compiling a query took longer than running it.
DO $$
BEGIN
  EXECUTE format('ALTER ROLE grafana_ro IN DATABASE %I SET jit = off', current_database());
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
  RAISE NOTICE 'the role grafana_ro is not here; see deploy/grafana/README.md';
END $$;

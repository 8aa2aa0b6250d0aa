-- Statements read runs by tables of their own (run-reads.ts): Citus plans no function within a statement that reads what is cut by centre.
DROP FUNCTION runs_of(integer, integer, timestamptz, timestamptz);
DROP FUNCTION newest_runs_of(integer, integer, timestamptz, timestamptz, timestamptz, integer);
DROP FUNCTION samples_between(integer, timestamptz, timestamptz);

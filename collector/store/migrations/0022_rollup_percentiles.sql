-- Percentiles of one series and hour, which nothing asked for: those of a centre's hour stand in rollup_site_1h, and sketches keep those of days.
ALTER TABLE rollup_1h DROP COLUMN p50, DROP COLUMN p95;

/**
 * Statements that make a year out of the last two days of a simulated province, in SQL: hourly rollups, changes of findings, incidents and presence are
 * repeated into the past. `density` of the rollups is that of the simulation, about five hours of each day.
 */
export const yearOfRollups: readonly string[] = [
  "SET LOCAL statement_timeout = 0",
  "SET LOCAL maintenance_work_mem = '512MB'",
  `CREATE TEMP TABLE block AS
     SELECT date_trunc('day', max(hour)) - interval '2 days' AS starts, date_trunc('day', max(hour)) AS ends, min(hour) AS oldest FROM rollup_1h`,
  // Built anew below: rows that come in the order of their keys, one index after the other, take a fifth of the time.
  "ALTER TABLE rollup_1h DROP CONSTRAINT rollup_1h_pkey",
  "DROP INDEX rollup_1h_hour",
  `INSERT INTO rollup_1h SELECT r.site_id, r.series_id, r.hour - back * interval '2 days', r.n, r.vmin, r.vmax, r.vsum
     FROM block, generate_series(1, 182) AS back, rollup_1h AS r
     WHERE r.hour >= block.starts AND r.hour < block.ends AND r.hour - back * interval '2 days' < block.oldest`,
  "ALTER TABLE rollup_1h ADD PRIMARY KEY (site_id, series_id, hour)",
  "CREATE INDEX rollup_1h_hour ON rollup_1h (hour)",
  `INSERT INTO finding_revision (site_id, requirement, from_state, state, reason, at, late, body)
     SELECT v.site_id, v.requirement, v.from_state, v.state, v.reason, v.at - back * interval '2 days', v.late, v.body
     FROM block, generate_series(1, 182) AS back, finding_revision AS v
     WHERE v.from_state IS DISTINCT FROM v.state AND v.from_state IS NOT NULL AND v.at >= block.starts AND v.at < block.ends AND back > 2
     ORDER BY v.at - back * interval '2 days'`,
  `INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at, closed_at)
     SELECT i.site_id, i.requirement, i.subject, 'closed', i.began_at - back * interval '2 days', i.began_at - back * interval '2 days' + interval '10 minutes',
            i.began_at - back * interval '2 days' + interval '3 hours'
     FROM generate_series(1, 182) AS back, incident AS i`,
  `INSERT INTO presence_day SELECT p.site_id, p.device, p.role, p.day - back * 2 FROM generate_series(1, 182) AS back, presence_day AS p, block
     WHERE p.day >= block.starts::date AND p.day < block.ends::date ON CONFLICT DO NOTHING`,
  `INSERT INTO run_hour SELECT r.hour - back * interval '2 days', r.lane, r.kind, r.n FROM block, generate_series(1, 182) AS back, run_hour AS r
     WHERE r.hour >= block.starts AND r.hour < block.ends`,
  `INSERT INTO unmeasured_day SELECT u.time - back * interval '2 days', u.site_id, u.probe, u.kind, u.reason, u.n
     FROM block, generate_series(1, 182) AS back, unmeasured_day AS u WHERE u.time >= block.starts AND u.time < block.ends`,
  `INSERT INTO finding_day SELECT f.site_id, f.time - back * interval '2 days', f.requirements, f.states, true
     FROM block, generate_series(1, 182) AS back, finding_day AS f WHERE f.time >= day_start(block.starts) AND f.time < day_start(block.ends) ON CONFLICT DO NOTHING`,
  "SELECT rollup_days(array_agg(site_id), array_agg(hour)) FROM (SELECT DISTINCT site_id, day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS hour FROM presence_day) AS known",
  "DELETE FROM dirty_hour",
  "SELECT rollup_area(ARRAY(SELECT DISTINCT hour FROM rollup_1h))",
];

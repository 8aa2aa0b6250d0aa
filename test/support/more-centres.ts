/**
 * Statements that make a large province out of a small simulated one, in SQL, up to `centres`: each centre again and again under other codes, with its
 * contacts, findings, their changes, problems and declarations. Runs and series are not repeated: what a page of one centre shows has the originals alone.
 */
export function moreCentres(centres: number): readonly string[] {
  return [
    "SET LOCAL statement_timeout = 0",
    `CREATE TEMP TABLE copy ON COMMIT DROP AS
       SELECT s.site_id AS of, s.site_id + again * size.n AS site_id, s.centre_code || '-' || again AS code
       FROM (SELECT max(site_id) AS n FROM site) AS size, site AS s, generate_series(1, ${centres} / size.n) AS again WHERE s.site_id + again * size.n <= ${centres}`,
    `INSERT INTO site (site_id, centre_code, name, district, latitude, longitude, officers, key_area, contract_mbps, isp, devices, version, changed_at)
       OVERRIDING SYSTEM VALUE
       SELECT c.site_id, c.code, name || ' ' || c.site_id, district, latitude, longitude, officers, key_area, contract_mbps, isp, devices, version, changed_at
       FROM copy AS c JOIN site AS s ON s.site_id = c.of`,
    `INSERT INTO site_version SELECT c.site_id, effective_from, recorded_at, centre || jsonb_build_object('code', c.code) FROM copy AS c JOIN site_version AS v ON v.site_id = c.of`,
    "INSERT INTO contact SELECT c.site_id, agent_id, first_at, last_at, clock_offset_ms FROM copy AS c JOIN contact AS k ON k.site_id = c.of",
    `INSERT INTO finding SELECT c.site_id, requirement, state, reason, since, valid_until, evaluated_at, body || jsonb_build_object('centre', c.code)
       FROM copy AS c JOIN finding AS f ON f.site_id = c.of`,
    `INSERT INTO finding_revision (site_id, requirement, from_state, state, reason, at, late, body)
       SELECT c.site_id, requirement, from_state, state, reason, at, late, body || jsonb_build_object('centre', c.code)
       FROM copy AS c JOIN finding_revision AS r ON r.site_id = c.of ORDER BY at`,
    `INSERT INTO incident (site_id, requirement, subject, state, began_at, opened_at, acknowledged_at, closed_at, body)
       SELECT c.site_id, requirement, subject, state, began_at, opened_at, acknowledged_at, closed_at, body FROM copy AS c JOIN incident AS i ON i.site_id = c.of`,
    `INSERT INTO attestation SELECT c.site_id, id || '-' || c.site_id, requirement, item, at, body || jsonb_build_object('centre', c.code, 'id', id || '-' || c.site_id), recorded_at
       FROM copy AS c JOIN attestation AS a ON a.site_id = c.of`,
    "INSERT INTO judged_day SELECT c.site_id, day, first_at FROM copy AS c JOIN judged_day AS d ON d.site_id = c.of",
  ];
}

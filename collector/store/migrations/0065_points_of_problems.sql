-- Each reception point of a centre has problems of its own. The point; empty for the main office's, and for what is of the whole centre or the province.
CREATE OR REPLACE VIEW grafana.incident AS
SELECT i.site_id || '-' || i.incident_id AS incident, i.opened_at AS time, i.closed_at AS time_end,
       p.centre, coalesce(p.name, '–') AS name, p.district, p.district_code, i.requirement, r.title_vi, r.title_en, i.state AS kind, r.owner, r.impact,
       i.state <> 'closed' AS open,
       date_part('epoch', coalesce(i.closed_at, now()) - i.opened_at) / 60 AS minutes,
       CASE WHEN i.site_id <> 0 THEN nullif(i.subject, '') END AS point
FROM incident AS i LEFT JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
WHERE i.opened_at IS NOT NULL;

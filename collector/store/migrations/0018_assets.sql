-- The asset ledger in numbers: what the counts of devices (R10 to R15 of Gia Lai's plan) found when they set declared, found and seen side by side.
CREATE VIEW grafana.asset_now AS
SELECT p.centre, p.name, p.district, p.district_code, f.requirement, r.title_vi, r.title_en, f.state, view_severity(f.state) AS severity,
       (f.body->>'observed')::integer AS observed, (f.body->>'required')::integer AS required, (d->>'declared')::integer AS declared,
       coalesce((d->>'matched')::integer, 0) AS matched, coalesce((d->>'missing')::integer, 0) AS missing,
       coalesce((d->>'replaced')::integer, 0) AS replaced, coalesce((d->>'duplicate')::integer, 0) AS duplicate,
       coalesce((d->>'extra')::integer, 0) AS extra, coalesce((d->>'declared_only')::integer, 0) AS declared_only,
       coalesce((d->>'unused')::integer, 0) AS unused
FROM view_finding AS f JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement), LATERAL (SELECT f.body->'detail' AS d) AS x
WHERE d ? 'seenOnce';

DO $$
BEGIN
  GRANT SELECT ON grafana.asset_now TO grafana_ro;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
  RAISE NOTICE 'the role grafana_ro is not here; see deploy/grafana/README.md';
END $$;

-- Findings are counted once for all requirements and not once for each; Citus joins nothing that is cut by centre laterally to what is whole on every node.
CREATE OR REPLACE VIEW grafana.requirement_now AS
SELECT r.requirement, r.title_vi, r.title_en, r.impact, r.owner, coalesce(f.total, 0) AS total, coalesce(f.pass, 0) AS pass, coalesce(f.fail, 0) AS fail,
       coalesce(f.pending, 0) AS pending, coalesce(f.unknown, 0) AS unknown, coalesce(f.error, 0) AS error, coalesce(f.not_applicable, 0) AS not_applicable,
       coalesce(f.waived, 0) AS waived,
       100.0::float8 * (f.pass + f.fail) / nullif(f.total - f.not_applicable, 0) AS coverage_percent,
       100.0::float8 * f.pass / nullif(f.pass + f.fail, 0) AS score_percent
FROM view_requirement AS r
LEFT JOIN (SELECT requirement, count(*) AS total, count(*) FILTER (WHERE state = 'pass') AS pass, count(*) FILTER (WHERE state = 'fail') AS fail,
                  count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'unknown') AS unknown,
                  count(*) FILTER (WHERE state = 'error') AS error, count(*) FILTER (WHERE state = 'not_applicable') AS not_applicable,
                  count(*) FILTER (WHERE body ? 'waiver') AS waived
           FROM view_finding GROUP BY requirement) AS f USING (requirement);

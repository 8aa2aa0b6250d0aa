-- By which clock rows were last kept: one that is far from it deletes nothing until agents or an operator confirm it (collector/store/clock-proof.ts).
INSERT INTO setting (key, value)
SELECT 'last_upkeep', jsonb_build_object('atMs', (extract(epoch FROM max(last_at)) * 1000)::float8, 'confirmed', false) FROM contact HAVING max(last_at) IS NOT NULL
ON CONFLICT DO NOTHING;

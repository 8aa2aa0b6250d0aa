-- Centres that were closed or merged into another. Each entry replaces the one before it: the first Vietnam day without the centre, or none where it was a
-- mistake. As reports of past months are made by what was known then, nothing is ever changed here.
CREATE TABLE site_closing (
  site_id     integer NOT NULL,
  recorded_at timestamptz NOT NULL,
  closed_on   date,
  into_code   text,
  reason      text NOT NULL,
  PRIMARY KEY (site_id, recorded_at)
);
-- The newest entry, where all that asks about the present looks.
ALTER TABLE site ADD COLUMN closed_on date, ADD COLUMN closed_into text;

-- Views of the present have no closed centre; those with a column `time` keep its past.
CREATE VIEW view_open_place AS
SELECT site_id, centre_code AS centre, name, coalesce(district, '–') AS district, 'd-' || substr(md5(coalesce(district, '')), 1, 8) AS district_code
FROM site WHERE closed_on IS NULL OR closed_on > (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date OFFSET 0;

DO $$
DECLARE
  name text;
  before text;
  after text;
BEGIN
  FOREACH name IN ARRAY ARRAY['agent_now', 'asset_now', 'camera_now', 'centre', 'centre_now', 'collector_now', 'device_now', 'finding_now', 'finding_part_now', 'line_now',
                              'portal_now', 'reading_now', 'recording_now', 'supply_now', 'wifi_now'] LOOP
    before := pg_get_viewdef(format('grafana.%I', name)::regclass);
    after := replace(replace(before, 'view_place p', 'view_open_place p'), 'FROM site)', 'FROM view_open_place)');
    IF after = before THEN RAISE EXCEPTION 'grafana.% does not name its centres as expected', name; END IF;
    EXECUTE format('CREATE OR REPLACE VIEW grafana.%I AS %s', name, after);
  END LOOP;
END $$;

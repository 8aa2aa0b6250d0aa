-- What was known when: enough to make any past judgement and any closed month again, byte for byte.

-- What a centre declares of itself, by the Vietnam day from which it counts. `site` holds the version that counts today.
CREATE TABLE site_version (
  site_id        integer NOT NULL,
  effective_from date NOT NULL,
  recorded_at    timestamptz NOT NULL,
  centre         jsonb NOT NULL,
  PRIMARY KEY (site_id, effective_from, recorded_at)
);
-- What stood before this table did is taken as always known.
INSERT INTO site_version (site_id, effective_from, recorded_at, centre)
SELECT site_id, '2000-01-01', '2000-01-01', jsonb_strip_nulls(jsonb_build_object(
  'code', centre_code, 'name', name, 'district', district, 'latitude', latitude, 'longitude', longitude, 'officers', officers,
  'keyArea', key_area, 'contractMbps', contract_mbps, 'isp', isp)) || jsonb_build_object('devices', devices)
FROM site;

-- Calendars are corrected in place (a holiday is moved): a closed month is judged by the one that was known then.
CREATE TABLE calendar_version (
  calendar_id text NOT NULL,
  body_sha256 text NOT NULL,
  body        jsonb NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (calendar_id, recorded_at)
);

-- When a day's fact became known: late data adds to the past and leaves what was known before as it was. Each rise of a peak is a row.
ALTER TABLE presence_day ADD COLUMN known_at timestamptz NOT NULL DEFAULT '2000-01-01';
ALTER TABLE peak_day ADD COLUMN known_at timestamptz NOT NULL DEFAULT '2000-01-01';
ALTER TABLE peak_day DROP CONSTRAINT peak_day_pkey;
ALTER TABLE peak_day ADD PRIMARY KEY (site_id, metric, day, known_at);
ALTER TABLE waiver ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '2000-01-01';
ALTER TABLE waiver ALTER COLUMN recorded_at SET DEFAULT now();

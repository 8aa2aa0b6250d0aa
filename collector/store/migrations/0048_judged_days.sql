-- On which Vietnam days a centre was judged, and the first instant at which each of its requirements had been: a finding that stays as it is leaves no revision, so
-- history alone cannot tell a day that was like the one before from a day on which no collector ran (collector/jobs/unjudged-days.ts).
CREATE TABLE judged_day (
  site_id  integer NOT NULL,
  day      date NOT NULL,
  first_at timestamptz NOT NULL,
  PRIMARY KEY (site_id, day)
);
-- The first day of all, before which nothing was noted, and those that are past their time.
CREATE INDEX judged_day_day ON judged_day (day);

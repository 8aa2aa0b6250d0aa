-- Site-hours whose mark was taken and whose rollup is not written yet. What agents send waits for the row of its mark in dirty_hour, so a mark moves here
-- in a moment, and is worked off here for as long as that takes. An hour may stand here twice: it is computed anew as a whole.
CREATE TABLE rolling_hour (
  site_id integer NOT NULL,
  hour    timestamptz NOT NULL
);

-- Hours whose sums of districts are to be counted anew: over all sites once, when those sites are done.
CREATE TABLE dirty_area (
  hour timestamptz PRIMARY KEY
);

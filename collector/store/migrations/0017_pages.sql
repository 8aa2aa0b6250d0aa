-- The lowest page counter that a printer told on a Vietnam day, for whether it is used at all. Late data may lower it: each fall is a row, so that a
-- past instant still knows what it knew.
CREATE TABLE pages_day (
  site_id  integer NOT NULL,
  device   text NOT NULL,
  day      date NOT NULL,
  pages    double precision NOT NULL,
  known_at timestamptz NOT NULL,
  PRIMARY KEY (site_id, device, day, known_at)
);

-- What each Vietnam day counts as, of each requirement of each centre: written by the function that counts the days of reports (collector/report/day-counts.ts).
-- One letter a day from the first of the month on: the severity of the state, '-' for a day that is not counted, a blank before the first judgement.
CREATE TABLE finding_month (
  site_id     integer NOT NULL,
  -- The month's first instant: an instant and not a date, as days are counted from it.
  month       timestamptz NOT NULL,
  requirement text NOT NULL,
  states      text NOT NULL,
  -- Counted after the month was closed, by what was known then: nothing changes it any more.
  is_final    boolean NOT NULL,
  PRIMARY KEY (site_id, month, requirement)
);
CREATE INDEX finding_month_month ON finding_month (month);

CREATE FUNCTION day_state(letter text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE letter WHEN '-' THEN 'not_counted' ELSE view_state(letter::integer) END $$;

-- Most requirements of most centres have the same month, so that equal ones are counted before they are taken apart. Every state has a row on every day.
DROP VIEW grafana.state_day;
CREATE VIEW grafana.state_day AS
WITH alike AS (
  SELECT p.district, p.district_code, m.month, m.states, count(*) AS n FROM finding_month AS m JOIN view_place AS p USING (site_id) GROUP BY 1, 2, 3, 4
), counted AS (
  -- Vietnam has no summer time: its days are 24 hours apart.
  SELECT a.month + (d.place - 1) * interval '24 hours' AS time, a.district, a.district_code, d.letter, sum(a.n) AS n
  FROM alike AS a CROSS JOIN LATERAL string_to_table(a.states, NULL) WITH ORDINALITY AS d(letter, place) WHERE d.letter <> ' ' GROUP BY 1, 2, 3, 4
), day AS (
  SELECT DISTINCT time, district, district_code FROM counted
), state AS (
  SELECT letter, day_state(letter) AS state FROM unnest(ARRAY['5', '4', '3', '2', '1', '0', '-']) AS letter
)
SELECT day.time, day.district, day.district_code, s.state, view_severity(s.state) AS severity, coalesce(c.n, 0)::float8 AS findings
FROM day CROSS JOIN state AS s LEFT JOIN counted AS c ON c.time = day.time AND c.district_code = day.district_code AND c.letter = s.letter;

CREATE VIEW grafana.finding_day AS
SELECT m.month + (d.place - 1) * interval '24 hours' AS time, p.centre, p.name, p.district, p.district_code, m.requirement, r.title_vi, r.title_en,
       day_state(d.letter) AS state, view_severity(day_state(d.letter)) AS severity
FROM finding_month AS m JOIN view_place AS p USING (site_id) LEFT JOIN view_requirement AS r USING (requirement)
     CROSS JOIN LATERAL string_to_table(m.states, NULL) WITH ORDINALITY AS d(letter, place) WHERE d.letter <> ' ';

-- Changes of state counted by their day told what stood at its end, whoever judged and whatever counts.
DROP TABLE finding_move;

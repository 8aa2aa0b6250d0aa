-- What each Vietnam day counts as, of each centre: written by the function that counts the days of reports (collector/report/day-counts.ts). A row per day and
-- centre, as a year of the province by requirements would be a million: these are counted in their letters.
CREATE TABLE finding_day (
  site_id      integer NOT NULL,
  -- The day's first instant.
  time         timestamptz NOT NULL,
  -- What the policy demanded, by its codes with blanks between them; in the same order one letter for each: the severity of the state, '-' where the day is not
  -- counted, a blank where nothing was judged yet or the centre was closed.
  requirements text NOT NULL,
  states       text NOT NULL,
  -- Counted after the month was closed, by what was known then: nothing changes it any more.
  is_final     boolean NOT NULL,
  PRIMARY KEY (site_id, time)
);
CREATE INDEX finding_day_time ON finding_day (time);

CREATE FUNCTION day_state(letter text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE letter WHEN '-' THEN 'not_counted' ELSE view_state(letter::integer) END $$;

-- Every state has a row on every day of which anything counts. By the name of the district, of which PostgreSQL knows how many there are; any site of it knows its code.
DROP VIEW grafana.state_day;
CREATE VIEW grafana.state_day AS
WITH day AS (
  SELECT f.time, s.district, min(site_id) AS site_id, string_agg(f.states, '') AS states FROM finding_day AS f JOIN site AS s USING (site_id) GROUP BY 1, 2
)
SELECT day.time, p.district, p.district_code, l.state, view_severity(l.state) AS severity,
       (length(day.states) - length(replace(day.states, l.letter, '')))::float8 AS findings
FROM day JOIN view_place AS p USING (site_id)
     CROSS JOIN (SELECT letter, day_state(letter) AS state FROM unnest(ARRAY['5', '4', '3', '2', '1', '0', '-']) AS letter) AS l
WHERE day.states ~ '[^ ]';

CREATE VIEW grafana.finding_day AS
SELECT f.time, p.centre, p.name, p.district, p.district_code, d.requirement, r.title_vi, r.title_en, day_state(d.letter) AS state,
       view_severity(day_state(d.letter)) AS severity
FROM finding_day AS f JOIN view_place AS p USING (site_id)
     CROSS JOIN LATERAL unnest(string_to_array(f.requirements, ' '), string_to_array(f.states, NULL)) AS d(requirement, letter)
     LEFT JOIN view_requirement AS r USING (requirement)
WHERE d.letter <> ' ';

-- Changes of state counted by their day told what stood at its end, whoever judged and whatever counts.
DROP TABLE finding_move;

-- What clerks write of the periodic work list. Only added to: a mistake is withdrawn by a later row.
CREATE TABLE duty_record (
  site_id     integer NOT NULL REFERENCES site (site_id),
  id          text NOT NULL,
  requirement text NOT NULL,
  duty        text NOT NULL,
  turn        date NOT NULL,
  at          timestamptz NOT NULL,
  body        jsonb NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (site_id, id)
);
CREATE INDEX duty_record_at ON duty_record (site_id, at);
-- What is new since a site was judged is asked each minute.
CREATE INDEX duty_record_recorded ON duty_record (recorded_at);
CREATE FUNCTION duty_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'records of duties are only added to';
END $$;
CREATE TRIGGER duty_record_stays BEFORE UPDATE OR DELETE ON duty_record FOR EACH ROW EXECUTE FUNCTION duty_record_stays();

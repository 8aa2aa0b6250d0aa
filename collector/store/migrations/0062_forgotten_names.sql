-- Records of duties are only added to, but that the name of who wrote one goes after its time; all else of the record stays as it was.
CREATE OR REPLACE FUNCTION duty_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.body = OLD.body - 'by' AND to_jsonb(NEW) - 'body' = to_jsonb(OLD) - 'body' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'records of duties are only added to';
END $$;

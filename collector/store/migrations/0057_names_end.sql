-- Who declared stands in the declaration alone, which goes 24 months after it ended; the history of findings stays for years and keeps what was declared and when.
UPDATE finding SET body = body #- '{declared,by}' WHERE body #> '{declared,by}' IS NOT NULL;
UPDATE finding_revision SET body = body #- '{declared,by}' WHERE body #> '{declared,by}' IS NOT NULL;
-- The lesser role may add lines to the log: one that only looks like a cut must neither free a row nor keep the true cuts from their work.
CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT FROM audit WHERE what = 'audit.cut' AND place > OLD.place
      AND CASE WHEN about ~ '^[0-9]{1,9} ' THEN split_part(about, ' ', 1)::integer >= OLD.place END
  ) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit log is only added to';
END $$;

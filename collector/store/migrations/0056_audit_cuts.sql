-- The audit log is cut at its old end alone, and only where a later line of the log itself says up to which place. The lesser role may add lines: one that
-- only looks like a cut must neither free a row nor keep the true cuts from their work.
CREATE INDEX audit_cut ON audit (place) WHERE what = 'audit.cut';
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

-- The audit log is cut at its old end alone, and only where a later line of the log itself says up to which place.
CREATE INDEX audit_cut ON audit (place) WHERE what = 'audit.cut';
CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM audit WHERE what = 'audit.cut' AND place > OLD.place AND split_part(about, ' ', 1)::integer >= OLD.place) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit log is only added to';
END $$;

-- Failed sign-ins within their window, which all collectors on one database count together. The key is the hash of a login, a network or both.
CREATE TABLE sign_in_failure (
  key_sha256 text PRIMARY KEY,
  failures   integer NOT NULL,
  ends_at    timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_ends ON sign_in_failure (ends_at);
-- Places count from 1: a row before the first breaks the chain for good, and the lesser role may add rows. One that stands is no part of the chain, and would
-- keep a backup from being restored.
ALTER TABLE audit DISABLE TRIGGER audit_stays;
DELETE FROM audit WHERE place <= 0;
ALTER TABLE audit ENABLE TRIGGER audit_stays;
ALTER TABLE audit ADD CONSTRAINT audit_place CHECK (place > 0);

-- Keys of agents may change: the earlier one still counts for a while, since an answer to the change may get lost.
ALTER TABLE agent ADD COLUMN old_public_key text, ADD COLUMN old_key_until timestamptz, ADD COLUMN state_changed_at timestamptz, ADD COLUMN state_reason text;

-- Configurations that were signed offline, as they were signed: the collector hands them out and cannot change them.
CREATE TABLE config_seal (
  site_id   integer NOT NULL PRIMARY KEY REFERENCES site,
  version   bigint NOT NULL,
  payload   text NOT NULL,
  signature text NOT NULL,
  kept_at   timestamptz NOT NULL
);

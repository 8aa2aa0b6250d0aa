-- Failed sign-ins within their window, which all collectors on one database count together. The key is the hash of a login, a network or both.
CREATE TABLE sign_in_failure (
  key_sha256 text PRIMARY KEY,
  failures   integer NOT NULL,
  ends_at    timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_ends ON sign_in_failure (ends_at);

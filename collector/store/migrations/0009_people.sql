-- People who may sign in. A person without a password and without a subject waits for the one-time link to be used.
CREATE TABLE person (
  person_id     text PRIMARY KEY,
  login         text NOT NULL UNIQUE,
  name          text NOT NULL,
  roles         jsonb NOT NULL,
  centre_code   text,
  -- Argon2id in the PHC string format.
  password      text,
  -- "<issuer> <sub>" of the sign-on service that knows this person.
  subject       text UNIQUE,
  disabled      boolean NOT NULL DEFAULT false,
  ends_at       timestamptz,
  created_at    timestamptz NOT NULL,
  last_login_at timestamptz
);

-- Tokens are kept as their SHA-256 alone.
CREATE TABLE person_link (
  token_sha256 text PRIMARY KEY,
  person_id    text NOT NULL REFERENCES person (person_id) ON DELETE CASCADE,
  expires_at   timestamptz NOT NULL
);

CREATE TABLE session (
  token_sha256 text PRIMARY KEY,
  person_id    text NOT NULL REFERENCES person (person_id) ON DELETE CASCADE,
  created_at   timestamptz NOT NULL,
  seen_at      timestamptz NOT NULL
);
CREATE INDEX session_person ON session (person_id);

-- What people did. Each row's hash covers the one before it, so that a changed or missing row shows.
CREATE TABLE audit (
  place   integer PRIMARY KEY,
  at      timestamptz NOT NULL,
  who     text NOT NULL,
  what    text NOT NULL,
  about   text NOT NULL,
  address text NOT NULL,
  sha256  text NOT NULL
);
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only added to';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();

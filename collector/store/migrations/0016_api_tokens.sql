-- Tokens with which programs read the API. A token is kept as its SHA-256; the id is its visible beginning.
CREATE TABLE api_token (
  token_id     text PRIMARY KEY,
  token_sha256 text NOT NULL UNIQUE,
  name         text NOT NULL,
  role         text NOT NULL,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  last_used_at timestamptz
);

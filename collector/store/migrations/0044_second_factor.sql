-- Second factor of local accounts (RFC 6238): the secret in base32, and the newest 30 s step whose code was used, so that none is used twice.
ALTER TABLE person ADD COLUMN factor text, ADD COLUMN factor_step bigint NOT NULL DEFAULT 0;
-- What a session still awaits before it opens anything: the code of the second factor, or that one is set up.
ALTER TABLE session ADD COLUMN awaits text CHECK (awaits IN ('code', 'setup'));

-- A declaration that is newer than the judgement of its requirement has the site judged again.
ALTER TABLE attestation ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();

-- What a closed month said, as the one text that its hash was taken of: made once, never changed, whatever happens to the evidence later.
CREATE TABLE dossier (
  month     text PRIMARY KEY,
  sha256    text NOT NULL,
  body      text NOT NULL,
  sealed_at timestamptz NOT NULL
);

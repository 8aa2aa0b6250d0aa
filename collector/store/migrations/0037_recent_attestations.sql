-- Who is to be judged anew asks every few seconds for the declarations of today: they are few, and all that were ever made are many.
CREATE INDEX attestation_recorded ON attestation (recorded_at);

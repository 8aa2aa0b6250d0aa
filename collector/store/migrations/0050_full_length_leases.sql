-- How long a speed test had to carry before it could pass, ms: 0 for a short one. Leases of before have none, so that no site counts as one that was
-- never tested in full since long ago, and all of them take theirs in the same evening.
ALTER TABLE lease ADD COLUMN pass_ms integer;

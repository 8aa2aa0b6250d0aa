SET LOCAL statement_timeout = 0;
-- How each requirement stood before an instant is looked up by itself: without this, each report of a month reads and sorts all history before it.
CREATE INDEX finding_revision_newest ON finding_revision (site_id, requirement, at DESC, revision DESC);

-- Whether a portal fails everywhere is asked every half minute, over all sites.
CREATE INDEX observation_portal ON observation (taken_at) WHERE probe = 'portal-http' AND kind = 'measured';

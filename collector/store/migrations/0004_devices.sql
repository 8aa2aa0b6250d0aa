-- Devices as the agents' searches found them, declared or not: the second side of the asset ledger. Hosts that may be a citizen's are never in it.
CREATE TABLE found_device (
  site_id   integer NOT NULL,
  -- 'hash <salt> <hash>' or 'serial <number>': no MAC address leaves a centre
  identity  text NOT NULL,
  first_day date NOT NULL,
  last_day  date NOT NULL,
  -- What the newest search said of it.
  body      jsonb NOT NULL,
  PRIMARY KEY (site_id, identity)
);

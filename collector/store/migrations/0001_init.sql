-- The collector's tables. site_id stands first in every key: one machine needs it for locality, a sharded one to route by it.
-- A centre is one site in this version. Instants are timestamptz, sessions run in UTC, Vietnam days are dates computed by explicit zone.

CREATE TABLE setting (key text PRIMARY KEY, value jsonb NOT NULL);

CREATE TABLE policy_version (
  policy_id      text NOT NULL,
  version        integer NOT NULL,
  effective_from date NOT NULL,
  body_sha256    text NOT NULL,
  body           jsonb NOT NULL,
  recorded_at    timestamptz NOT NULL,
  PRIMARY KEY (policy_id, version)
);

CREATE TABLE site (
  site_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  centre_code   text NOT NULL UNIQUE,
  name          text NOT NULL,
  district      text,
  latitude      double precision,
  longitude     double precision,
  officers      integer,
  key_area      boolean NOT NULL DEFAULT false,
  contract_mbps double precision,
  isp           text,
  devices       jsonb NOT NULL DEFAULT '[]',
  version       integer NOT NULL DEFAULT 1,
  changed_at    timestamptz NOT NULL,
  -- First and last time that anything was received from the centre's agents.
  first_contact_at timestamptz,
  last_contact_at  timestamptz
);

CREATE TABLE enrol_code (
  code_sha256 text PRIMARY KEY,
  site_id     integer NOT NULL REFERENCES site,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  used_by     text
);
CREATE INDEX enrol_code_site ON enrol_code (site_id);

CREATE TABLE agent (
  site_id      integer NOT NULL REFERENCES site,
  agent_id     text NOT NULL UNIQUE,
  public_key   text NOT NULL,
  -- active | revoked | frozen (two tellers of one stream)
  state        text NOT NULL DEFAULT 'active',
  host_name    text,
  version      text,
  enrolled_at  timestamptz NOT NULL,
  last_seen_at timestamptz,
  clock_offset_ms double precision,
  PRIMARY KEY (site_id, agent_id)
);

-- One row per batch: idempotency lives here, never per sample.
CREATE TABLE ingest_ledger (
  site_id     integer NOT NULL,
  agent_id    text NOT NULL,
  stream      text NOT NULL,
  seq_from    bigint NOT NULL,
  seq_to      bigint NOT NULL,
  body_sha256 text NOT NULL,
  received_at timestamptz NOT NULL,
  -- By the end of the range: both questions (what overlaps this range, what lies past the mark) then touch only the stream's newest rows.
  PRIMARY KEY (site_id, stream, seq_to, seq_from)
);
CREATE INDEX ingest_ledger_received ON ingest_ledger USING brin (received_at);

CREATE TABLE stream_gap (
  site_id integer NOT NULL,
  stream  text NOT NULL,
  seq_from bigint NOT NULL,
  seq_to  bigint NOT NULL,
  reason  text NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (site_id, stream, seq_from)
);

-- How far a stream is complete, and whether its sender must go back to there: set by `collector restore`.
CREATE TABLE stream_state (
  site_id        integer NOT NULL,
  stream         text NOT NULL,
  agent_id       text NOT NULL,
  acked_through  bigint NOT NULL DEFAULT 0,
  rewind         boolean NOT NULL DEFAULT false,
  PRIMARY KEY (site_id, stream)
);

-- Observations that cannot be filed (a time far outside of the window), kept as they came.
CREATE TABLE dead_letter (
  site_id     integer NOT NULL,
  stream      text NOT NULL,
  seq         bigint NOT NULL,
  code        text NOT NULL,
  body        jsonb NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (site_id, stream, seq)
);

CREATE TABLE observation (
  site_id      integer NOT NULL,
  stream       text NOT NULL,
  seq          bigint NOT NULL,
  probe        text NOT NULL,
  target       text,
  -- Start of the run, corrected by the clock offset where the agent's clock was bad; the raw stamp stands in raw_taken_at.
  taken_at     timestamptz NOT NULL,
  raw_taken_at timestamptz NOT NULL,
  received_at  timestamptz NOT NULL,
  lane         text NOT NULL,
  clock        text NOT NULL,
  elapsed_ms   double precision NOT NULL,
  -- measured | failed | skipped, with the reason or excuse
  kind         text NOT NULL,
  reason       text,
  outcome      jsonb NOT NULL,
  PRIMARY KEY (site_id, stream, seq, taken_at)
) PARTITION BY RANGE (taken_at);
CREATE INDEX observation_probe ON observation (site_id, probe, target, taken_at DESC);

CREATE TABLE series (
  site_id   integer NOT NULL,
  series_id integer GENERATED ALWAYS AS IDENTITY,
  metric    text NOT NULL,
  labels    jsonb NOT NULL,
  target    text NOT NULL DEFAULT '',
  PRIMARY KEY (site_id, series_id),
  UNIQUE (site_id, metric, target, labels)
);

CREATE TABLE sample (
  site_id   integer NOT NULL,
  series_id integer NOT NULL,
  ts        timestamptz NOT NULL,
  value     double precision NOT NULL
) PARTITION BY RANGE (ts);
CREATE INDEX sample_series ON sample (site_id, series_id, ts);

CREATE TABLE latest (
  site_id   integer NOT NULL,
  series_id integer NOT NULL,
  ts        timestamptz NOT NULL,
  value     double precision NOT NULL,
  PRIMARY KEY (site_id, series_id)
) WITH (fillfactor = 60);

CREATE TABLE presence_day (
  site_id integer NOT NULL,
  device  text NOT NULL,
  role    text NOT NULL,
  day     date NOT NULL,
  PRIMARY KEY (site_id, day, device)
);

CREATE TABLE peak_day (
  site_id integer NOT NULL,
  metric  text NOT NULL,
  day     date NOT NULL,
  value   double precision NOT NULL,
  PRIMARY KEY (site_id, metric, day)
);

CREATE TABLE dirty_hour (
  site_id integer NOT NULL,
  hour    timestamptz NOT NULL,
  PRIMARY KEY (site_id, hour)
) WITH (fillfactor = 50);

-- Percentiles are of one series and hour; they are never averaged over hours.
CREATE TABLE rollup_1h (
  site_id   integer NOT NULL,
  series_id integer NOT NULL,
  hour      timestamptz NOT NULL,
  n         integer NOT NULL,
  vmin      double precision NOT NULL,
  vmax      double precision NOT NULL,
  vsum      double precision NOT NULL,
  p50       double precision NOT NULL,
  p95       double precision NOT NULL,
  PRIMARY KEY (site_id, series_id, hour)
);
CREATE INDEX rollup_1h_hour ON rollup_1h (hour);

-- The present judgement, one row per centre and requirement.
CREATE TABLE finding (
  site_id      integer NOT NULL,
  requirement  text NOT NULL,
  state        text NOT NULL,
  reason       text NOT NULL,
  since        timestamptz NOT NULL,
  valid_until  timestamptz,
  evaluated_at timestamptz NOT NULL,
  body         jsonb NOT NULL,
  PRIMARY KEY (site_id, requirement)
);

-- Every change of state or reason, and every revision by late data: what an as-of question reads.
CREATE TABLE finding_revision (
  site_id     integer NOT NULL,
  requirement text NOT NULL,
  revision    bigint GENERATED ALWAYS AS IDENTITY,
  from_state  text,
  state       text NOT NULL,
  reason      text NOT NULL,
  at          timestamptz NOT NULL,
  late        boolean NOT NULL DEFAULT false,
  body        jsonb NOT NULL,
  PRIMARY KEY (site_id, requirement, revision)
);
CREATE INDEX finding_revision_at ON finding_revision (at);

CREATE TABLE attestation (
  site_id     integer NOT NULL,
  id          text NOT NULL,
  requirement text NOT NULL,
  item        text,
  at          timestamptz NOT NULL,
  body        jsonb NOT NULL,
  PRIMARY KEY (site_id, id)
);

CREATE TABLE waiver (
  site_id     integer NOT NULL,
  id          text NOT NULL,
  requirement text NOT NULL,
  from_day    date NOT NULL,
  until_day   date NOT NULL,
  body        jsonb NOT NULL,
  PRIMARY KEY (site_id, id)
);

CREATE TABLE incident (
  site_id     integer NOT NULL,
  incident_id bigint GENERATED ALWAYS AS IDENTITY,
  requirement text NOT NULL,
  subject     text NOT NULL DEFAULT '',
  -- soft | open | acknowledged | closed
  state       text NOT NULL,
  began_at    timestamptz NOT NULL,
  opened_at   timestamptz,
  acknowledged_at timestamptz,
  closed_at   timestamptz,
  body        jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (site_id, incident_id)
);
CREATE UNIQUE INDEX incident_one_open ON incident (site_id, requirement, subject) WHERE state <> 'closed';

CREATE TABLE outbox (
  outbox_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site_id     integer NOT NULL DEFAULT 0,
  dedup_key   text NOT NULL UNIQUE,
  channel     text NOT NULL,
  recipient   text NOT NULL,
  body        jsonb NOT NULL,
  created_at  timestamptz NOT NULL,
  next_try_at timestamptz NOT NULL,
  tries       integer NOT NULL DEFAULT 0,
  -- waiting | sent | dead
  state       text NOT NULL DEFAULT 'waiting',
  sent_at     timestamptz,
  last_error  text
);
CREATE INDEX outbox_waiting ON outbox (next_try_at) WHERE state = 'waiting';

CREATE TABLE lease (
  site_id    integer NOT NULL,
  lease_id   text NOT NULL,
  agent_id   text NOT NULL,
  server     text NOT NULL,
  isp        text NOT NULL DEFAULT '',
  granted_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  returned_at timestamptz,
  bytes_max  bigint NOT NULL,
  used_bytes bigint,
  PRIMARY KEY (site_id, lease_id)
);
CREATE INDEX lease_running ON lease (server, expires_at) WHERE returned_at IS NULL;

-- Facts, how far they are durable, and what the rules make of them.
-- Hypertables are partitioned by recorded_at: an edge's wild clock must neither make chunks nor feed retention.
-- depends: 0001_registry

-- Durable through `durable`, without a gap. Never deleted: an edge may come back after years.
CREATE TABLE cursor (
    edge    text NOT NULL,
    epoch   bigint NOT NULL,
    stream  text NOT NULL CHECK (stream IN ('alarm', 'access', 'record')),
    durable bigint NOT NULL,
    PRIMARY KEY (edge, epoch, stream)
) WITH (fillfactor = 60);

-- What content stood under an identity; alarm and access only.
CREATE TABLE ledger (
    edge        text NOT NULL,
    epoch       bigint NOT NULL,
    stream      text NOT NULL CHECK (stream IN ('alarm', 'access')),
    seq         bigint NOT NULL,
    digest      bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (edge, epoch, stream, seq)
);

CREATE INDEX ledger_recorded ON ledger USING brin (recorded_at);

-- `applied`: the place in the order in which this fact and the stimuli were judged (null for the alarm stream: there
-- the stimulus row has it). `estimated_at`: the gateway's best estimate; the claims beside it are never rewritten.
-- `uncertainty` and `elapsed` are microseconds.
CREATE TABLE event (
    recorded_at  timestamptz NOT NULL,
    applied      bigint,
    edge         text NOT NULL,
    epoch        bigint NOT NULL,
    stream       text NOT NULL,
    seq          bigint NOT NULL,
    position     bigint NOT NULL,
    home         text NOT NULL,
    device       text,
    kind         text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    estimated_at timestamptz NOT NULL,
    uncertainty  bigint NOT NULL,
    elapsed      bigint NOT NULL,
    counter      bigint,
    body         jsonb NOT NULL
);

CREATE INDEX event_home ON event (home, occurred_at);

CREATE TABLE observation (
    recorded_at  timestamptz NOT NULL,
    applied      bigint,
    edge         text NOT NULL,
    epoch        bigint NOT NULL,
    stream       text NOT NULL,
    seq          bigint NOT NULL,
    position     bigint NOT NULL,
    home         text NOT NULL,
    device       text,
    quantity     text NOT NULL,
    value        double precision NOT NULL,
    unit         text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    estimated_at timestamptz NOT NULL,
    uncertainty  bigint NOT NULL,
    elapsed      bigint NOT NULL,
    counter      bigint
);

CREATE INDEX observation_home ON observation (home, occurred_at);

CREATE VIEW fact AS
SELECT edge, epoch, stream, seq, position, home, device, kind, occurred_at, received_at, estimated_at, recorded_at,
       uncertainty, elapsed, counter, applied
FROM event
UNION ALL
SELECT edge, epoch, stream, seq, position, home, device, 'observed', occurred_at, received_at, estimated_at, recorded_at,
       uncertainty, elapsed, counter, applied
FROM observation;

-- Proof of a deliberate act at the door. `method` is how (tag, or what moved the bolt), `direction` in, out or unknown.
CREATE TABLE check_in (
    recorded_at timestamptz NOT NULL,
    id          text NOT NULL,
    home        text NOT NULL,
    device      text,
    method      text NOT NULL,
    direction   text NOT NULL CHECK (direction IN ('in', 'out', 'unknown')),
    occurred_at timestamptz NOT NULL,
    edge        text NOT NULL,
    epoch       bigint NOT NULL,
    stream      text NOT NULL,
    seq         bigint NOT NULL
);

CREATE INDEX check_in_home ON check_in (home, occurred_at);

-- One row a transaction of the bulk writer that applied something other than a recorded fact; `body` is a JSON array
-- in the order of application.
CREATE TABLE stimulus (
    recorded_at timestamptz NOT NULL,
    applied     bigint NOT NULL,
    body        bytea NOT NULL
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('event', 'recorded_at', chunk_time_interval => INTERVAL '1 day');
        PERFORM create_hypertable('observation', 'recorded_at', chunk_time_interval => INTERVAL '1 day');
        PERFORM create_hypertable('check_in', 'recorded_at', chunk_time_interval => INTERVAL '30 days');
        PERFORM create_hypertable('stimulus', 'recorded_at', chunk_time_interval => INTERVAL '1 day');
    ELSE
        CREATE INDEX event_recorded ON event (recorded_at);
        CREATE INDEX observation_recorded ON observation (recorded_at);
        CREATE INDEX check_in_recorded ON check_in (recorded_at);
        CREATE INDEX stimulus_recorded ON stimulus (recorded_at);
    END IF;
END
$$;

-- Seqs that will never come: the edge said so and the cursor passed over them.
CREATE TABLE loss (
    edge        text NOT NULL,
    epoch       bigint NOT NULL,
    stream      text NOT NULL,
    first       bigint NOT NULL,
    last        bigint NOT NULL,
    reason      text NOT NULL,
    devices     text[] NOT NULL,
    earliest    timestamptz NOT NULL,
    latest      timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (edge, epoch, stream, first)
);

-- Frames that were turned away, with their bytes; bounded by the writers and by retention. `authentic`: the edge made
-- it, and the cursor passed over its facts where `count` is above 0.
CREATE TABLE quarantine (
    id          bigserial PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    reason      text NOT NULL,
    authentic   boolean NOT NULL,
    topic       text NOT NULL,
    edge        text,
    epoch       bigint,
    stream      text,
    first       bigint,
    count       bigint NOT NULL,
    detail      text NOT NULL,
    frame       bytea NOT NULL
);

-- What is broken, counted; one row a kind and subject, so that a flood of faults is still one line.
CREATE TABLE fault (
    kind     text NOT NULL,
    subject  text NOT NULL,
    count    bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    detail   text NOT NULL,
    PRIMARY KEY (kind, subject)
);

-- Written at most once a minute an edge; memory knows better.
CREATE TABLE edge_seen (
    edge          text PRIMARY KEY,
    last_seen     timestamptz NOT NULL,
    heard_through timestamptz NOT NULL
);

-- Every process that must be alive says so every 2 s.
CREATE TABLE process_seen (
    process text PRIMARY KEY,
    seen_at timestamptz NOT NULL,
    detail  jsonb NOT NULL
);

-- A home as the rules know it, through `applied`.
CREATE TABLE home_state (
    home    text PRIMARY KEY,
    state   bytea NOT NULL,
    applied bigint NOT NULL,
    wake_at timestamptz
) WITH (fillfactor = 60);

-- How far the states of a shard are on disk: whatever they do not include has recorded_at no earlier than this.
CREATE TABLE shard_state (
    shard       smallint PRIMARY KEY,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 60);

-- Each term of a writer counts `applied` from a higher start than the one before.
CREATE SEQUENCE writer_term;

-- A rule fires once for a subject and window, whatever is applied again after a crash.
CREATE TABLE firing (
    rule        text NOT NULL,
    subject     text NOT NULL,
    "window"    text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (rule, subject, "window")
);

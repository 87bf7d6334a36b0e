-- Alerts, what happened to them, and the roads out: the desk's feed, the outbox, the bulk lane's inbox, the read log.
-- No foreign key leads to the registry: its row locks would let another transaction hold up an alarm.
-- depends: 0002_facts

CREATE TABLE alert (
    id               text PRIMARY KEY,
    home             text NOT NULL,
    condition        text NOT NULL,
    subject          text,
    occurred_at      timestamptz NOT NULL,
    raised_at        timestamptz NOT NULL,
    last_occurred_at timestamptz NOT NULL,
    occurrences      bigint NOT NULL CHECK (occurrences > 0),
    active           boolean NOT NULL,
    standing         text NOT NULL CHECK (standing IN ('raised', 'acknowledged', 'resolved')),
    version          integer NOT NULL,
    claimed_by       text,
    acknowledged_by  text,
    resolved_by      text,
    reason           text,
    redelivered      boolean NOT NULL,
    explanation      jsonb NOT NULL,
    transition       text NOT NULL
);

-- At most one open alert a home and condition: every repeat is an occurrence on it.
CREATE UNIQUE INDEX alert_open ON alert (home, condition) WHERE standing <> 'resolved';
CREATE INDEX alert_active ON alert (home, condition) WHERE active;
CREATE INDEX alert_by_time ON alert (raised_at DESC);
CREATE INDEX alert_of_home ON alert (home, raised_at DESC);

-- One row a happening that was counted. `id` is derived from the fact (or from home, condition and window).
CREATE TABLE occurrence (
    id          text PRIMARY KEY,
    alert       text NOT NULL,
    edge        text,
    epoch       bigint,
    stream      text,
    seq         bigint,
    presses     integer NOT NULL CHECK (presses > 0),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

CREATE INDEX occurrence_of_alert ON occurrence (alert);

-- Every transition of every alert; never changed.
CREATE TABLE alert_log (
    recorded_at timestamptz NOT NULL,
    alert       text NOT NULL,
    version     integer NOT NULL,
    transition  text NOT NULL,
    home        text NOT NULL,
    condition   text NOT NULL,
    person      text,
    reason      text,
    edge        text,
    epoch       bigint,
    stream      text,
    seq         bigint
);

CREATE UNIQUE INDEX alert_log_version ON alert_log (alert, version, recorded_at);
CREATE INDEX alert_log_home ON alert_log (home, recorded_at DESC);

-- What desks must see. `id` is taken before the commit and says nothing about order; `number` is given after the
-- commit by the one relay, and readers use nothing else. `body` is the alert as it stood after the transition.
CREATE TABLE feed (
    id          bigserial PRIMARY KEY,
    number      bigint UNIQUE,
    alert       text NOT NULL,
    version     integer NOT NULL,
    recorded_at timestamptz NOT NULL,
    body        jsonb NOT NULL
);

CREATE INDEX feed_unnumbered ON feed (id) WHERE number IS NULL;

-- What must leave the house (messages, handovers), written with the alert; `key` makes a repeat one row.
CREATE TABLE outbox (
    id         bigserial PRIMARY KEY,
    kind       text NOT NULL,
    key        text NOT NULL UNIQUE,
    body       jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at    timestamptz
);

CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

-- Alarm facts for the bulk lane, the only writer of home state. `body` is the encoded envelope.
CREATE TABLE inbox (
    id          bigserial PRIMARY KEY,
    shard       smallint NOT NULL,
    home        text NOT NULL,
    edge        text NOT NULL,
    epoch       bigint NOT NULL,
    stream      text NOT NULL,
    seq         bigint NOT NULL,
    body        bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    consumed_at timestamptz
);

CREATE INDEX inbox_waiting ON inbox (shard, id) WHERE consumed_at IS NULL;

-- Alarm facts that the gateway once receipted and no longer has (a restored backup): up to `receipted` whatever
-- arrives anew of this epoch is a redelivery and is shown as one.
CREATE TABLE forgotten (
    edge       text NOT NULL,
    epoch      bigint NOT NULL,
    receipted  bigint NOT NULL,
    noticed_at timestamptz NOT NULL,
    PRIMARY KEY (edge, epoch)
);

-- A press that an edge sent and lost before its journal had it is told again in the edge's next epoch: its device's
-- counter says that it is the same one.
CREATE INDEX event_alarm_counter ON event (device, counter) WHERE stream = 'alarm' AND counter IS NOT NULL;

-- Who was shown which home, when and by which call.
CREATE TABLE read_log (
    at     timestamptz NOT NULL,
    person text NOT NULL,
    what   text NOT NULL,
    home   text NOT NULL
);

CREATE INDEX read_log_home ON read_log (home, at DESC);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('alert_log', by_range('recorded_at', INTERVAL '7 days'), create_default_indexes => false);
        PERFORM create_hypertable('read_log', by_range('at', INTERVAL '7 days'), create_default_indexes => false);
    END IF;
END
$$;

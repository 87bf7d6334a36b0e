-- Who is under care, with what: units, homes, edges, devices, and which edge stood in which home when.
-- Names and addresses live here only; every other table, topic and log carries opaque ids.

CREATE TABLE unit (
    id    text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    label text NOT NULL
);

CREATE TABLE home (
    id        text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    unit      text NOT NULL REFERENCES unit,
    shard     smallint NOT NULL CHECK (shard BETWEEN 0 AND 255),
    label     text NOT NULL,
    address   text NOT NULL,
    resident  text NOT NULL,
    time_zone text NOT NULL,
    settings  jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX home_unit ON home (unit);

CREATE TABLE edge (
    id          text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    public_key  bytea NOT NULL CHECK (octet_length(public_key) = 32),
    enrolled_at timestamptz NOT NULL
);

-- An edge may move: what it stated while it stood in a home stays that home's.
CREATE TABLE edge_home (
    edge        text NOT NULL REFERENCES edge,
    home        text NOT NULL REFERENCES home,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz CHECK (valid_until > valid_from),
    PRIMARY KEY (edge, home, valid_from)
);

CREATE INDEX edge_home_home ON edge_home (home);

CREATE TABLE device (
    id            text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    home          text NOT NULL REFERENCES home,
    edge          text NOT NULL REFERENCES edge,
    driver        text NOT NULL,
    address       text NOT NULL,
    placement     text NOT NULL,
    capabilities  text[] NOT NULL,
    reports_every integer CHECK (reports_every > 0)
);

CREATE INDEX device_home ON device (home);

-- Rises with every change of the tables above, in the same transaction, so that a process reads them again.
CREATE TABLE registry_change (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
);

INSERT INTO registry_change (number) VALUES (0);

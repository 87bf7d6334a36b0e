-- What was planned, what was done at the door, and by what it is known. No table here knows where a person is: a visit
-- has a home, never a position.
-- depends: 0003_alerts

-- One row a plan that was taken over. `exported_at`: when the planning system says that it wrote it.
CREATE TABLE plan_import (
    id          text PRIMARY KEY,
    unit        text NOT NULL,
    person      text NOT NULL,
    imported_at timestamptz NOT NULL,
    exported_at timestamptz NOT NULL,
    digest      bytea NOT NULL,
    rows        integer NOT NULL,
    new         integer NOT NULL,
    changed     integer NOT NULL,
    unchanged   integer NOT NULL,
    cancelled   integer NOT NULL
);

CREATE INDEX plan_import_unit ON plan_import (unit, exported_at DESC);

-- The plan as it last came. What it is called elsewhere is (unit, external_id).
CREATE TABLE planned_visit (
    id          text PRIMARY KEY,
    unit        text NOT NULL,
    external_id text NOT NULL,
    home        text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL CHECK (until > since),
    people      text[] NOT NULL CHECK (cardinality(people) > 0),
    tasks       text[] NOT NULL,
    cancelled   boolean NOT NULL,
    import      text NOT NULL REFERENCES plan_import,
    version     integer NOT NULL,
    UNIQUE (unit, external_id)
);

-- A visit as it stands. Home, times and people are the plan's until somebody came, and are its own from then on.
-- `standing`, `started_at` and `ended_at` are what `homecare.visit` makes of the evidence.
CREATE TABLE visit (
    id         text PRIMARY KEY,
    unit       text NOT NULL,
    home       text NOT NULL,
    planned    boolean NOT NULL,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    people     text[] NOT NULL,
    tasks      text[] NOT NULL,
    cancelled  boolean NOT NULL,
    overdue    boolean NOT NULL,
    standing   text NOT NULL CHECK
        (standing IN ('planned', 'started', 'ended', 'partial', 'declined', 'no_entry', 'cancelled')),
    started_at timestamptz,
    ended_at   timestamptz,
    version    integer NOT NULL
);

CREATE INDEX visit_of_unit ON visit (unit, since);
CREATE INDEX visit_of_home ON visit (home, since);
CREATE INDEX visit_of_person ON visit USING gin (people);
CREATE INDEX visit_open ON visit (until) WHERE standing = 'started';

-- What is known about a visit; added to, never changed. `id` makes a repeat one row. Two times each: what the phone or
-- the home claims, and when we had it.
CREATE TABLE visit_evidence (
    id          text PRIMARY KEY,
    visit       text NOT NULL REFERENCES visit,
    person      text NOT NULL,
    proof       text NOT NULL CHECK (proof IN ('door', 'tag', 'by_hand')),
    movement    text NOT NULL CHECK (movement IN ('arrived', 'left', 'present', 'declined', 'no_entry')),
    claimed_at  timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    number      integer NOT NULL,
    reason      text NOT NULL,
    UNIQUE (visit, number)
);

CREATE INDEX visit_evidence_person ON visit_evidence (person, received_at DESC);

-- Every transition of every visit; never changed.
CREATE TABLE visit_log (
    recorded_at timestamptz NOT NULL,
    visit       text NOT NULL,
    version     integer NOT NULL,
    transition  text NOT NULL,
    standing    text NOT NULL,
    home        text NOT NULL,
    person      text,
    evidence    text,
    claimed_at  timestamptz,
    reason      text NOT NULL
);

CREATE INDEX visit_log_visit ON visit_log (visit, recorded_at);
CREATE INDEX visit_log_home ON visit_log (home, recorded_at DESC);

-- Somebody stood before a door that did not open. It ends only by a named person with a reason.
CREATE TABLE no_entry (
    id             text PRIMARY KEY,
    visit          text NOT NULL REFERENCES visit,
    unit           text NOT NULL,
    home           text NOT NULL,
    person         text NOT NULL,
    claimed_at     timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    reason         text NOT NULL,
    closed_by      text,
    closed_at      timestamptz,
    closing_key    text,
    closing_reason text,
    CHECK ((closed_by IS NULL) = (closed_at IS NULL) AND (closed_by IS NULL) = (closing_reason IS NULL))
);

CREATE INDEX no_entry_open ON no_entry (unit, received_at) WHERE closed_at IS NULL;

-- An NFC tag (NTAG 424 DNA) at a home. Its keys are in no table: they are derived from a key file and its uid.
-- `place`: at the door, where it proves that somebody stands before it, or inside, where it starts and ends a visit.
CREATE TABLE tag (
    id         text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    uid        bytea NOT NULL UNIQUE CHECK (octet_length(uid) = 7),
    home       text NOT NULL,
    place      text NOT NULL CHECK (place IN ('door', 'inside')),
    counter    integer NOT NULL DEFAULT -1,
    enrolled_at timestamptz NOT NULL,
    retired_at timestamptz
);

CREATE INDEX tag_of_home ON tag (home);

-- Every reading that counted. The same reading sent again with the same key is the same reading; all others of an old
-- counter are refused.
CREATE TABLE tag_read (
    tag     text NOT NULL REFERENCES tag,
    counter integer NOT NULL,
    person  text NOT NULL,
    key     text NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (tag, counter)
);

-- From now on a person comes and goes by phone too: then no edge stands behind the row.
ALTER TABLE check_in
    ADD COLUMN person text,
    ADD COLUMN visit text,
    ADD COLUMN evidence text,
    ALTER COLUMN edge DROP NOT NULL,
    ALTER COLUMN epoch DROP NOT NULL,
    ALTER COLUMN stream DROP NOT NULL,
    ALTER COLUMN seq DROP NOT NULL;

CREATE INDEX check_in_visit ON check_in (visit) WHERE visit IS NOT NULL;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('visit_log', by_range('recorded_at', INTERVAL '7 days'), create_default_indexes => false);
    END IF;
END
$$;

-- Doors: proofs of standing at one, what was asked of one and how it ended, what the homes said, and the audit.
-- Opaque ids only; a person is a pseudonym here.
-- depends: 0003_alerts

-- The newest proof that a person stands at a home's door.
CREATE TABLE proximity (
    person     text NOT NULL,
    home       text NOT NULL,
    how        text NOT NULL,
    proved_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (person, home)
);

-- A remote opening that waits for a second person. `command` is set with the approval, in its transaction.
CREATE TABLE remote_opening (
    id           text PRIMARY KEY,
    person       text NOT NULL,
    key          text NOT NULL,
    home         text NOT NULL,
    action       text NOT NULL,
    purpose_kind text NOT NULL CHECK (purpose_kind IN ('visit', 'alert')),
    purpose_id   text NOT NULL,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    second       text,
    answered_at  timestamptz,
    command      text,
    CHECK (second <> person),
    UNIQUE (person, key)
);

CREATE INDEX remote_opening_waiting ON remote_opening (expires_at) WHERE answered_at IS NULL;

-- What a person asked of a door (or had a home told), and how it ended; the first end stands. `late_standing` is what the home said after
-- the deadline had closed the command as unknown: it is added, never put in the place of what was shown.
CREATE TABLE command (
    id             text PRIMARY KEY,
    person         text NOT NULL,
    key            text NOT NULL,
    home           text NOT NULL,
    device         text,
    edge           text NOT NULL,
    action         text NOT NULL,
    message        text,
    purpose_kind   text NOT NULL CHECK (purpose_kind IN ('visit', 'alert')),
    purpose_id     text NOT NULL,
    how            text NOT NULL CHECK (how IN ('at_the_door', 'remote', 'locking', 'announcement')),
    "grant"        jsonb,
    second_person  text,
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    closes_at      timestamptz NOT NULL,
    sent_at        timestamptz,
    taken_at       timestamptz,
    standing       text NOT NULL DEFAULT 'issued'
        CHECK (standing IN ('issued', 'sent', 'taken', 'done', 'failed', 'refused', 'unknown')),
    reason         text,
    state          text,
    ended_at       timestamptz,
    late_standing  text,
    late_reason    text,
    late_state     text,
    late_at        timestamptz,
    UNIQUE (person, key),
    CHECK (second_person <> person),
    CHECK (how <> 'remote' OR second_person IS NOT NULL),
    CHECK ((how = 'announcement') = ("grant" IS NULL)),
    CHECK ((how = 'announcement') = (message IS NOT NULL)),
    CHECK (how = 'announcement' OR device IS NOT NULL),
    CHECK ((ended_at IS NULL) = (standing IN ('issued', 'sent', 'taken')))
);

-- One command under way at a door: two people who tap at once do not open it twice.
CREATE UNIQUE INDEX command_under_way ON command (device) WHERE standing IN ('issued', 'sent', 'taken');
CREATE INDEX command_closing ON command (closes_at) WHERE standing IN ('issued', 'sent', 'taken');
CREATE INDEX command_home ON command (home, issued_at DESC);
CREATE INDEX command_device_ended ON command (device, ended_at) WHERE standing IN ('failed', 'unknown');

CREATE INDEX outbox_command ON outbox (id) WHERE kind = 'command' AND sent_at IS NULL;

-- A lock as it stood when it was last heard of.
CREATE TABLE lock_state (
    device      text PRIMARY KEY,
    home        text NOT NULL,
    state       text NOT NULL,
    cause       text NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

CREATE INDEX lock_state_home ON lock_state (home);

-- Facts of the access stream for whoever watches the doors. One home's facts are inserted by one writer, in order.
-- `problem`: it could not be taken, and why.
CREATE TABLE door_inbox (
    id          bigserial PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    edge        text NOT NULL,
    epoch       bigint NOT NULL,
    stream      text NOT NULL,
    seq         bigint NOT NULL,
    home        text NOT NULL,
    device      text,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    body        jsonb NOT NULL,
    consumed_at timestamptz,
    problem     text,
    UNIQUE (edge, epoch, stream, seq)
);

CREATE INDEX door_inbox_waiting ON door_inbox (id) WHERE consumed_at IS NULL;

-- Who did what to whom, when and why. Every row carries the digest of the one before, so that a row changed, taken out
-- or put in breaks the chain from there on. `number` is gapless. Rows are only ever inserted.
CREATE TABLE audit (
    number   bigint PRIMARY KEY,
    at       timestamptz NOT NULL,
    person   text NOT NULL,
    action   text NOT NULL,
    subject  text NOT NULL,
    home     text,
    purpose  text,
    result   text NOT NULL,
    reason   text,
    previous bytea NOT NULL,
    digest   bytea NOT NULL
);

CREATE INDEX audit_home ON audit (home, number DESC);
CREATE INDEX audit_person ON audit (person, number DESC);

-- The chain's end: whoever appends holds this row until the commit.
CREATE TABLE audit_head (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL,
    digest bytea NOT NULL
);

INSERT INTO audit_head (number, digest) VALUES (0, decode(repeat('00', 32), 'hex'));

-- One field of a row as the digest takes it: its length in bytes, a colon and its UTF-8; a dash for nothing.
CREATE FUNCTION audit_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN value IS NULL THEN convert_to('-', 'UTF8')
   ELSE convert_to(octet_length(convert_to(value, 'UTF8'))::text || ':', 'UTF8') || convert_to(value, 'UTF8') END $$;

-- Number, previous and digest are the database's own; whatever was given for them is replaced.
CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_head;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    NEW.number := head.number + 1;
    NEW.previous := head.digest;
    NEW.digest := sha256(
        NEW.previous
        || audit_field(NEW.number::text)
        || audit_field((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
        || audit_field(NEW.person) || audit_field(NEW.action) || audit_field(NEW.subject) || audit_field(NEW.home)
        || audit_field(NEW.purpose) || audit_field(NEW.result) || audit_field(NEW.reason)
    );
    UPDATE audit_head SET number = NEW.number, digest = NEW.digest;
    RETURN NEW;
END
$$;

CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_append BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_append();
CREATE TRIGGER audit_keep_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_keep_table BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_keep();

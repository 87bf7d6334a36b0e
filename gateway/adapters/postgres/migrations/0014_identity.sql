-- Which edge was let in by whom, with which certificate; who consents to what; and how a home comes into service.
-- depends: 0010_people

-- A code lets one edge into one home, once. Only its SHA-256 is kept. `devices` become the edge's with the claim.
CREATE TABLE claim_code (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    home       text NOT NULL REFERENCES home,
    devices    jsonb NOT NULL,
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at),
    used_at    timestamptz,
    edge       text REFERENCES edge
);

CREATE TABLE certificate (
    serial    text PRIMARY KEY,
    edge      text NOT NULL REFERENCES edge,
    issued_at timestamptz NOT NULL,
    due_at    timestamptz NOT NULL
);

CREATE INDEX certificate_edge ON certificate (edge, issued_at);

-- An edge whose rights were taken away: stolen, replaced, ended.
ALTER TABLE edge ADD COLUMN revoked_at timestamptz;

-- Who lives in the home and must consent: the resident, and whoever permanently lives there too. Pseudonyms only.
CREATE TABLE household_member (
    id   text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    home text NOT NULL REFERENCES home,
    kind text NOT NULL CHECK (kind IN ('resident', 'cohabitant')),
    left_at timestamptz
);

CREATE INDEX household_member_home ON household_member (home);

-- Never deleted: withdrawing is another column, consenting anew another row.
CREATE TABLE consent (
    id           text PRIMARY KEY,
    member       text NOT NULL REFERENCES household_member,
    purpose      text NOT NULL CHECK (purpose IN ('sensors')),
    given_at     timestamptz NOT NULL,
    recorded_by  text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text
);

CREATE UNIQUE INDEX consent_active ON consent (member, purpose) WHERE withdrawn_at IS NULL;

-- What was seen and tried before the home may count on us.
CREATE TABLE commissioning (
    home text NOT NULL REFERENCES home,
    step text NOT NULL CHECK (step IN ('press_seen', 'way_in_tested', 'in_service')),
    at   timestamptz NOT NULL,
    by   text NOT NULL,
    proof text NOT NULL,
    PRIMARY KEY (home, step)
);

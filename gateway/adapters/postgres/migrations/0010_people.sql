-- Who may sign in, in which unit with which roles, by which passkey; and the words that differ between municipalities.
-- depends: 0003_alerts

CREATE TABLE municipality (
    id    text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    label text NOT NULL
);

-- A unit without a municipality speaks with the built-in words.
ALTER TABLE unit ADD COLUMN municipality text REFERENCES municipality;

-- What a municipality calls a thing; a term without a row has the built-in words.
CREATE TABLE setting_word (
    municipality text NOT NULL REFERENCES municipality,
    term         text NOT NULL CHECK (term ~ '^[a-z][a-z_]{1,39}$'),
    sv           text NOT NULL CHECK (length(sv) BETWEEN 1 AND 200),
    en           text NOT NULL CHECK (length(en) BETWEEN 1 AND 200),
    PRIMARY KEY (municipality, term)
);

-- `id` is the pseudonym that every other table, topic and log carries. `name` and `display` are for authorised screens
-- only; `display` is what colleagues see, told apart within the unit.
CREATE TABLE person (
    id         text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    unit       text NOT NULL REFERENCES unit,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    display    text NOT NULL CHECK (length(display) BETWEEN 1 AND 60),
    revoked_at timestamptz,
    UNIQUE (unit, display)
);

CREATE TABLE person_role (
    person text NOT NULL REFERENCES person,
    unit   text NOT NULL REFERENCES unit,
    role   text NOT NULL CHECK (role IN ('caregiver', 'operator', 'coordinator', 'integrator', 'administrator')),
    PRIMARY KEY (person, unit, role)
);

CREATE INDEX person_role_unit ON person_role (unit, role);

-- `id` is the credential's, `public_key` its COSE key. A sign count that does not rise is a copied key.
CREATE TABLE passkey (
    id           bytea PRIMARY KEY CHECK (octet_length(id) BETWEEN 16 AND 1023),
    person       text NOT NULL REFERENCES person,
    public_key   bytea NOT NULL,
    sign_count   bigint NOT NULL CHECK (sign_count >= 0),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
);

CREATE INDEX passkey_person ON passkey (person);

-- A browser that is signed in. The cookie holds the secret, this table only its SHA-256. `verified_at`: when the
-- person last proved to be there (passkey with user verification).
CREATE TABLE web_session (
    id          text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{8,40}$'),
    digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    person      text NOT NULL REFERENCES person,
    how         text NOT NULL CHECK (how IN ('passkey', 'demonstration')),
    created_at  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    verified_at timestamptz NOT NULL,
    ended_at    timestamptz
);

CREATE INDEX web_session_person ON web_session (person) WHERE ended_at IS NULL;

-- Lets one person make one passkey, once. The address holds the secret, this table only its SHA-256.
CREATE TABLE invitation (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    person     text NOT NULL REFERENCES person,
    invited_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

-- A challenge that waits for its answer: whoever answers takes the row away, so that an answer counts once.
CREATE TABLE ceremony (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    purpose    text NOT NULL CHECK (purpose IN ('register', 'sign_in')),
    person     text,
    expires_at timestamptz NOT NULL
);

CREATE INDEX ceremony_expires ON ceremony (expires_at);

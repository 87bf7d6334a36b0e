-- What people did about an alert, what is to be done in a home, who stands behind a unit, and messages on their way out.
-- depends: 0010_people

-- `handling` is `homecare.case.Case`. `due_at`: when the ladder must look at the alert, NULL for never. `responder`:
-- the pseudonym of whoever it was sent to last.
ALTER TABLE alert ADD COLUMN handling jsonb NOT NULL DEFAULT '{}';
ALTER TABLE alert ADD COLUMN due_at timestamptz;
ALTER TABLE alert ADD COLUMN responder text GENERATED ALWAYS AS (handling -> 'response' ->> 'person') STORED;

CREATE INDEX alert_due ON alert (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alert_responder ON alert (responder, raised_at DESC) WHERE responder IS NOT NULL;

-- Calls that were open before there was a ladder begin to climb it now.
UPDATE alert SET due_at = now()
WHERE standing <> 'resolved' AND condition IN ('help_call', 'fall', 'hazard', 'unreadable_alarm');

-- What a transition said beside the alert itself: to whom, with what result, which rung.
ALTER TABLE alert_log ADD COLUMN detail jsonb;

-- What is to be done when an alarm comes from this home, and the link by which the home is called (tel: or sip:).
CREATE TABLE instruction (
    home       text PRIMARY KEY,
    text       text NOT NULL CHECK (length(text) <= 2000),
    call_link  text CHECK (call_link ~ '^(tel:\+?[0-9-]{3,20}|sips?:[A-Za-z0-9@._+-]{3,80})$'),
    version    integer NOT NULL CHECK (version > 0),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- Every instruction that was ever in force; never changed.
CREATE TABLE instruction_log (
    home       text NOT NULL,
    version    integer NOT NULL,
    text       text NOT NULL,
    call_link  text,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (home, version)
);

-- Whose desks ring too when nobody in the unit has taken a call in time.
CREATE TABLE unit_backup (
    unit   text NOT NULL,
    backup text NOT NULL CHECK (backup <> unit),
    PRIMARY KEY (unit, backup)
);

-- A message is tried until it is sent, given up at `failed_at`, or no longer worth sending.
ALTER TABLE outbox ADD COLUMN attempts integer NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next_at timestamptz;
ALTER TABLE outbox ADD COLUMN failed_at timestamptz;
ALTER TABLE outbox ADD COLUMN last_error text;

CREATE INDEX outbox_webhook ON outbox (next_at) WHERE kind = 'webhook' AND sent_at IS NULL AND failed_at IS NULL;

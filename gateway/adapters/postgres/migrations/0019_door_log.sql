-- Who lives in a home consents to a log at its door apart from consenting to sensors; a planned visit's right needs it.
-- depends: 0018_staff_inbox

ALTER TABLE consent DROP CONSTRAINT consent_purpose_check;
ALTER TABLE consent ADD CONSTRAINT consent_purpose_check CHECK (purpose IN ('sensors', 'door_log'));

-- Whether a door of this home waits for that consent. In homes of before nobody was ever asked: their doors open as
-- before, until the first answer is recorded. No consent is made up.
ALTER TABLE home ADD COLUMN door_log_asked boolean NOT NULL DEFAULT true;
UPDATE home SET door_log_asked = false;

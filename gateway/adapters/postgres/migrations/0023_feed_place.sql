-- Whose turn it is to be numbered: 0 calls, 1 concerns, 2 faults; what an older process still writes counts as a call.
-- depends: 0022_retention_clock

ALTER TABLE feed ADD COLUMN place smallint NOT NULL DEFAULT 0 CHECK (place BETWEEN 0 AND 2);

CREATE INDEX feed_waiting ON feed (place, id) WHERE number IS NULL;
DROP INDEX feed_unnumbered;

-- The visits' view looks for who could not get in by the visits that it shows.
-- depends: 0020_beside

CREATE INDEX no_entry_visit ON no_entry (visit);

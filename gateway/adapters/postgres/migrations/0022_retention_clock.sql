-- The time that retention deletes by. It lives here so that no restart forgets it: a clock that jumps is believed at a
-- bounded pace only. Where it begins: what is here already was recorded by then, whatever the clocks say today.
-- `moved_at` is the database's clock when it last moved.
-- depends: 0021_no_entry_visit

CREATE TABLE retention_clock (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    believed timestamptz NOT NULL,
    moved_at timestamptz NOT NULL
);

INSERT INTO retention_clock (believed, moved_at)
SELECT least(greatest((SELECT max(recorded_at) FROM event), (SELECT max(at) FROM read_log)), now()), now();

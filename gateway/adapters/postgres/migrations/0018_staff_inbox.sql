-- Who from the staff is inside which home, on its way from the writer of visits and cases to the writer of home state.
-- Written in the transaction that changes the visit or the case, deleted in the one that judges by it. One attendance's
-- rows are written under the lock of its visit or alert, so ids order them.
-- depends: 0017_renewal

CREATE TABLE staff_inbox (
    id          bigserial PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    home        text NOT NULL,
    attendance  text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz,
    bound       timestamptz NOT NULL,
    seen        boolean NOT NULL
);

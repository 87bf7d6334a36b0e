-- What is looked for once an hour by age alone: a few pages for millions of rows that lie in the order of their time.
-- depends: 0014_identity

CREATE INDEX visit_until ON visit USING brin (until);
CREATE INDEX planned_visit_until ON planned_visit USING brin (until);
CREATE INDEX command_issued ON command USING brin (issued_at);
CREATE INDEX outbox_created ON outbox USING brin (created_at);
CREATE INDEX read_log_at ON read_log USING brin (at);

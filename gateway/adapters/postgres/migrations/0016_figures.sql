-- What supervisors ask for some times a minute, of the last hour: a few entries of an index each.
-- depends: 0015_retention

CREATE INDEX alert_log_escalated ON alert_log (recorded_at) WHERE transition = 'escalated';
CREATE INDEX audit_denied ON audit (at) WHERE result = 'denied';
CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;

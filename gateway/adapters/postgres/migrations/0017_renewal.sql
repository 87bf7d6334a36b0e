-- An edge renews its certificate by itself. Rows are never deleted: they are the record of what was given to whom.
-- depends: 0016_figures

-- `key` is the SHA-256 of the certified public key: one key gets one certificate, however often it is asked for.
-- `seen_at` is when the edge first proved to use it; until then the one before counts.
ALTER TABLE certificate
    ADD COLUMN key     bytea CHECK (octet_length(key) = 32),
    ADD COLUMN pem     bytea CHECK (octet_length(pem) <= 4096),
    ADD COLUMN seen_at timestamptz;

UPDATE certificate SET seen_at = issued_at;

CREATE UNIQUE INDEX certificate_key ON certificate (edge, key);

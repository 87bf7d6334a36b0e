"""The tables of the journal, and how its rows are counted against the quota.

`epoch` and `cursor` rows are never deleted: they are what the edge knows of its own past (protocol rules 1, 2, 10).
Times of retention are counted in `age`: microseconds that the journal was open, over all starts. A wrong wall clock
cannot shorten it, and time switched off only keeps rows longer.
"""

from typing import Final

from homecare.event import Stream

VERSION: Final = 1
"""Written to the file's `user_version`; a file of another version is set aside, never guessed at."""

SCHEMA: Final = """
CREATE TABLE life (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  age INTEGER NOT NULL,                     -- microseconds open, over all starts
  used INTEGER NOT NULL                     -- bytes counted against the quota
);
INSERT INTO life VALUES (1, 0, 0);
CREATE TABLE epoch (
  number INTEGER PRIMARY KEY,               -- order of opening
  epoch INTEGER NOT NULL UNIQUE,
  predecessor INTEGER,                      -- the epoch before; NULL for the first
  position INTEGER NOT NULL                 -- the last position assigned
);
CREATE TABLE cursor (
  epoch INTEGER NOT NULL REFERENCES epoch (epoch),
  stream INTEGER NOT NULL,                  -- 1 alarm, 2 access, 3 record
  head INTEGER NOT NULL,                    -- the last seq assigned
  receipted INTEGER NOT NULL,               -- durable at the gateway, by its receipt
  PRIMARY KEY (epoch, stream)
) WITHOUT ROWID;
CREATE INDEX undrained ON cursor (epoch) WHERE receipted < head;
CREATE TABLE fact (
  epoch INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  telemetry INTEGER NOT NULL,               -- 1 where the quota may evict it
  device TEXT,
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL,                       -- the envelope, encoded once
  PRIMARY KEY (epoch, stream, seq)
) WITHOUT ROWID;
CREATE TABLE hole (
  epoch INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  reason TEXT NOT NULL,                     -- evicted or released
  devices TEXT NOT NULL,                    -- JSON array, empty where released
  earliest INTEGER NOT NULL,
  latest INTEGER NOT NULL,
  PRIMARY KEY (epoch, stream, first)
) WITHOUT ROWID;
CREATE TABLE mark (
  epoch INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  age INTEGER NOT NULL,                     -- end of the hour in which the receipt came
  through INTEGER NOT NULL,
  PRIMARY KEY (epoch, stream, age)
) WITHOUT ROWID;
CREATE TABLE counter (
  device TEXT PRIMARY KEY,
  counter INTEGER NOT NULL                  -- the device's own, stored with the facts that it vouches for
) WITHOUT ROWID;
"""

STREAM_CODE: Final = {Stream.ALARM: 1, Stream.ACCESS: 2, Stream.RECORD: 3}
STREAM_OF_CODE: Final = {code: stream for stream, code in STREAM_CODE.items()}

FACT_OVERHEAD: Final = 80
"""Bytes beside the body that a fact takes on disk (keys, device, page fill), measured at about 75."""
HOLE_BYTES: Final = 64
"""Bytes that a hole takes."""

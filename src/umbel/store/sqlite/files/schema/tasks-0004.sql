-- Tasks by minute, ten minutes and hour (`level` seconds) and by one value of a field (see
-- files/value_rollups.py and stored_numbers.py): how many were first seen and how many ended, how,
-- and MessagePack pairs of latency bucket and count of their run times and waits, with their sums.
CREATE TABLE value_roll (
    field INTEGER, level INTEGER, start INTEGER, value INTEGER,
    seen INTEGER NOT NULL, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL, revoked INTEGER NOT NULL,
    runtime_s REAL NOT NULL, wait_s REAL NOT NULL, runtimes BLOB, waits BLOB,
    PRIMARY KEY (field, level, start, value)
) WITHOUT ROWID;

-- Hours (`start`) with more values of a field than are kept: at `level` 60 by minute, at 3600 at all.
CREATE TABLE value_roll_full (
    field INTEGER, level INTEGER, start INTEGER, PRIMARY KEY (field, level, start)
) WITHOUT ROWID;

-- Tasks with ids from `since` on are in `value_roll`; the others come behind the writes.
CREATE TABLE value_roll_progress (since INTEGER NOT NULL);
INSERT INTO value_roll_progress SELECT ifnull(max(id), 0) + 1 FROM task;

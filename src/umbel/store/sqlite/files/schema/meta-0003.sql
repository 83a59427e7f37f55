-- How far the count of each worker process was followed (MessagePack; see services/ingest/loss.py).
CREATE TABLE process (
    hostname TEXT NOT NULL,
    pid INTEGER NOT NULL,
    at REAL NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (hostname, pid)
) WITHOUT ROWID;
-- Started tasks that were never heard of, by process and the two heartbeats between which.
CREATE TABLE loss (
    hostname TEXT NOT NULL,
    pid INTEGER NOT NULL,
    begin_at REAL NOT NULL,
    end_at REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (hostname, pid, end_at)
) WITHOUT ROWID;
-- Spans of time in which events may have passed unseen by a collector, and why.
CREATE TABLE gap (
    collector TEXT NOT NULL,
    cause TEXT NOT NULL,
    begin_at REAL NOT NULL,
    end_at REAL NOT NULL,
    PRIMARY KEY (collector, cause, end_at)
) WITHOUT ROWID;

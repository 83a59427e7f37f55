-- What each collector has counted since its start, for /metrics: MessagePack, compressed.
CREATE TABLE tally (
    name TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;

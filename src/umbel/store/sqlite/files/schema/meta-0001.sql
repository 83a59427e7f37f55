-- umbel.db: what concerns the whole directory.

-- One row for each file of tasks, in order of age; the last one is hot.
CREATE TABLE partition (
    number INTEGER PRIMARY KEY,
    sealed INTEGER NOT NULL DEFAULT 0
);

-- Workers as MessagePack, by node name; `heard` is the latest time anything came from one.
CREATE TABLE worker (
    hostname TEXT PRIMARY KEY,
    heard REAL NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;

-- What each collector said of itself last, as MessagePack.
CREATE TABLE collector (
    name TEXT PRIMARY KEY,
    at REAL NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;

-- Change numbers go on from here when the partition that held the newest was removed.
CREATE TABLE floor (seq INTEGER NOT NULL);
INSERT INTO floor VALUES (0);

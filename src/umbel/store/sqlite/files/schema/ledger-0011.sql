-- Searches that people saved, each of its owner ("" where nobody logs in). Times are Unix seconds;
-- `tz` is the zone of times in `q` that name none.
CREATE TABLE saved_search (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    q TEXT NOT NULL,
    "order" TEXT NOT NULL,
    tz TEXT NOT NULL,
    shared INTEGER NOT NULL,
    created REAL NOT NULL,
    changed REAL NOT NULL,
    changed_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX saved_search_owner ON saved_search (owner);
CREATE INDEX saved_search_shared ON saved_search (shared) WHERE shared;

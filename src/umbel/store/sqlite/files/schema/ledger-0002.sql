-- Sessions of browsers that were logged out before their end (`expires`, Unix seconds). Each
-- is forgotten once it would have ended by itself.
CREATE TABLE ended_session (
    id TEXT PRIMARY KEY,
    expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX ended_session_expires ON ended_session (expires);

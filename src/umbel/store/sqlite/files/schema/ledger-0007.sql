-- Tokens for tasks of some names and queues alone (JSON lists), and who made them.
ALTER TABLE token ADD COLUMN names TEXT;
ALTER TABLE token ADD COLUMN queues TEXT;
ALTER TABLE token ADD COLUMN maker TEXT NOT NULL DEFAULT '';
-- Logins of browsers while they last. Times are Unix seconds; `claims` is JSON, `tokens` sealed.
CREATE TABLE login_session (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    provider TEXT NOT NULL,
    began REAL NOT NULL,
    expires REAL NOT NULL,
    seen REAL NOT NULL,
    address TEXT NOT NULL,
    client TEXT NOT NULL,
    subject TEXT NOT NULL,
    claims BLOB NOT NULL,
    tokens BLOB,
    checked REAL NOT NULL,
    provider_session TEXT,
    rights TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_session_expires ON login_session (expires);
CREATE INDEX login_session_began ON login_session (began);
-- What may be used once, such as the state of a login, until it has expired anyway.
CREATE TABLE used_once (
    name TEXT PRIMARY KEY,
    expires REAL NOT NULL
) WITHOUT ROWID;
-- What people show beside their password; `recovery` is a JSON list of hashes.
CREATE TABLE second_factor (
    user TEXT PRIMARY KEY,
    secret BLOB NOT NULL,
    since REAL,
    last_step INTEGER NOT NULL,
    recovery TEXT NOT NULL
) WITHOUT ROWID;

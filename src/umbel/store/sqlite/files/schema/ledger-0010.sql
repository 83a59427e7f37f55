-- Deploys of the application, as somebody announced or the workers showed them: facts, of which
-- several may be of one deploy. Times are Unix seconds; `added` and `removed` are JSON lists.
CREATE TABLE deploy (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    until REAL NOT NULL,
    version TEXT NOT NULL,
    before TEXT NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    added TEXT NOT NULL,
    removed TEXT NOT NULL,
    added_count INTEGER NOT NULL,
    removed_count INTEGER NOT NULL,
    workers INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deploy_at ON deploy (at);
-- What deploys are recognized by, as it was seen last: one row of JSON.
CREATE TABLE fleet (one INTEGER PRIMARY KEY CHECK (one = 1), fleet BLOB NOT NULL);
-- Whether a deploy ends that an error is ignored.
ALTER TABLE error_decision ADD COLUMN next_deploy INTEGER NOT NULL DEFAULT 0;

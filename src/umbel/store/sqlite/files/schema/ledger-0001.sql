-- umbel-ledger.db: what people did. Any process writes it. Times are Unix seconds.

-- Numbers are never given twice, so that a page goes on where it ended after a trim.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    actor TEXT NOT NULL, address TEXT NOT NULL, via TEXT NOT NULL,
    action TEXT NOT NULL, target TEXT NOT NULL,
    action_id TEXT, query TEXT, count INTEGER, outcome TEXT, answer TEXT
);
CREATE INDEX audit_actor ON audit (actor);
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_action_id ON audit (action_id) WHERE action_id IS NOT NULL;

-- A newer word about a task takes the next `mark`, so what is new is what is above one.
CREATE TABLE intent (
    mark INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    action_id TEXT NOT NULL
);
-- The mark before the first is 1: 0 asks for the present one.
INSERT INTO sqlite_sequence VALUES ('intent', 1);

CREATE TABLE repeat (
    task_id TEXT PRIMARY KEY,
    repeats TEXT NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX repeat_repeats ON repeat (repeats);

-- A report changes often while its plan, which may name thousands of tasks, stays.
CREATE TABLE action (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL,
    plan BLOB NOT NULL
);
CREATE INDEX action_at ON action (at);
CREATE TABLE report (
    id TEXT PRIMARY KEY,
    report BLOB NOT NULL,
    running INTEGER NOT NULL
);
CREATE INDEX report_running ON report (id) WHERE running;

CREATE TABLE token (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    last_used REAL
);

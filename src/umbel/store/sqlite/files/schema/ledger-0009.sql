-- What people decided about errors, by the error's id. Times are Unix seconds; `rate` is failures
-- within a minute, `total` failures since `at`.
CREATE TABLE error_decision (
    error TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL,
    noted_by TEXT NOT NULL,
    until REAL,
    rate INTEGER,
    total INTEGER
) WITHOUT ROWID;
CREATE INDEX error_decision_at ON error_decision (at);

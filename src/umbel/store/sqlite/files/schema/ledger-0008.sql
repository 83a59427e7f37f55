-- Findings of the rules of health of which somebody wants to hear no more for a while. Times are
-- Unix seconds.
CREATE TABLE mute (
    finding TEXT PRIMARY KEY,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    severity TEXT NOT NULL,
    at REAL NOT NULL,
    until REAL NOT NULL
) WITHOUT ROWID;

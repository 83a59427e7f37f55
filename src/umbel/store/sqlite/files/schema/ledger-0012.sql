-- Alerts. What each row is stands in its JSON; the columns beside it are what is searched by. Times
-- are Unix seconds.
CREATE TABLE alert_rule (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, rule BLOB NOT NULL) WITHOUT ROWID;
-- `ended` is NULL while an alert is open.
CREATE TABLE alert (id TEXT PRIMARY KEY, ended REAL, alert BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX alert_open ON alert (id) WHERE ended IS NULL;
CREATE INDEX alert_ended ON alert (ended, id) WHERE ended IS NOT NULL;
CREATE TABLE alert_acknowledgement (alert TEXT PRIMARY KEY, at REAL NOT NULL, acknowledgement BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE rule_answer (rule TEXT PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE silence (id TEXT PRIMARY KEY, start REAL NOT NULL, until REAL NOT NULL, silence BLOB NOT NULL) WITHOUT ROWID;
-- Messages about alerts. `due` is NULL for those that were delivered or given up.
CREATE TABLE alert_notice (id TEXT PRIMARY KEY, at REAL NOT NULL, due REAL, state TEXT NOT NULL, notice BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX alert_notice_due ON alert_notice (due) WHERE due IS NOT NULL;
CREATE INDEX alert_notice_at ON alert_notice (at);

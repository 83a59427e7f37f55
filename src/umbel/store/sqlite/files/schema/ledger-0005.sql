-- Whose session it was. Of a user with very many the first to end are kept as one line: all of
-- their sessions that end until `expires` (Unix seconds) are over.
ALTER TABLE ended_session ADD COLUMN user TEXT NOT NULL DEFAULT '';
CREATE INDEX ended_session_user ON ended_session (user, expires);
CREATE TABLE ended_before (
    user TEXT PRIMARY KEY,
    expires REAL NOT NULL
) WITHOUT ROWID;
-- Whose plan it is and when it expires, until it is executed: NULL from then on.
ALTER TABLE report ADD COLUMN planner TEXT;
ALTER TABLE report ADD COLUMN expires REAL;
CREATE INDEX report_plan ON report (planner, expires) WHERE expires IS NOT NULL;
UPDATE report SET planner = '', expires = (SELECT at + 86400 FROM action WHERE action.id = report.id)
    WHERE NOT running AND CAST(report AS TEXT) LIKE '%"state":"planned"%';

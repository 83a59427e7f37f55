-- Queues and workers. Numbers are never given again: chunks of those that are forgotten stay for
-- a while.
CREATE TABLE subject (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  seen INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT;

-- What up to 64 subjects (number / 64 = chunk) were in one bucket of time. Written in the order of
-- time, which is how the old ones go.
CREATE TABLE bucket (
  kind TEXT NOT NULL,
  level INTEGER NOT NULL,
  begin INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (kind, level, begin, chunk)
) STRICT, WITHOUT ROWID;

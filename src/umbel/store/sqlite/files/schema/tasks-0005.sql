-- How many tasks the histograms of a row count; NULL where an earlier Umbel wrote the row.
ALTER TABLE value_roll ADD COLUMN runtimes_n INTEGER;
ALTER TABLE value_roll ADD COLUMN waits_n INTEGER;

-- The longest bucket of roll-ups that all tasks are in, in seconds: hours where there were tasks
-- before there were longer ones (see files/roll_up_levels.py).
CREATE TABLE roll_longest (longest INTEGER NOT NULL);
INSERT INTO roll_longest SELECT CASE WHEN EXISTS (SELECT 1 FROM task) THEN 3600 ELSE 21600 END;

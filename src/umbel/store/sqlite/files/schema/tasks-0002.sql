-- When the store took in a task's last event, by its own clock (Unix seconds): lists are ordered
-- by it, since no other machine's clock has a say in it. What was stored before has NULL, and is
-- read as the time of its last event, so that no file has to be written anew.
ALTER TABLE task ADD COLUMN changed REAL;
ALTER TABLE zone ADD COLUMN changed_min;
ALTER TABLE zone ADD COLUMN changed_max;
UPDATE zone SET changed_min = timestamp_min, changed_max = timestamp_max;

-- The state that each of `ids` had before, by its id in `value`, a byte each; 0: not known before.
ALTER TABLE change ADD COLUMN states BLOB;

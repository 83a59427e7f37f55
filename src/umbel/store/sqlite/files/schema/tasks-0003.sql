-- Which error a task has, by its id in `value` (see cluster/error_fingerprint.py). The index
-- `task_error` is made where it costs nothing, in a new file, and else behind the writes.
ALTER TABLE task ADD COLUMN error INTEGER;

-- By which version of the rules (`rules`), and for which tasks `error` is known: for those with ids
-- from `since` on. `crowded`: there were more errors than are kept, and some tasks have none.
CREATE TABLE error_progress (rules INTEGER NOT NULL, since INTEGER NOT NULL, crowded INTEGER NOT NULL);
INSERT INTO error_progress SELECT 1, ifnull(max(id), 0) + 1, 0 FROM task;

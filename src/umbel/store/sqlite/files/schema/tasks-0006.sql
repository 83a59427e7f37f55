-- Where a task is in its workflow, of those of which a worker told (umbel.worker): its group, the
-- task that its chord runs in the end, and, as JSON, ids and names of those that its chain runs
-- after it. Ids as in `task`. A table of its own, since few tasks have it and an index over a full
-- file would have to read it once.
CREATE TABLE canvas (
    id INTEGER PRIMARY KEY,
    group_id, chord_id, chord_name TEXT, chain TEXT
);
CREATE INDEX canvas_group ON canvas (id >> 16, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX canvas_chord ON canvas (id >> 16, chord_id) WHERE chord_id IS NOT NULL;

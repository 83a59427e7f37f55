-- Logs of tasks, piece by piece (see cluster/task_log.py). `id` is the order in which they were taken
-- in and is never given twice; `z` is the MessagePack of the lines, compressed as bodies are. A log
-- may come before its task, so it is found by the task's own id.
CREATE TABLE task_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid, retries INTEGER, started REAL, hostname TEXT, pid INTEGER, first INTEGER, written INTEGER,
    left_out INTEGER NOT NULL, count INTEGER NOT NULL, size INTEGER NOT NULL,
    z BLOB NOT NULL
);
CREATE UNIQUE INDEX task_log_piece
    ON task_log (uuid, retries, started, hostname, pid, first, written);

-- Queues that no worker is to consume until somebody resumes them, and the consumers that were
-- stopped for that. What each row is stands in its JSON.
CREATE TABLE queue_pause (queue TEXT PRIMARY KEY, pause BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE stopped_consumer (
    queue TEXT NOT NULL,
    worker TEXT NOT NULL,
    consumer BLOB NOT NULL,
    PRIMARY KEY (queue, worker)
) WITHOUT ROWID;

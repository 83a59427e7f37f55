-- tasks-NNNNNN.db: about a million tasks, complete in itself.

-- What a task's facts say, as far as filters and orders need it. `id` is given at first
-- sight and has no holes. Values of `name`, `state`, `worker` and `queue` are ids of
-- `value`. `uuid`, `root` and `parent` are 16 bytes for a canonical UUID, else text; `root`
-- is NULL when the task is its own root. Times are Unix seconds, kept as they came, so that
-- comparisons are exact. `flags` is a sum of `stored_numbers.FLAG_BITS`.
CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    uuid,
    name INTEGER, state INTEGER, worker INTEGER, queue INTEGER,
    root, parent,
    seen REAL, timestamp REAL, sent REAL, received REAL, started REAL, finished REAL,
    failed REAL, retried REAL, revoked REAL, rejected REAL,
    eta REAL, expires REAL, runtime REAL, wait REAL,
    retries INTEGER, pid INTEGER, flags INTEGER
);

-- An index over random ids alone would dirty nearly a page for each new task. Led by the
-- id's upper bits, all insertions of 65,536 tasks fall into the same few pages, and a
-- look-up asks each of the at most 16 runs.
CREATE UNIQUE INDEX task_uuid ON task (id >> 16, uuid);
CREATE INDEX task_name ON task (name);
CREATE INDEX task_worker ON task (worker);
-- State ids are fixed: 8 is SUCCESS, where most tasks end, and where scanning is as good.
CREATE INDEX task_state ON task (state) WHERE state < 8;
CREATE INDEX task_state_name ON task (state, name) WHERE state < 8;
CREATE INDEX task_state_worker ON task (state, worker) WHERE state < 8;
-- Tasks that were retried, and those without success, the longest runs of either at once.
CREATE INDEX task_retried ON task (runtime, retries) WHERE retries > 0 OR retried IS NOT NULL;
CREATE INDEX task_unsuccessful ON task (runtime) WHERE state < 8 AND runtime IS NOT NULL;
CREATE INDEX task_root ON task (id >> 16, root) WHERE root IS NOT NULL;
CREATE INDEX task_parent ON task (id >> 16, parent) WHERE parent IS NOT NULL;

-- The truth: `cluster.facts.pack`, compressed. The first byte names the row of
-- `compression`.
CREATE TABLE body (id INTEGER PRIMARY KEY, z BLOB NOT NULL);

-- Dictionaries for compression, trained on bodies.
CREATE TABLE compression (id INTEGER PRIMARY KEY, z BLOB NOT NULL);

-- Values that many tasks share, with the number of tasks that have them now. Rows of kind
-- `key` are names of keyword arguments, counted on a sample.
CREATE TABLE value (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    n INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, text)
);
INSERT INTO value (id, kind, text) VALUES
    (1, 'state', 'PENDING'), (2, 'state', 'RECEIVED'), (3, 'state', 'STARTED'),
    (4, 'state', 'RETRY'), (5, 'state', 'REJECTED'), (6, 'state', 'REVOKED'),
    (7, 'state', 'FAILURE'), (8, 'state', 'SUCCESS');

-- Bounds of every number in 1,024 neighbouring tasks, so that a scan skips what cannot
-- match. Later changes only widen them.
CREATE TABLE zone (
    id INTEGER PRIMARY KEY,  -- task.id >> 10
    seen_min, timestamp_min, sent_min, received_min, started_min, finished_min,
    failed_min, retried_min, revoked_min, rejected_min, eta_min, expires_min,
    runtime_min, wait_min, retries_min,
    seen_max, timestamp_max, sent_max, received_max, started_max, finished_max,
    failed_max, retried_max, revoked_max, rejected_max, eta_max, expires_max,
    runtime_max, wait_max, retries_max
);

-- Tasks by minute, ten minutes and hour (`level` seconds). `measure` is 0 for the time
-- first seen, 1 for finished (with runtimes), 2 for started (with waits); `name` 0 is all
-- names together, -1 no name. `hist` holds MessagePack pairs of latency bucket and count.
CREATE TABLE roll (
    level INTEGER, measure INTEGER, start INTEGER, name INTEGER, state INTEGER,
    n INTEGER NOT NULL, total REAL NOT NULL, hist BLOB,
    PRIMARY KEY (level, measure, start, name, state)
) WITHOUT ROWID;

-- Which tasks changed: `ids` are 32-bit little-endian, `seq` is the number of the last.
CREATE TABLE change (seq INTEGER PRIMARY KEY, ids BLOB NOT NULL);

-- Tasks whose text changed after it was indexed; the index takes them up again.
CREATE TABLE retext (number INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL);

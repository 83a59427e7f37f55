"""The embedded store: SQLite files in one directory.

Reading order: `schema/`, then `writer` and `partition` (how events become rows), `reader`
(connections), `walk` and `access` (how a query finds its tasks), `textindex` and `need`
(how texts are searched).
"""

from umbel.store.sqlite.store import PARTITION_TASKS, SqliteStore

__all__ = ["PARTITION_TASKS", "SqliteStore"]

"""The embedded store: SQLite files in one directory.

`README.md` draws the ladder from a query to its rows and lists the files of a data directory.
Reading order: `files/schema/`, then `write/` (how events become rows), `search/` (how a query
finds its tasks) and `text/` (how texts are searched).
"""

from umbel.store.sqlite.store import PARTITION_TASKS, SqliteStore

__all__ = ["PARTITION_TASKS", "SqliteStore"]

"""How far the search index of a partition is: what the writing and the indexing thread tell each
other.

Tasks below a mark are in the index, or are being read for it; when the text of one of these
changes, the writer puts it into a queue (the table `retext`), in the transaction that changes it.
The mark is raised under the writer's lock, before the indexing thread reads, so no batch sees one
mark for its first task and another for its last.

Example: tasks 1 to 15 are being indexed, so the mark is 16. A batch changes the texts of 7 and 20.
7 is queued, since the indexing thread may have read it already; 20 is not, since it will be read as
it is then.
"""

from __future__ import annotations

import threading


class IndexProgress:
    """Of one partition, as long as its file is open. Any thread."""

    def __init__(self, *, has_queue: bool) -> None:
        self._lock = threading.Lock()
        self._upto = 0
        self._dequeued = 0
        self._has_queue = has_queue

    # -- the writer ----------------------------------------------------------------------

    def covers(self, task_id: int) -> bool:
        """Whether a change of this task's text has to be queued. Under the writer's lock."""
        return task_id < self._upto

    @property
    def dequeued(self) -> int:
        """Rows of the queue up to this number are indexed, and may go."""
        with self._lock:
            return self._dequeued

    def queued(self) -> None:
        """Rows were put into the queue, and committed."""
        with self._lock:
            self._has_queue = True

    # -- the index -----------------------------------------------------------------------

    def announce(self, upto: int) -> None:
        """Tasks below `upto` are about to be read. Under the writer's lock."""
        self._upto = upto

    @property
    def has_queue(self) -> bool:
        """Whether there may be rows in the queue that are not indexed."""
        with self._lock:
            return self._has_queue

    def take_queue(self) -> bool:
        """The same; the queue is taken for empty from now on, until rows are put into it or are
        left over."""
        with self._lock:
            has_queue, self._has_queue = self._has_queue, False
        return has_queue

    def dequeue(self, upto: int, *, rest: bool) -> None:
        """Rows up to this number are indexed; with `rest` there may be more."""
        with self._lock:
            self._dequeued = upto
            self._has_queue = self._has_queue or rest

"""What was asked of tasks, looked up for rows.

An intent is over when its task has ended, one way or another. A ledger that cannot be read
takes nothing from the history: rows then show no intents, and the log says why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from umbel.cluster.task import ENDED, Task
from umbel.errors import StoreError
from umbel.services.rows import TaskRow, WholeTask, task_row, whole_task
from umbel.store.base import Store
from umbel.store.ledger import Intent, Ledger

log = logging.getLogger("umbel.ledger")


class Intents:
    """Asks the ledger. Any thread; `begin` and `news` from one at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mark = 0
        self._troubled = False

    def of(self, tasks: Sequence[Task]) -> Mapping[str, Intent]:
        """What was asked of those of these tasks that have not ended, by id."""
        ids = [task.uuid for task in tasks if task.state not in ENDED]
        try:
            found = self._ledger.intents(ids) if ids else {}
        except StoreError as error:
            self._complain(error)
            return {}
        self._troubled = False
        return found

    def rows(self, tasks: Sequence[Task]) -> tuple[TaskRow, ...]:
        """The tasks as lists show them."""
        intents = self.of(tasks)
        return tuple(task_row(task, intents.get(task.uuid)) for task in tasks)

    def whole(self, task: Task) -> WholeTask:
        """The task with everything, as its page shows it."""
        try:
            repeats = self._ledger.repeats([task.uuid])
        except StoreError as error:
            self._complain(error)
            repeats = ()
        return whole_task(task, self.of([task]).get(task.uuid), repeats)

    def begin(self) -> None:
        """Let `news` begin with what is asked from now on, unless it began before."""
        if self._mark == 0:
            self._since()

    def news(self, store: Store) -> tuple[Task, ...]:
        """Tasks of which something was asked since the last call. Raises `StoreError` when
        the store cannot be read."""
        found = (store.task(uuid) for uuid in self._since())
        return tuple(task for task in found if task is not None)

    def _since(self) -> tuple[str, ...]:
        try:
            ids, self._mark = self._ledger.intended_since(self._mark)
        except StoreError as error:
            self._complain(error)
            return ()
        return ids

    def _complain(self, error: StoreError) -> None:
        if not self._troubled:
            log.warning("What was asked of tasks is not shown. %s", error)
        self._troubled = True

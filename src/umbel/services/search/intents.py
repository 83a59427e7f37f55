"""Intents, repetitions and doubts of tasks, looked up for the rows of a list: which actions were
sent to them, which task repeats which, what speaks against their states.

An intent is over when its task has ended, one way or another. A ledger that cannot be read
takes nothing from the history: rows then show no intents, and the log says why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from umbel.cluster.task import ENDED, Task
from umbel.errors import StoreError
from umbel.services.search.doubt import DoubtFinder
from umbel.services.search.rows import (
    Marks,
    TaskRow,
    WholeTask,
    related_ids,
    task_row,
    whole_task,
)
from umbel.store.base import Store
from umbel.store.ledger import Intent, Ledger, Repeat

log = logging.getLogger("umbel.ledger")


class Intents:
    """Asks the ledger, and `doubts` where there are any. Any thread; `start_following` and
    `newly_intended` from one at a time."""

    def __init__(self, ledger: Ledger, doubts: DoubtFinder | None = None) -> None:
        self._ledger = ledger
        self._doubts = doubts
        self._mark = 0
        self._troubled = False

    def marks(self, tasks: Sequence[Task], *, of_ended: bool = False) -> Mapping[str, Marks]:
        """What is known of each of these tasks beside its events, by id; with `of_ended` what was
        asked of those that have ended as well. Raises `StoreError` where the history cannot be
        read."""
        open_ = [task.uuid for task in tasks if of_ended or task.state not in ENDED]
        intents: Mapping[str, Intent] = {}
        repeats: dict[str, list[Repeat]] = {}
        try:
            intents = self._ledger.intents(open_) if open_ else {}
            for each in self._ledger.repeats([task.uuid for task in tasks]) if tasks else ():
                repeats.setdefault(each.repeats, []).append(each)
                repeats.setdefault(each.task_id, []).append(each)
            self._troubled = False
        except StoreError as error:
            self._complain(error)
        doubts = self._doubts.of(tasks) if self._doubts is not None else {}
        return {
            task.uuid: Marks(
                intents.get(task.uuid),
                doubts.get(task.uuid),
                tuple(repeats.get(task.uuid, ())),
            )
            for task in tasks
        }

    def rows(self, tasks: Sequence[Task]) -> tuple[TaskRow, ...]:
        """The tasks as lists show them."""
        marks = self.marks(tasks)
        return tuple(task_row(task, marks[task.uuid]) for task in tasks)

    def whole(self, task: Task, store: Store) -> WholeTask:
        """The task with everything, as its page shows it."""
        marks = self.marks([task], of_ended=True)[task.uuid]
        ids = related_ids(task, marks)
        return whole_task(task, marks, store.tasks(ids) if ids else {})

    def start_following(self) -> None:
        """Let `newly_intended` begin with what is asked from now on, unless it began before."""
        if self._mark == 0:
            self._since()

    def newly_intended(self, store: Store) -> tuple[Task, ...]:
        """Tasks of which something was asked since the last call. Raises `StoreError` when
        the store cannot be read."""
        return tuple(store.tasks(self._since()).values())

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

"""Which of the tasks that are being sent the broker has.

A broker may take a task behind one that it refuses: another queue, a smaller message, a moment
later. So tasks are told apart by their ids, and not by how many came before the first refusal.
"""

from __future__ import annotations

from typing import Any

from umbel.broker.confirms import Confirms
from umbel.broker.redis_batch import RedisBatch

Batch = Confirms | RedisBatch


class Acceptance:
    """Of one sending. `sent` are ids of tasks that the broker has; it only grows. Once it is given
    up, nothing more is handed to the broker that was not on its way."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.is_given_up = False
        #: Those that it may not have: [id, number of the message; None where it came back].
        self._open: list[list[Any]] = []
        self._refused: set[int] = set()

    @property
    def unsure(self) -> frozenset[str]:
        """Others that it may have: they are on their way, and it has not answered."""
        still = tuple(self._open)
        return frozenset(
            task_id
            for task_id, number in still
            if number is not None and number not in self._refused
        )

    def add(self, task_id: str, number: int) -> None:
        self._open.append([task_id, number])

    def lost(self, task_id: str) -> None:
        self.moved(task_id, None)

    def moved(self, task_id: str, number: int | None) -> None:
        for one in self._open:
            if one[0] == task_id:
                one[1] = number

    def confirmed(self, batch: Batch) -> None:
        """Take what `batch` knows by now."""
        self._refused |= batch.refused.keys()
        still: list[list[Any]] = []
        for one in self._open:
            has_it = one[1] is not None and one[1] not in batch.outstanding
            if has_it and one[1] not in batch.refused:
                self.sent.append(one[0])
            else:
                still.append(one)
        self._open = still

    def refusal(self, batch: Batch) -> Exception | None:
        """Why the broker refused the first task that it did; None where it refused none."""
        refused = (batch.refused.get(number) for _, number in self._open)
        return next((each for each in refused if each is not None), None)

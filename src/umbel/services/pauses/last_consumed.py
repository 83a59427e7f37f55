"""What workers last answered that they consume, so that one that is too busy to answer now can be
stopped all the same: a worker with a solo pool hears nothing while it runs a task, and then obeys
what waited for it, in order."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Final

from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.pauses.consumer_options import consumed_queues

#: So many workers are remembered: those that answered last.
REMEMBERED_MAX: Final = 2_000


class LastConsumed:
    """An observer of `Inspection`. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, Mapping[str, dict[str, object]]] = {}

    def observe(self, answers: InspectAnswers) -> None:
        """Remember an answer to `active_queues`."""
        if answers.what != "active_queues":
            return
        with self._lock:
            for worker, answer in answers.values.items():
                self._queues.pop(worker, None)
                self._queues[worker] = consumed_queues(answer)
            while len(self._queues) > REMEMBERED_MAX:
                del self._queues[next(iter(self._queues))]

    def of(self, workers: Iterable[str]) -> dict[str, Mapping[str, dict[str, object]]]:
        """What these consumed when they last answered, by queue; those that are remembered."""
        with self._lock:
            return {each: self._queues[each] for each in workers if each in self._queues}

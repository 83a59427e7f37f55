"""The counts of one worker, task name and queue, while they are counted (`metric_counter`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from umbel.cluster.attempts import true_exception
from umbel.cluster.events import TASK_RANK, Event
from umbel.services.metric_sums import added
from umbel.store.base import TaskCounts, TaskExample

#: Stands for what is counted beyond the bounds.
OTHER: Final = "other"
#: Types of events that are counted apart for one pair: Celery's own and a few more; and classes of
#: exceptions.
TYPES_MAX: Final = 16
#: The class of an exception of which none can be read, as celery-exporter calls it.
UNKNOWN_EXCEPTION: Final = "UnknownException"
_CLASS: Final = re.compile(r"(?:[\w.]{1,500}\.)?([^\W\d]\w{0,99})(?:[(:<]|$)")

#: The last task of a bucket: its id, the seconds, and when (Unix seconds).
_Example = tuple[str, float, float]


class Pair:
    """See `TaskCounts`. The usual types of events have attributes of their own, which cost less
    than a dict by type."""

    __slots__ = (
        "at", "failures", "is_due", "queue", "rarer", "received", "runtime_examples", "runtime_s",
        "runtimes", "sent", "since", "started", "succeeded", "task", "wait_examples", "wait_s",
        "waited_s", "waits", "worker",
    )  # fmt: skip

    def __init__(
        self, worker: str, task: str, queue: str, since: float, bounds: int, wait_bounds: int
    ) -> None:
        self.worker = worker
        self.task = task
        self.queue = queue
        self.since = since
        self.at = 0.0
        self.sent = self.received = self.started = self.succeeded = 0
        self.rarer: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.runtimes = [0] * (bounds + 1)
        self.runtime_s = 0.0
        self.runtime_examples: list[_Example | None] = [None] * (bounds + 1)
        self.waits = [0] * (wait_bounds + 1)
        self.wait_s = 0.0
        self.wait_examples: list[_Example | None] = [None] * (wait_bounds + 1)
        self.waited_s: float | None = None
        self.is_due = False

    def resume(self, counts: TaskCounts) -> None:
        """Go on with these, of the same buckets."""
        events = dict(counts.events)
        self.since = min(self.since, counts.since)
        self.sent += events.pop("task-sent", 0)
        self.received += events.pop("task-received", 0)
        self.started += events.pop("task-started", 0)
        self.succeeded += events.pop("task-succeeded", 0)
        self.rarer = added(self.rarer, events)
        self.failures = added(self.failures, counts.failures)
        for index, count in enumerate(counts.runtimes):
            self.runtimes[index] += count
        self.runtime_s += counts.runtime_s
        for index, count in enumerate(counts.waits):
            self.waits[index] += count
        self.wait_s += counts.wait_s
        for index, each in counts.runtime_examples.items():
            self.runtime_examples[index] = (each.uuid, each.seconds, each.at)
        for index, each in counts.wait_examples.items():
            self.wait_examples[index] = (each.uuid, each.seconds, each.at)
        self.waited_s = counts.waited_s
        self.is_due |= counts.is_due

    def add_rarer(self, kind: str) -> None:
        """An event that is of none of the usual types."""
        counts = self.rarer
        if kind not in counts and kind not in TASK_RANK and len(counts) >= TYPES_MAX:
            kind = OTHER
        counts[kind] = counts.get(kind, 0) + 1

    def add_failure(self, name: str) -> None:
        """A failure by an exception of the class `name`."""
        if name not in self.failures and len(self.failures) >= TYPES_MAX:
            name = OTHER
        self.failures[name] = self.failures.get(name, 0) + 1

    def counts(self) -> TaskCounts:
        return TaskCounts(
            self.worker, self.task, self.since, self._events(),
            tuple(self.runtimes) if any(self.runtimes) else (),
            self.runtime_s, self.waited_s, self.is_due, self.queue,
            tuple(self.waits) if any(self.waits) else (),
            self.wait_s, dict(self.failures),
            _examples(self.runtime_examples), _examples(self.wait_examples),
        )  # fmt: skip

    def _events(self) -> dict[str, int]:
        usual = {
            "task-sent": self.sent,
            "task-received": self.received,
            "task-started": self.started,
            "task-succeeded": self.succeeded,
        }
        return {kind: count for kind, count in usual.items() if count} | self.rarer


def exception_class(event: Event) -> str:
    """The class of the exception of a failure, without its module: `ValueError` of
    `ValueError('x')`."""
    found = _CLASS.match((true_exception(event) or "").lstrip())
    return found[1] if found else UNKNOWN_EXCEPTION


def _examples(found: Sequence[_Example | None]) -> dict[int, TaskExample]:
    return {index: TaskExample(*each) for index, each in enumerate(found) if each is not None}

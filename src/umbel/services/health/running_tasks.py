"""Which of the tasks that seem to run do: their worker is asked where one runs far too long.

Of a task that ended unseen the history says that it runs, for ever: events were lost, or it raised
`Ignore`, of which Celery tells no end. Such a task would be called overdue. So the workers of tasks
that seem overdue are asked what they run, at most once in `ASK_EVERY_S`. Where a worker does not
answer, it is known from its heartbeats how many it runs, and these are taken for the last ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.worker import ONLINE
from umbel.errors import UmbelError
from umbel.services.cluster.inspection import Inspection
from umbel.services.health.facts import RunningTask, WorkerFact
from umbel.services.health.rules.deliveries import seems_overdue
from umbel.store.series import Durations

#: How long an answer is good, seconds, and how many workers are asked at once.
ASK_EVERY_S: Final = 60.0
WORKERS_MAX: Final = 50


class RunningAnswer(msgspec.Struct, frozen=True):
    """The ids of what a worker ran at this time (Unix seconds); None where it did not say."""

    at: float
    ids: frozenset[str] | None


class RunningTasks:
    """Remembers what workers answered. One thread at a time."""

    def __init__(self, inspection: Inspection, clock: Clock) -> None:
        self._inspection = inspection
        self._clock = clock
        self._answers: dict[str, RunningAnswer] = {}

    def really(
        self,
        running: Sequence[RunningTask],
        workers: Sequence[WorkerFact],
        usual: Mapping[str, Durations],
        now: float,
    ) -> tuple[RunningTask, ...]:
        """Those that run, of those that seem to by the history, in the order of their begin."""
        there = {each.name: each for each in workers if each.status == ONLINE and each.active}
        of_worker: defaultdict[str, list[RunningTask]] = defaultdict(list)
        for task in running:
            worker = there.get(task.worker)
            if worker is not None and (worker.began or 0.0) <= task.started:
                of_worker[task.worker].append(task)
        self._ask(
            {
                name: begun
                for name, its in of_worker.items()
                if (begun := _last_begun(its, usual, now)) is not None
            },
            now,
        )
        found = [
            each
            for name, its in of_worker.items()
            for each in _running(its, there[name].active or 0, self._answers.get(name))
        ]
        return tuple(sorted(found, key=lambda each: each.started))

    def _ask(self, suspects: Mapping[str, float], now: float) -> None:
        """Workers, with when the last task began that seems overdue."""
        self._answers = {
            name: answer
            for name, answer in self._answers.items()
            if name in suspects and 0 <= now - answer.at < ASK_EVERY_S
        }
        unknown = [
            name
            for name, begun in suspects.items()
            if name not in self._answers or self._answers[name].at < begun
        ][:WORKERS_MAX]
        if not unknown:
            return
        at = self._clock.now()
        try:
            answers = self._inspection.inspect("active", unknown)
        except UmbelError:
            self._answers |= {name: RunningAnswer(at, None) for name in unknown}
            return
        for name in unknown:
            listed = None if name in answers.left_out else _ids(answers.values.get(name))
            self._answers[name] = RunningAnswer(at, listed)


def _last_begun(
    its: Sequence[RunningTask], usual: Mapping[str, Durations], now: float
) -> float | None:
    return max((e.started for e in its if seems_overdue(e, usual.get(e.name), now)), default=None)


def _running(
    its: Sequence[RunningTask], active: int, answer: RunningAnswer | None
) -> Sequence[RunningTask]:
    if answer is None or answer.ids is None:
        return sorted(its, key=lambda each: -each.started)[:active]
    # What began since was not asked for.
    return [each for each in its if each.uuid in answer.ids or each.started > answer.at]


def _ids(value: object) -> frozenset[str] | None:
    if not isinstance(value, list):
        return None
    entries = (each.get("id") for each in value if isinstance(each, dict))
    return frozenset(each for each in entries if isinstance(each, str))

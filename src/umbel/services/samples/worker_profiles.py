"""What of workers changes seldom, and only they can tell: the size of their pool, since when they
run, how much memory they took, and which queues they consume.

What anybody asks of them is noted here, so that a page that is open costs nothing more. Of those of
whom nothing was heard so for some minutes it is asked, of all that are due at once, and no more
than twice a minute.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Capabilities
from umbel.clock import Clock
from umbel.services.cluster.inspection import InspectAnswers, Inspected, Inspection
from umbel.services.cluster.queue_inspection import names_of_queues

#: After how long a worker is asked again, and how long after a question the next one is asked,
#: seconds.
EVERY_S: Final = 300.0
PAUSE_S: Final = 30.0
#: More workers than this are asked by a question to all.
NAMED_MAX: Final = 50
#: The most queues of one worker that are noted.
_QUEUES_MAX: Final = 200
#: By so much the start of a process may seem to change with each answer, seconds.
_STEADY_S: Final = 5.0


class WorkerProfile(msgspec.Struct, frozen=True):
    """What a worker told of itself; None where it is not known. `started` is since when its process
    `pid` runs (Unix seconds), `max_rss` the most memory that its main process took, in the unit of
    its system (getrusage(2): kB on Linux, bytes on macOS)."""

    pool: int | None = None
    queues: tuple[str, ...] | None = None
    pid: int | None = None
    started: float | None = None
    max_rss: int | None = None


class WorkerProfiles:
    """Any thread; `refresh` blocks while workers answer."""

    def __init__(self, inspection: Inspection, clock: Clock) -> None:
        self._inspection = inspection
        self._clock = clock
        self._lock = threading.Lock()
        self._profiles: dict[str, WorkerProfile] = {}
        #: When each was heard or asked last, on the monotonic clock, by question.
        self._at: dict[Inspected, dict[str, float]] = {"stats": {}, "active_queues": {}}
        self._next_at = 0.0
        inspection.observe(self._note)

    def of(self, workers: Sequence[str]) -> Mapping[str, WorkerProfile]:
        """What is known of these, each of them."""
        with self._lock:
            return {name: self._profiles.get(name, WorkerProfile()) for name in workers}

    def refresh(self, workers: Sequence[str], capabilities: Capabilities) -> None:
        """Ask those who are due, of all that are online. Others are forgotten after a while.
        Raises what `Inspection.inspect` raises."""
        questions: tuple[Inspected, ...] = ("stats", "active_queues")
        with self._lock:
            self._forget(set(workers))
            now = self._clock.monotonic()
            if now < self._next_at or not capabilities.can("control"):
                return
            due = {question: self._due(question, workers, now) for question in questions}
            if not any(due.values()):
                return
            self._next_at = now + PAUSE_S
            for question, names in due.items():
                # Who does not answer is asked again when the next question may be asked.
                self._at[question] |= dict.fromkeys(names, now - EVERY_S + PAUSE_S)
        for question, names in due.items():
            if names:
                to_all = len(names) > NAMED_MAX or len(names) == len(workers)
                self._inspection.inspect(question, None if to_all else names)

    def _due(self, question: Inspected, workers: Sequence[str], now: float) -> list[str]:
        at = self._at[question]
        return [worker for worker in workers if worker not in at or now >= at[worker] + EVERY_S]

    def _forget(self, online: set[str]) -> None:
        before = self._clock.monotonic() - 2 * EVERY_S
        for at in self._at.values():
            for worker in [w for w, heard in at.items() if w not in online and heard < before]:
                del at[worker]
                self._profiles.pop(worker, None)

    def _note(self, answers: InspectAnswers) -> None:
        """Called with whatever workers answered to anybody."""
        if answers.what not in self._at:
            return
        with self._lock:
            now = self._clock.monotonic()
            for worker, value in answers.values.items():
                self._at[answers.what][worker] = now
                before = self._profiles.get(worker, WorkerProfile())
                self._profiles[worker] = (
                    profile_of(value, before, answers.at)
                    if answers.what == "stats"
                    else msgspec.structs.replace(
                        before, queues=tuple(names_of_queues(value))[:_QUEUES_MAX]
                    )
                )


def profile_of(stats: object, before: WorkerProfile, at: float) -> WorkerProfile:
    """What a worker that answered this to `stats` at `at` (Unix seconds) is like. Celery gives the
    uptime in whole seconds, so the same process keeps the start that it had."""
    fields: Mapping[object, object] = stats if isinstance(stats, Mapping) else {}
    usage = fields.get("rusage")
    pid, uptime_s = _whole(fields.get("pid")), _whole(fields.get("uptime"))
    started = None if uptime_s is None else at - uptime_s
    if started is not None and before.started is not None and pid == before.pid:
        started = before.started if abs(started - before.started) < _STEADY_S else started
    return WorkerProfile(
        pool=pool_size(stats),
        queues=before.queues,
        pid=pid,
        started=started,
        max_rss=_whole(usage.get("maxrss")) if isinstance(usage, Mapping) else None,
    )


def _whole(value: object) -> int | None:
    """A whole number, 0 or more."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**53 else None


def process_count(stats: object) -> int | None:
    """How many processes the pool of a worker has, by what it answers to `stats`; None of a pool
    without any kind of processes."""
    pool = stats.get("pool") if isinstance(stats, Mapping) else None
    processes = pool.get("processes") if isinstance(pool, Mapping) else None
    return len(processes) if isinstance(processes, list) else None


def pool_size(stats: object) -> int | None:
    """How many tasks a worker can run at once, by what it answers to `stats`: its processes, of
    which autoscaling changes the number, or else its limit (celery/concurrency)."""
    pool = stats.get("pool") if isinstance(stats, Mapping) else None
    if not isinstance(pool, Mapping):
        return None
    if processes := process_count(stats):
        return processes
    limit = pool.get("max-concurrency")
    return limit if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0 else None

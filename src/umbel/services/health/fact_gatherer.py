"""Gathers the facts of a cluster for the rules of health, once for all pages (singleflight).

Theory of operation. One gathering asks the store a dozen bounded questions, the samples what queues
and workers were like, and beside that the workers what they consume; it takes up to some seconds.
So it runs in a thread of its own, at most once in `EVERY_S` and only while somebody asks. Who asks
gets at once what is younger than `FRESH_S`, and it is gathered anew behind (RFC 5861:
stale-while-revalidate); else they wait for it `budget_s` at most, and get what there was before if
that is not old. What could not be asked is left out, and `HealthFacts.unknown` says why.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.worker import ONLINE
from umbel.errors import BrokerError, UmbelError
from umbel.services.cluster.inspection import InspectAnswers, Inspection
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.deploys.deploys import Deploys
from umbel.services.health.cluster_facts import (
    VISIBILITY_S,
    acks_late,
    visibility_timeout_s,
    worker_facts,
)
from umbel.services.health.facts import BeatFact, DeployFact, HealthFacts, StorageFact
from umbel.services.health.health import Health, Status
from umbel.services.health.liveness import fresh, uncovered
from umbel.services.health.queue_facts import QueueFacts
from umbel.services.health.retry_facts import RetryFacts
from umbel.services.health.running_tasks import RunningTasks
from umbel.services.health.sampled_readings import SampledReadings
from umbel.services.health.task_facts import TaskFacts
from umbel.services.ledger_beside import beside
from umbel.store.base import Retention, Store
from umbel.store.queue_pauses import QueuePause
from umbel.store.samples import Samples

#: How often facts are gathered at most, seconds.
EVERY_S: Final = 10.0
#: Facts that are younger are given at once, nobody waits for newer ones, seconds.
FRESH_S: Final = 30.0
#: Facts that are older are given to nobody, seconds.
STALE_S: Final = 60.0
#: How long the configuration of workers is taken for theirs, seconds.
CONF_EVERY_S: Final = 600.0
#: How far back gaps are gathered, seconds.
GAPS_S: Final = 30 * 86_400.0

#: How far back deploys are gathered, seconds.
DEPLOYS_S: Final = 2 * 3_600.0


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where facts are gathered. `beat` tells of beat within a second or two, `pauses` of queues
    that somebody paused; `sample_every_s`: how often this server samples, None for never."""

    store: Store
    health: Health
    workers: ListedWorkers
    inspection: Inspection
    queues: QueueInspection
    samples: Samples
    clock: Clock
    deploys: Deploys
    beat: Callable[[], BeatFact | None] = lambda: None
    pauses: Callable[[], Mapping[str, QueuePause]] = dict
    retention: Retention = Retention()
    sample_every_s: float | None = None


class FactGatherer:
    """Gathers facts; see the module. Any thread."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._tasks = TaskFacts(sources.store, sources.clock)
        self._retries = RetryFacts(sources.store, sources.clock)
        self._readings = SampledReadings(sources.samples, sources.sample_every_s)
        self._queues = QueueFacts(
            self._readings, sources.queues, sources.inspection, sources.clock, sources.pauses
        )
        self._running = RunningTasks(sources.inspection, sources.clock)
        self._confs: SharedCalls[InspectAnswers] = SharedCalls(sources.clock, STALE_S)
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._facts: HealthFacts | None = None
        self._error: Exception | None = None
        self._at = float("-inf")
        #: Whether what is known, or is being gathered, may be of before a change.
        self._is_outdated = False
        self._closed = False

    def facts(self, budget_s: float, every_s: float = EVERY_S) -> HealthFacts | None:
        """The facts of late, gathered anew if they are older than `every_s`; None where there are
        none yet and time was too short. Raises `StoreError` while the store cannot be read."""
        until = time.monotonic() + budget_s
        with self._ready:
            if self._is_outdated:  # what is being gathered may be of before the change
                self._wait(until)
            if not self._is_younger(every_s):
                self._begin()
                if not self._is_younger(FRESH_S) or self._error is not None:
                    self._wait(until)
            if self._error is not None:
                raise self._error
            return self._facts if self._is_younger(STALE_S) else None

    def quick(self) -> HealthFacts:
        """What needs no gathering: the history's size, the room on its disk, and beat. It takes a
        second or two at most. Raises `StoreError`."""
        given = self._sources
        status = given.health.status()
        return HealthFacts(
            now=status.now,
            live=status.live,
            storage=_storage(status, given.retention),
            beat=given.beat(),
        )

    def forget(self) -> None:
        """Gather anew next time, and wait for it: something was changed."""
        self._queues.forget()
        with self._ready:
            self._is_outdated = True
            self._at = min(self._at, self._sources.clock.monotonic() - FRESH_S)

    def close(self) -> None:
        """Gather no more, and wait for what is being gathered: soon nothing can be asked."""
        with self._ready:
            self._closed = True
            thread = self._thread
        if thread is not None:
            thread.join(5.0)
        self._queues.close()

    def _is_younger(self, age_s: float) -> bool:
        return self._sources.clock.monotonic() - self._at < age_s

    def _wait(self, until: float) -> None:
        left_s = max(0.0, until - time.monotonic())
        self._ready.wait_for(lambda: self._thread is None, left_s)

    def _begin(self) -> None:
        if self._thread is None and not self._closed:
            self._is_outdated = False
            self._thread = threading.Thread(target=self._run, name="umbel-health", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        facts: HealthFacts | None = None
        failure: Exception | None = None
        try:
            facts = self.gather()
        except Exception as error:  # who asks gets it, whatever it is
            failure = error
        finally:
            with self._ready:
                self._facts = facts or self._facts
                self._error = failure
                # A store that cannot be read is asked again by whoever comes next.
                if facts is not None:
                    age_s = FRESH_S if self._is_outdated else 0.0
                    self._at = self._sources.clock.monotonic() - age_s
                self._thread = None
                self._ready.notify_all()

    def gather(self) -> HealthFacts:
        """All of them, now. One thread at a time. Raises `StoreError`."""
        given = self._sources
        status = given.health.status()
        now = status.now
        judged = given.workers.with_status(now)
        online = [worker.hostname for worker, found in judged if found.status == ONLINE]
        self._readings.keep_workers([worker for worker, _ in judged], now)
        self._queues.begin(online, now)
        oldest = status.store.oldest
        total, total_wait, recent_s = self._tasks.total(now, oldest)
        counts = self._tasks.counts(now, oldest)
        waits = self._tasks.durations("wait", now, oldest)
        runtimes = self._tasks.durations("runtime", now, oldest)
        running = self._tasks.running(now, online)
        day_runtimes = self._tasks.day_runtimes(now)
        queues, consumed, unknown, refusal = self._queues.found(now)
        workers = worker_facts(judged, consumed, queues or (), self._readings, now)
        timeout_s, late = self._visibility(status)
        deploys = beside(lambda: given.deploys.list(now - DEPLOYS_S).items, "What was deployed")
        return HealthFacts(
            now=now,
            live=status.live,
            workers=workers,
            queues=queues,
            counts=counts,
            waits=waits,
            runtimes=runtimes,
            total=total,
            total_wait=total_wait,
            recent_s=recent_s,
            running=self._running.really(running, workers, day_runtimes, now),
            day_runtimes=day_runtimes,
            deploys=tuple(DeployFact(each.at, each.title) for each in reversed(deploys or ())),
            beat=given.beat(),
            deliveries=self._tasks.deliveries(timeout_s, now, late=late),
            recurring=self._tasks.recurring(now),
            retrying=self._retries.retrying(now),
            storage=_storage(status, given.retention),
            gaps=tuple(uncovered(given.store.gaps(start=now - GAPS_S), status.collectors, now)),
            unknown=unknown,
            refusal=refusal,
        )

    def _visibility(self, status: Status) -> tuple[float | None, bool]:
        transports = {each.transport for each in fresh(status.collectors, status.now)}
        transport = next(iter(sorted(transports & set(VISIBILITY_S))), None)
        if transport is None:
            return None, False
        try:
            answers = self._confs.ask(
                "conf",
                self._ask_confs,
                lambda answers: CONF_EVERY_S if answers.values else STALE_S,
            )
        except UmbelError:
            return None, False
        return visibility_timeout_s(answers, transport), acks_late(answers)

    def _ask_confs(self) -> InspectAnswers:
        answers = self._sources.inspection.inspect("conf")
        if not answers.values:
            raise BrokerError("No worker told its configuration.")
        return answers


def _storage(status: Status, bounds: Retention) -> StorageFact:
    free, whole = _disk(status.store.location)
    return StorageFact(
        tasks=status.store.tasks,
        size_bytes=status.store.size_bytes,
        oldest=status.store.oldest,
        bounds=bounds,
        free_bytes=free,
        disk_bytes=whole,
    )


def _disk(location: str) -> tuple[int | None, int | None]:
    """What is free on the disk of a directory, and how large it is; None of what is none."""
    if not Path(location).is_absolute():
        return None, None
    try:
        found = shutil.disk_usage(location)
    except OSError:
        return None, None
    return found.free, found.total

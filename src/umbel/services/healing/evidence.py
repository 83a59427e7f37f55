"""What is known that speaks for or against tasks, read at intervals so that it costs little."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.errors import BrokerError
from umbel.query.ast import And, Comparison, During, Matches, Moment
from umbel.services.healing.suspects import QUEUED_STATES, TaskEvidence, latest_losses
from umbel.services.health.worker_status import recording_state, worker_status
from umbel.services.search.doubt import WorkersAndGaps
from umbel.store.base import Store
from umbel.store.series import DurationSeries

#: How often workers and gaps, runtimes of names, and queues are read, seconds.
WORKERS_EVERY_S: Final = 2.0
USUAL_EVERY_S: Final = 300.0
QUEUES_EVERY_S: Final = 30.0
#: Of so many names it is known how long they take; a name of fewer runs is not usual.
NAMES_MAX: Final = 200
RUNS_MIN: Final = 20
#: So many queues are counted, of so many tasks that wait in them.
QUEUES_MAX: Final = 50
WAITING_MAX: Final = 100_000
_DAY_S: Final = 86_400.0


class EvidenceReader:
    """One thread. Raises `StoreError`."""

    def __init__(self, store: Store, cluster: Cluster, clock: Clock) -> None:
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._evidence = TaskEvidence()
        self._workers_at = self._usual_at = self._queues_at = -math.inf
        self._usual_s: Mapping[str, float] = {}
        self._empty: frozenset[str] = frozenset()

    def read(self, now: float, wait_s: float) -> TaskEvidence:
        """All of it, some of it a little old. `wait_s`: for how long tasks may wait unsuspected."""
        at = self._clock.monotonic()
        if at - self._usual_at >= USUAL_EVERY_S:
            self._usual_at = at
            self._usual_s = self._runtimes(now)
        if at - self._queues_at >= min(QUEUES_EVERY_S, max(1.0, wait_s / 4)):
            self._queues_at = at
            self._empty = self._empty_queues(now, wait_s)
        if at - self._workers_at >= WORKERS_EVERY_S:
            self._workers_at = at
            self._evidence = TaskEvidence(
                self._workers_and_gaps(now),
                latest_losses(self._store.losses(now - _DAY_S)),
                self._usual_s,
                self._empty,
            )
        return self._evidence

    def _workers_and_gaps(self, now: float) -> WorkersAndGaps:
        heard = recording_state(self._store.collectors(), now)
        return WorkersAndGaps(
            {
                worker.hostname: (worker, worker_status(worker, now, heard))
                for worker in self._store.workers()
            },
            tuple((gap.start, gap.end) for gap in self._store.gaps()),
        )

    def _runtimes(self, now: float) -> Mapping[str, float]:
        found = self._store.series(
            And(()),
            now=now,
            measure="runtime",
            start=now - _DAY_S,
            end=now,
            bucket_s=3_600.0,
            by="name",
            top=NAMES_MAX,
            budget_s=1.0,
        )
        if not isinstance(found, DurationSeries):
            return {}
        return {
            group.value: group.total.p99
            for group in found.groups
            if group.total is not None and group.total.n >= RUNS_MIN
        }

    def _empty_queues(self, now: float, wait_s: float) -> frozenset[str]:
        """The queues in which tasks wait by the history for long, and none by the broker."""
        query = And((
            Matches("state", Comparison.EQUALS, QUEUED_STATES),
            During("timestamp", high=Moment(absolute=now - wait_s)),
        ))  # fmt: skip
        waiting = self._store.count(query, now=now, by="queue", cap=WAITING_MAX, budget_s=0.5)
        # Where few tasks wait nobody works on them, most likely.
        queues = sorted(filter(None, waiting.groups), key=lambda name: waiting.groups[name])
        if not queues:
            return frozenset()
        try:
            depths = self._cluster.depths(queues[:QUEUES_MAX])
        except BrokerError:
            return frozenset()
        return frozenset(
            each.name
            for each in depths
            if each.is_absent or (each.ready == 0 and not each.unacknowledged)
        )

"""The list of workers with what is stored of each: what it told of itself, how its tasks ended, and
that it began anew. Nobody is asked for it.

What workers tell when they are asked comes from the server that samples the cluster
(`services/deploys/fleet.py`), by way of the ledger: so every face shows the same, and where nobody
samples it is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.worker import Worker
from umbel.cluster.worker_names import deployment_of, host_of
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.cluster.worker_history import CountedWorkers, WorkerEnds, WorkerHistory
from umbel.services.deploys.fleet import Fleet, SeenWorker
from umbel.services.deploys.watch import stored_fleet
from umbel.services.ledger_beside import beside
from umbel.services.pauses.paused_queues import paused_queues_by_worker
from umbel.services.samples.worker_profiles import WorkerProfile
from umbel.services.search.incomplete import Incomplete
from umbel.services.search.rows import WorkerRow
from umbel.store.base import Store
from umbel.store.ledger import Ledger

#: Unless a time is asked for, so much of it, seconds.
SPAN_S: Final = 3_600.0
#: How long what the ledger has of the fleet is taken for new, seconds.
_FLEET_S: Final = 5.0
#: A worker is heard of so much later than its process started at most, seconds.
_STARTING_S: Final = 60.0


class ListedWorker(WorkerRow, frozen=True, kw_only=True):
    """A worker in the list. `host` and `deployment` are by its name, the deployment with a `*` for
    what varies among pods (`celery@web-*`). It can run `pool` tasks at once, consumes these
    `queues` and not these `paused_queues`, which somebody paused, its process runs since `started`
    (Unix seconds), and its main process took `memory_bytes` at most. In the time of the list it
    began anew so often (`restarts`), the last time at `restarted`; of its tasks so many `succeeded`
    and `failed`, and in each bucket so many ended (`trend`) and failed (`failures`). Null is
    unknown."""

    host: str
    deployment: str
    pool: int | None
    queues: tuple[str, ...] | None
    paused_queues: tuple[str, ...]
    started: float | None
    memory_bytes: int | None
    restarts: int | None
    restarted: float | None
    succeeded: int | None
    failed: int | None
    trend: tuple[int, ...] | None
    failures: tuple[int, ...] | None


class WorkerList(msgspec.Struct, frozen=True, kw_only=True):
    """Every worker known, by name, judged at `now`, with numbers of the time from `since` to
    `until` (Unix seconds), which is what was asked for in whole buckets. The first bucket of each
    `trend` begins at `since` and lasts `bucket_s` seconds. `complete` is false when tasks of some
    workers were not counted. `incomplete` is what is missing in the history of that time, null if
    nothing is."""

    items: tuple[ListedWorker, ...]
    now: float
    since: float
    until: float
    bucket_s: float
    complete: bool
    incomplete: Incomplete | None = None


class WorkerLists:
    """Any thread. Raises `StoreError`."""

    def __init__(self, store: Store, ledger: Ledger, workers: ListedWorkers, clock: Clock) -> None:
        self._ledger = ledger
        self._workers = workers
        self._clock = clock
        self._history = WorkerHistory(store, clock)
        self._fleets: SharedCalls[Fleet] = SharedCalls(clock, _FLEET_S)

    def list(
        self, since: float | None = None, until: float | None = None, name: str | None = None
    ) -> WorkerList:
        """The workers that are listed, or the one of this name, listed or not, with what was from
        `since` to `until` (the last hour unless given)."""
        now = self._clock.now()
        end = now if until is None else until
        start = end - SPAN_S if since is None else since
        found = self._workers.listed(now) if name is None else self._one(name)
        counted = self._history.counted(start, end, len(found), now)
        fleet = beside(
            lambda: self._fleets.ask((), lambda: stored_fleet(self._ledger)), "What workers run"
        )
        paused = paused_queues_by_worker(self._ledger)
        return WorkerList(
            items=tuple(
                _listed(worker, row, fleet or Fleet(), counted, paused.get(worker.hostname, ()))
                for worker, row in zip(found, self._workers.rows_of(found, now), strict=True)
            ),
            now=now,
            since=counted.span.since,
            until=counted.span.until,
            bucket_s=counted.buckets.bucket_s,
            complete=counted.complete,
            incomplete=counted.incomplete,
        )

    def _one(self, name: str) -> tuple[Worker, ...]:
        worker = self._workers.find(name)
        return () if worker is None else (worker,)


def _listed(
    worker: Worker,
    row: WorkerRow,
    fleet: Fleet,
    counted: CountedWorkers,
    paused_queues: tuple[str, ...],
) -> ListedWorker:
    seen = fleet.workers.get(worker.hostname)
    profile = _of_process(fleet.profiles.get(worker.hostname, WorkerProfile()), worker, seen)
    restarts = () if seen is None else _within(seen.restarts, counted)
    began = None if seen is None else seen.began
    ends = counted.of(worker.hostname)
    if row.events_off_since is not None and not (ends.succeeded or ends.failed):
        ends = WorkerEnds()  # it tells of none, which does not mean that it ran none
    return ListedWorker(
        host=host_of(worker.hostname),
        deployment=deployment_of(worker.hostname),
        pool=profile.pool,
        queues=profile.queues,
        paused_queues=paused_queues,
        started=began if profile.started is None else profile.started,
        memory_bytes=_memory_bytes(profile, worker),
        restarts=None if seen is None else len(restarts),
        restarted=restarts[-1] if restarts else None,
        **msgspec.structs.asdict(row),
        **msgspec.structs.asdict(ends),
    )


def _of_process(profile: WorkerProfile, worker: Worker, seen: SeenWorker | None) -> WorkerProfile:
    """What still holds of a worker that may have begun anew since it told that. In a container each
    process has the same number."""
    is_other = None not in (profile.pid, worker.pid) and profile.pid != worker.pid
    began = None if seen is None else seen.began
    if began is not None and profile.started is not None:
        is_other = is_other or began > profile.started + _STARTING_S
    return WorkerProfile(profile.pool, profile.queues) if is_other else profile


def _within(times: Sequence[float], counted: CountedWorkers) -> Sequence[float]:
    since, until = counted.span
    return [at for at in times if since <= at <= until]


def _memory_bytes(profile: WorkerProfile, worker: Worker) -> int | None:
    if not profile.max_rss:
        return None
    return profile.max_rss * (1 if worker.sw_sys == "Darwin" else 1_024)

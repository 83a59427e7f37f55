"""The workers that lists show, each with its status: all that are known, without those that
are long gone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from umbel.cluster.worker import OFFLINE, ONLINE, SILENT, Worker, with_answers
from umbel.services.cluster.inspection import Inspection
from umbel.services.health.liveness import events_off, recording
from umbel.services.health.worker_status import (
    UNKNOWN,
    WorkerStatus,
    recording_state,
    worker_status,
)
from umbel.services.search.rows import WorkerRow, worker_row
from umbel.store.base import CollectorStatus, Store


class ListedWorkers(msgspec.Struct, frozen=True):
    """`gone_after_s`: for how many seconds nothing is heard of a worker that is still listed;
    None is for ever. `inspection` knows who answers, and asks those who say nothing else."""

    store: Store
    gone_after_s: float | None = None
    inspection: Inspection | None = None

    def all(self) -> tuple[Worker, ...]:
        """Every worker of the history, listed or not, by name. Raises `StoreError`."""
        workers = self.store.workers()
        if self.inspection is None:
            return workers
        return with_answers(workers, self.inspection.answered())

    def find(self, name: str) -> Worker | None:
        """One of them, listed or not. Raises `StoreError`."""
        worker = self.store.worker(name)
        answered = {} if self.inspection is None else self.inspection.answered()
        at = {name: answered[name]} if name in answered else {}
        return next(iter(with_answers([] if worker is None else [worker], at)), None)

    def listed(self, now: float) -> tuple[Worker, ...]:
        """The workers by name at `now` (Unix seconds). Their tasks stay, whoever is left out.
        Raises `StoreError`."""
        if self.gone_after_s is None:
            return self.all()
        return tuple(each for each in self.all() if not is_gone(each, now, self.gone_after_s))

    def with_status(self, now: float) -> tuple[tuple[Worker, WorkerStatus], ...]:
        """The same, each with its status. Raises `StoreError`."""
        return self._judged(self.listed(now), now, self.store.collectors())

    def rows(self, now: float) -> tuple[WorkerRow, ...]:
        """The same, as they are shown. Raises `StoreError`."""
        return self.rows_of(self.listed(now), now)

    def row(self, worker: Worker, now: float) -> WorkerRow:
        """One worker as it is shown, listed or not. Raises `StoreError`."""
        return self.rows_of((worker,), now)[0]

    def alive(self, now: float) -> tuple[tuple[Worker, bool], ...]:
        """The listed workers, and whether each is online; while nothing is heard, whether it
        was when anything last was: Flower's API knows no third answer. Raises `StoreError`."""
        return tuple((worker, _alive(worker, found)) for worker, found in self.with_status(now))

    def rows_of(self, workers: tuple[Worker, ...], now: float) -> tuple[WorkerRow, ...]:
        """These, in their order, as they are shown. Raises `StoreError`."""
        collectors = self.store.collectors()
        mute = events_off(recording(collectors, now))
        return tuple(
            worker_row(worker, *found, events_off_since=mute.get(worker.hostname))
            for worker, found in self._judged(workers, now, collectors)
        )

    def _judged(
        self, workers: tuple[Worker, ...], now: float, collectors: Sequence[CollectorStatus]
    ) -> tuple[tuple[Worker, WorkerStatus], ...]:
        heard = recording_state(collectors, now)
        found = [(worker, worker_status(worker, now, heard)) for worker in workers]
        quiet = [
            worker.hostname
            for worker, (status, _) in found
            if not worker.sends_heartbeats
            and status != OFFLINE
            and now - worker.last_heard > worker.allowed_s / 2
        ]
        if self.inspection is not None:
            self.inspection.probe(quiet)
        return tuple(
            (worker, self._sought(worker, judged) if judged.status == SILENT else judged)
            for worker, judged in found
        )

    def _sought(self, worker: Worker, silent: WorkerStatus) -> WorkerStatus:
        """A worker that sends no heartbeats is silent only when it did not answer."""
        if worker.sends_heartbeats:
            return silent
        sought = None if self.inspection is None else self.inspection.probed_at(worker.hostname)
        if sought is None or sought < worker.last_heard:
            return WorkerStatus(UNKNOWN, worker.last_heard)
        return silent


def _alive(worker: Worker, found: WorkerStatus) -> bool:
    if found.status == UNKNOWN:
        return found.since is None or worker.status(found.since) != SILENT
    return found.status == ONLINE


def is_gone(worker: Worker, now: float, after_s: float) -> bool:
    """Whether a worker is not online, and was last heard of more than so long ago."""
    if worker.status(now) == ONLINE:
        return False
    return now - worker.last_heard > after_s

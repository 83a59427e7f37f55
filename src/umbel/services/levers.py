"""What reaches into a cluster, and the book of what was done: one bundle for every face."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.results.base import Result, ResultBackend
from umbel.services.cluster.inspection import ANSWER_S, Inspection
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.cluster.registered_tasks import DescribeTasks
from umbel.services.control.context import ActionContext
from umbel.services.control.control import Control
from umbel.services.search.search import Search
from umbel.store.base import Store
from umbel.store.ledger import Ledger

#: How long is waited for a result before a look at whether the process ends, seconds.
_STEP_S: Final = 1.0


class Levers:
    """Everything that asks or changes a cluster. Any thread, until it is closed."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        cluster: Cluster,
        results: ResultBackend,
        clock: Clock,
        describe: DescribeTasks = dict,
        *,
        answer_s: float = ANSWER_S,
        keep_s: float | None = None,
    ) -> None:
        self._stopping = threading.Event()
        self.ledger = ledger
        self.cluster = cluster
        self.results: ResultBackend = _Patient(results, self._stopping)
        self.describe = describe
        self.inspection = Inspection(store, cluster, clock, answer_s)
        self.queues = QueueInspection(store, cluster, self.inspection, clock)
        search = Search(store, clock, ledger)
        self.control = Control(
            ActionContext(
                store=store,
                search=search,
                ledger=ledger,
                cluster=cluster,
                results=self.results,
                workers=self.inspection,
                clock=clock,
            ),
            keep_s,
        )
        self.login_audit = self.control.login_audit

    @property
    def is_stopping(self) -> bool:
        """Whether nobody should wait any longer."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Let nobody wait any longer for a result: the process is ending. Returns at once."""
        self._stopping.set()

    def close(self) -> None:
        """Let go of everything. May be called twice."""
        self.stop()
        self.control.close()
        self.cluster.close()
        self.results.close()
        self.ledger.close()


class _Patient:
    """A result backend whose `wait` ends early when the process does."""

    def __init__(self, results: ResultBackend, stopping: threading.Event) -> None:
        self._results = results
        self._stopping = stopping

    @property
    def url(self) -> str:
        return self._results.url

    def expect(self, task_id: str) -> str | None:
        return self._results.expect(task_id)

    def get(self, task_id: str) -> Result:
        return self._results.get(task_id)

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Result]:
        return self._results.get_many(task_ids)

    def wait(self, task_id: str, timeout_s: float) -> Result:
        while True:
            found = self._results.wait(task_id, min(timeout_s, _STEP_S))
            timeout_s -= _STEP_S
            if found.is_ready or timeout_s <= 0 or self._stopping.is_set():
                return found

    def abort(self, task_id: str) -> None:
        self._results.abort(task_id)

    def close(self) -> None:
        self._results.close()

"""A cluster in memory whose queues are paused and resumed by actions and by the watching thread."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.contract.stories import heartbeat
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from tests.unit.control.scene import ADA, NO_RESULTS, NOW
from umbel.auth.base import Actor
from umbel.services.cluster.inspection import Inspection
from umbel.services.control.context import ActionContext
from umbel.services.control.control import Control
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest
from umbel.services.pauses.pause_watch import PauseWatch
from umbel.services.pauses.paused_consumers import PausedConsumers
from umbel.services.search.search import Search
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger

EXCHANGE = {"name": "mail", "type": "topic", "durable": True, "auto_delete": False}
MAIL: dict[str, object] = {
    "name": "mail", "exchange": EXCHANGE, "routing_key": "mail.#", "durable": True,
    "queue_arguments": {"x-max-priority": 5}, "no_ack": False, "alias": None,
}  # fmt: skip
CELERY: dict[str, object] = {"name": "celery", "exchange": {"name": "celery", "type": "direct"}}


class Scene:
    """`control` acts as a server's; `another_watch` is the watching thread of a server."""

    def __init__(self) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.ledger = MemoryLedger()
        self.cluster = MemoryCluster()
        self.cluster.queues = {"mail": []}
        self.inspection = self.another_inspection()
        self.control = Control(
            ActionContext(
                store=self.store,
                search=Search(self.store, self.clock, self.ledger),
                ledger=self.ledger,
                cluster=self.cluster,
                results=NO_RESULTS,
                workers=self.inspection,
                clock=self.clock,
            )
        )
        self.watch = self.watch_of(self.control.paused_consumers)

    def another_inspection(self) -> Inspection:
        return Inspection(self.store, self.cluster, self.clock)

    def another_watch(self) -> PauseWatch:
        return self.watch_of(
            PausedConsumers(self.store, self.ledger, self.cluster, self.inspection, self.clock)
        )

    def watch_of(self, consumers: PausedConsumers) -> PauseWatch:
        return PauseWatch(self.store, self.ledger, consumers, self.clock)

    def worker(
        self, name: str, *queues: dict[str, object], pid: int = 10, beats: bool = True
    ) -> MemoryWorker:
        """One that was just started, and consumes these."""
        worker = MemoryWorker(name)
        worker.says["active_queues"] = list(queues or (CELERY, MAIL))
        worker.says["stats"] = {"uptime": 3_600}
        self.cluster.workers[name] = worker
        if beats:
            self.beat(name, pid)
        return worker

    def beat(self, name: str, pid: int = 10) -> None:
        beat = heartbeat(name, self.clock.now())
        self.store.apply([msgspec.structs.replace(beat, pid=pid)])

    def wait(self, seconds: float) -> None:
        """Time passes, in which all workers that live send heartbeats."""
        self.clock.time += seconds
        for name in self.cluster.workers:
            self.beat(name)

    def plan(self, action: Any, queue: str = "mail", **request: Any) -> ActionPlan:
        return self.control.plan(ActionRequest(action=action, queue=queue, **request), ADA)

    def do(
        self, action: Any, queue: str = "mail", actor: Actor = ADA, **request: Any
    ) -> ActionReport:
        """Plan, execute, and wait for the end."""
        plan = self.control.plan(ActionRequest(action=action, queue=queue, **request), actor)
        assert plan.impossible is None, plan.impossible
        self.control.execute(plan.id, actor, plan.confirm)
        return self.control.wait(plan.id, 10.0)

    def consumers(self, queue: str = "mail") -> list[str]:
        """Who consumes a queue."""
        return sorted(
            name
            for name, worker in self.cluster.workers.items()
            if any(each["name"] == queue for each in _consumed(worker))
        )

    def commands(self, name: str) -> list[tuple[dict[str, object], tuple[str, ...] | None]]:
        return [(e.arguments, e.workers) for e in self.cluster.commands if e.name == name]


def _consumed(worker: MemoryWorker) -> list[dict[str, object]]:
    found = worker.says["active_queues"]
    assert isinstance(found, list)
    return found

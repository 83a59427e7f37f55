"""A data directory, and the cluster that it is of, as a source in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from umbel.auth.base import Actor
from umbel.broker.base import Capabilities, QueuedMessage
from umbel.clock import Clock
from umbel.cluster.task import Task
from umbel.errors import NotSupported, StoreError
from umbel.python.sources import Tasks
from umbel.query.ast import Comparison, Matches, Node
from umbel.query.match import compile_query
from umbel.results.base import Result
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.cluster.queue_inspection import QueueRow
from umbel.services.control.task_sender import Apply, SentTask
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest
from umbel.services.levers import Levers
from umbel.services.search.doubt import DoubtFinder
from umbel.services.search.incomplete import both, incomplete, span_of_page, span_of_query
from umbel.services.search.intents import Intents
from umbel.services.search.ledger_terms import resolved
from umbel.services.search.rows import WholeTask, WorkerRow
from umbel.store.base import Order, Store
from umbel.store.ledger import AuditPage, Ledger

#: How long one page may take, seconds; what was found until then is given, and gone on from.
PAGE_S: Final = 5.0
FOLLOW_EVERY_S: Final = 0.25
CHILDREN_MAX: Final = 1_000


class LocalSource:
    """See `Source`. `open_levers` connects nothing before it is first needed; None where no
    broker is known. `gone_after_s` is that of `ListedWorkers`."""

    def __init__(
        self,
        name: str,
        store: Store,
        ledger: Ledger,
        actor: Actor,
        clock: Clock,
        open_levers: Callable[[], Levers] | None,
        on_close: Callable[[], None],
        gone_after_s: float | None = None,
    ) -> None:
        self._gone_after_s = gone_after_s
        self._name = name
        self._store = store
        self._ledger = ledger
        self._actor = actor
        self._clock = clock
        self._open_levers = open_levers
        self._levers: Levers | None = None
        self._on_close = on_close
        self._closed = False
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._name

    def page(self, query: Node, order: Order, cursor: str | None, limit: int) -> Tasks:
        seq = self._reading.seq()
        now = self._clock.now()
        page = self._reading.search(
            resolved(query, self._ledger),
            now=now,
            order=order,
            cursor=cursor,
            limit=limit,
            budget_s=PAGE_S,
        )
        span = span_of_page(
            page.items,
            order.field,
            is_first=cursor is None,
            is_last=page.cursor is None,
            descending=order.descending,
        )
        missing = incomplete(self._reading, both(span_of_query(query, now), span), now)
        return Tasks(page.items, page.cursor, seq, missing)

    def task(self, uuid: str) -> Task | None:
        return self._reading.task(uuid)

    def whole(self, uuid: str) -> WholeTask | None:
        task = self.task(uuid)
        if task is None:
            return None
        return Intents(self._ledger, DoubtFinder(self._reading, self._clock)).whole(
            task, self._reading
        )

    def children(self, task: Task) -> list[str]:
        sent = Matches("parent", Comparison.EQUALS, (task.uuid,))
        found = self.page(sent, Order("seen", descending=False), None, CHILDREN_MAX)
        return [child.uuid for child in found.items]

    def workers(self) -> tuple[WorkerRow, ...]:
        return ListedWorkers(self._reading, self._gone_after_s).rows(self._clock.now())

    def follow(self, query: Node, after: int) -> Iterator[Task]:
        while True:
            matches = compile_query(query, self._clock.now())
            changes = self._reading.follow(after)
            after = changes.seq
            yield from (change.task for change in changes.items if matches(change.task))
            time.sleep(FOLLOW_EVERY_S)

    def plan(self, request: ActionRequest) -> ActionPlan:
        return self._acting.control.plan(request, self._actor)

    def execute(self, action_id: str, confirm: int | None) -> ActionReport:
        return self._acting.control.execute(action_id, self._actor, confirm)

    def wait(self, action_id: str, timeout_s: float) -> ActionReport:
        return self._acting.control.wait(action_id, timeout_s)

    def cancel(self, action_id: str) -> ActionReport:
        return self._acting.control.cancel(action_id, self._actor)

    def apply(self, request: Apply) -> SentTask:
        return self._acting.control.apply(request, self._actor)

    def result(self, task_id: str, timeout_s: float) -> Result:
        results = self._acting.results
        return results.wait(task_id, timeout_s) if timeout_s > 0 else results.get(task_id)

    def queues(self) -> tuple[tuple[QueueRow, ...], Capabilities | None]:
        found = self._acting.queues.all()
        return found.items, found.capabilities

    def messages(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        return self._acting.queues.peek(queue, limit)

    def audit(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        actor: str | None = None,
        action: str | None = None,
    ) -> AuditPage:
        return self._ledger.audit(before=before, limit=limit, actor=actor, action=action)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            levers, self._levers = self._levers, None
        if levers is not None:
            levers.close()
        self._on_close()

    @property
    def _reading(self) -> Store:
        if self._closed:
            raise StoreError(f"{self._name} was closed.", remedy="Open it again.")
        return self._store

    @property
    def _acting(self) -> Levers:
        with self._lock:
            if self._closed:
                raise StoreError(f"{self._name} was closed.", remedy="Open it again.")
            if self._levers is None:
                if self._open_levers is None:
                    raise NotSupported(
                        f"{self._name} is a history whose broker is not known here.",
                        remedy="Name the application or its broker as well: with -A or -b, "
                        "in Python with Events(app, directory=..., collect=False).",
                    )
                self._levers = self._open_levers()
            return self._levers

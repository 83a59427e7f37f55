"""Planning to pause or resume a queue: who consumes it, what waits, and what will not stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from umbel.errors import BrokerError
from umbel.services.control.context import ActionContext
from umbel.services.control.pause_plan import plan_pause, plan_resume
from umbel.services.control.plan_inputs import PlanHeader, QueueAtPause
from umbel.services.control.types import ActionPlan
from umbel.services.control.unknown_queue import unknown_queue
from umbel.services.control.worker_facts import consumption, depths_of
from umbel.services.pauses.words import already_paused, not_paused


class PausePlanner:
    """Any thread. What cannot be asked stands in the plan as why it is impossible, or is left
    out."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def plan(self, header: PlanHeader, missing: str | None) -> ActionPlan:
        """What would happen; `missing` is why workers cannot be told anything. Raises
        `StoreError`."""
        queue = header.request.queue or ""
        pause = self._context.ledger.pauses().get(queue)
        if header.request.action == "pause":
            found = QueueAtPause(impossible=missing)
            if missing is None and pause is not None and pause.state == "paused":
                found = QueueAtPause(impossible=already_paused(pause))
            elif missing is None:
                found = self._to_pause(queue, is_remembered=pause is not None)
            return plan_pause(header, found)
        if pause is None:
            return plan_resume(header, None, QueueAtPause(impossible=not_paused(queue)))
        ready = self._depth(queue)[0]
        workers = tuple(each.worker for each in self._context.ledger.stopped(queue))
        found = QueueAtPause(workers=workers, ready=ready, impossible=missing)
        return plan_resume(header, pause, found)

    def _to_pause(self, queue: str, *, is_remembered: bool) -> QueueAtPause:
        context = self._context
        ready, counted = self._depth(queue)
        consumed = consumption(context.workers)
        if consumed is None:
            return QueueAtPause(
                ready=ready, impossible="The workers cannot be asked now what they consume."
            )
        workers = consumed.by_queue.get(queue, ())
        unknown = None
        if not (workers or ready or is_remembered):
            unknown = unknown_queue(queue, context.store, context.cluster, context.workers)
        found = QueueAtPause(
            workers=workers, silent=consumed.silent, counted=counted, ready=ready,
            impossible=unknown,
        )  # fmt: skip
        return self._with_fetched(queue, found) if workers else found

    def _depth(self, queue: str) -> tuple[int | None, int | None]:
        """How many messages wait and how many consumers the broker counts, where it tells."""
        found = depths_of([queue], self._context.cluster)
        return (found[0].ready, found[0].consumers) if found else (None, None)

    def _with_fetched(self, queue: str, found: QueueAtPause) -> QueueAtPause:
        try:
            answers = self._context.workers.profiles(
                ("active", "reserved", "scheduled"), found.workers
            )
        except BrokerError:
            return found
        counts = {each.what: _of_queue(queue, each.values) for each in answers if each.values}
        answered = min((len(each.values) for each in answers), default=0)
        return msgspec.structs.replace(
            found,
            running=counts.get("active"),
            reserved=counts.get("reserved"),
            scheduled=counts.get("scheduled"),
            more=answered < len(found.workers) or len(answers) < 3,
        )


def _of_queue(queue: str, values: Mapping[str, object]) -> int:
    """How many of the tasks that workers list came from a queue, by the routing key that they were
    published with: Celery gives none by the queue."""
    return sum(
        _routing_key(each) == queue
        for listed in values.values()
        for each in (listed if isinstance(listed, Sequence) else ())
    )


def _routing_key(task: object) -> object:
    inner = task.get("request", task) if isinstance(task, Mapping) else None
    delivery = inner.get("delivery_info") if isinstance(inner, Mapping) else None
    return delivery.get("routing_key") if isinstance(delivery, Mapping) else None

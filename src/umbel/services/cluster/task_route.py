"""Where a task of a name would go, whether anybody would take it from there, and could run it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from umbel.broker.base import Cluster, Routing, Signature
from umbel.errors import BrokerError, RouteTooSlow
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_inspection import QueueInspection, QueueList, QueueRow
from umbel.services.cluster.registered_tasks import workers_with
from umbel.services.control.reserved_names import refuse_reserved
from umbel.services.pauses.paused_queues import PausedQueue, paused_queue, paused_queues
from umbel.services.pauses.words import waits_for_resume
from umbel.store.queue_pauses import PauseLedger


class TaskRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A task called `name` would be published with `exchange` (empty: the broker's own) and
    `routing_key`, and arrive in `queue`; null where a route names none, or routes cannot be read.
    `by_application`: whether these are the routes of the application; without one only its default
    queue is known. In the queue `ready` messages wait, and `workers` consume it; `registered` are
    workers that have the name; null where that is not known, and of those that are `missing`
    nothing is. `paused` is who wants nobody to consume the queue, null if nobody does. `warnings`
    say in sentences what stands in its way."""

    name: str
    queue: str | None
    exchange: str | None
    routing_key: str | None
    by_application: bool
    ready: int | None
    workers: tuple[str, ...] | None
    registered: tuple[str, ...] | None
    missing: tuple[str, ...]
    paused: PausedQueue | None
    warnings: tuple[str, ...]


class TaskRoutes:
    """Asks routes, broker and workers. Any thread; raises what `Cluster` raises."""

    def __init__(
        self,
        cluster: Cluster,
        queues: QueueInspection,
        inspection: Inspection,
        ledger: PauseLedger,
    ) -> None:
        self._ledger = ledger
        self._cluster = cluster
        self._queues = queues
        self._inspection = inspection

    def of(self, name: str, to: str | None = None) -> TaskRoute:
        """Where a task of this name goes: when somebody names the queue `to`, or nobody does. One
        that nobody may send to is `ActionRefused`."""
        if to is not None:
            refuse_reserved(self._cluster.reserved().of_queue(to))
        routing, trouble = self._routing(Signature(id="", name=name, queue=to))
        found = self._queues.all()
        if found.more and routing.queue:
            found = self._queues.all(routing.queue)
        queue = next((row for row in found.items if row.name == routing.queue), None)
        registered, silent = self._registered(name)
        missing = tuple(sorted({*found.missing, *silent}))
        workers = _consuming(queue, found)
        pause = paused_queues(self._ledger).get(routing.queue or "")
        return TaskRoute(
            name=name,
            queue=routing.queue,
            exchange=routing.exchange,
            routing_key=routing.routing_key,
            by_application=routing.by_application,
            ready=None if queue is None else queue.ready,
            workers=workers if routing.queue is not None else None,
            registered=registered,
            missing=missing,
            paused=paused_queue(pause),
            warnings=(
                *trouble,
                *((waits_for_resume(pause),) if pause is not None else ()),
                *_warnings(
                    routing,
                    queue,
                    workers,
                    registered,
                    bool(missing),
                    is_paused=pause is not None,
                    is_named=to is not None,
                ),
            ),
        )

    def _routing(self, signature: Signature) -> tuple[Routing, tuple[str, ...]]:
        nowhere = Routing(queue=None, exchange=None, routing_key=None, by_application=True)
        try:
            return self._cluster.routing(signature), ()
        except RouteTooSlow as error:
            return nowhere, (str(error),)
        except BrokerError:
            raise
        except Exception as error:  # a route is anybody's function
            why = f"A route of the application failed without arguments: {type(error).__name__}."
            return nowhere, (why,)

    def _registered(self, name: str) -> tuple[tuple[str, ...] | None, Sequence[str]]:
        try:
            answers = self._inspection.inspect("registered")
        except BrokerError:
            return None, ()
        if not answers.values:
            return None, answers.unheard
        return workers_with(answers, name), answers.unheard


def _consuming(queue: QueueRow | None, found: QueueList) -> tuple[str, ...] | None:
    """Of a queue that nobody tells of, nobody consumes, if workers answered at all."""
    if queue is not None:
        return queue.workers
    has_answers = any(each.workers is not None for each in found.items)
    return () if has_answers and found.more == 0 else None


def _warnings(
    routing: Routing,
    queue: QueueRow | None,
    workers: Sequence[str] | None,
    registered: Sequence[str] | None,
    has_missing: bool,
    *,
    is_paused: bool,
    is_named: bool,
) -> Sequence[str]:
    of_those = " that answered" if has_missing else ""
    found = []
    if not routing.by_application and not is_named:
        found.append(
            "Umbel has no application (--app), so routes are not known: this is the default queue."
        )
    if routing.queue is not None and workers is not None and not workers and not is_paused:
        counted = queue.consumers if queue is not None else 0
        if not counted:
            found.append(f"No worker{of_those} consumes {routing.queue}: tasks would wait there.")
    if registered is not None and not registered:
        found.append(f"No worker{of_those} has registered the name.")
    elif registered and workers and not {*registered} >= {*workers}:
        without = ", ".join(sorted({*workers} - {*registered}))
        found.append(
            f"Of those that consume the queue these have not registered the name: {without}."
        )
    return found

"""One queue: what the list says of it, who takes how much of it, what it was declared with, and
where its dead letters go.

What only workers can tell (how much they have reserved of the queue) those that consume it are
asked, once for all who look within some seconds; they answered a moment ago, so that is quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Capabilities, Cluster, QueueDepth
from umbel.clock import Clock
from umbel.errors import BrokerError, QueueUnknown
from umbel.services.cluster.dead_letters import DeadLetters, dead_letters, sources
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_consumers import QueueConsumer, queue_consumers
from umbel.services.cluster.queue_declared import (
    DeclaredQueue,
    declared_at_broker,
    declared_before_pause,
    declared_in_kombu,
    idle_since,
    priority_lengths,
)
from umbel.services.cluster.queue_list import ListedQueue, ListedQueues, QueueLists
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.pauses.paused_queues import ResumingQueue, resuming_queue
from umbel.store.queue_pauses import PauseLedger

#: For how long what workers and the management API told is shared by all who look, seconds.
SHARED_S: Final = 5.0
#: The same of what consumers have of it, which takes four questions.
CONSUMERS_SHARED_S: Final = 10.0
#: So many of its workers are asked what they have reserved.
CONSUMERS_MAX: Final = 50
#: So many queues that get its dead letters are counted.
DEAD_LETTER_QUEUES_MAX: Final = 10


class QueueProfile(ListedQueue, frozen=True, kw_only=True):
    """A queue as of `at` (Unix seconds), of a `broker` that can do what `capabilities` say: see
    `ListedQueue`. `consuming` are the first of its `workers` with what each has of it, null where
    no worker could be asked; `missing` are workers that did not say what they consume. `declared`
    is null where nobody tells it, `dead_letters` where it has none, and `dead_letters_of` are
    queues whose dead letters arrive here, as far as that is known. `priorities_unknown` says why
    it is not told how many messages wait at each of its priorities, null if it is, or it has none.
    `idle_since` (Unix seconds) is since when nothing happened to it, null while something does and
    where the management API does not tell. `resuming` is who resumed it
    while workers are still to consume it again, null otherwise.
    """

    broker: str
    capabilities: Capabilities
    at: float
    missing: tuple[str, ...]
    unsampled: str | None
    consuming: tuple[QueueConsumer, ...] | None
    declared: DeclaredQueue | None
    dead_letters: DeadLetters | None
    dead_letters_of: tuple[str, ...]
    priorities_unknown: str | None
    idle_since: float | None
    resuming: ResumingQueue | None


class QueueDescription(msgspec.Struct, frozen=True):
    """What hardly changes of a queue."""

    declared: DeclaredQueue | None
    letters: DeadLetters | None
    letters_of: tuple[str, ...]
    priorities: dict[int, int]
    idle_since: float | None


class QueueProfiles:
    """Any thread. Raises what `Cluster` raises, `StoreError`, and `QueueUnknown`."""

    def __init__(
        self,
        cluster: Cluster,
        lists: QueueLists,
        inspection: Inspection,
        clock: Clock,
        ledger: PauseLedger,
    ) -> None:
        self._ledger = ledger
        self._cluster = cluster
        self._lists = lists
        self._inspection = inspection
        self._described: SharedCalls[QueueDescription] = SharedCalls(clock, SHARED_S)
        self._consumers: SharedCalls[tuple[QueueConsumer, ...]] = SharedCalls(
            clock, CONSUMERS_SHARED_S
        )
        #: Each look at a queue that RabbitMQ has not got is a line in its log.
        self._depths: SharedCalls[QueueDepth] = SharedCalls(clock, SHARED_S)

    def of(self, name: str) -> QueueProfile:
        """The queue of this name."""
        listed = self._lists.list()
        row = _called(name, listed)
        if row is None and listed.more:
            row = _called(name, self._lists.list(name))
        row = self._unlisted(name, listed) if row is None else row
        if row is None:
            raise QueueUnknown(
                f"Nobody tells of a queue {name}: neither application, broker and workers nor the "
                "tasks that are stored."
            )
        described = self._described.ask(name, lambda: self._ask(name))
        known = {field: getattr(row, field) for field in ListedQueue.__struct_fields__}
        known["priorities"] = row.priorities or described.priorities
        return QueueProfile(
            **known,
            broker=listed.broker,
            capabilities=listed.capabilities,
            at=listed.at,
            missing=listed.missing,
            unsampled=listed.unsampled,
            consuming=self._consuming(name, row.workers, described.declared),
            declared=described.declared,
            dead_letters=self._counted(described.letters, listed),
            dead_letters_of=described.letters_of,
            priorities_unknown=_priorities_unknown(described, listed.capabilities),
            idle_since=described.idle_since,
            resuming=resuming_queue(self._ledger, name),
        )

    def _unlisted(self, name: str, listed: ListedQueues) -> ListedQueue | None:
        """A queue of which nobody tells may be there all the same; only AMQP says that an empty
        one is, by its consumers. No worker that answered consumes it."""
        is_free = self._cluster.reserved().of_queue(name) is None
        if not (is_free and self._cluster.capabilities().can("depth")):
            return None
        depth = self._depths.ask(name, lambda: self._cluster.depths([name])[0])
        is_there = depth.trouble is None and (depth.ready or depth.consumers is not None)
        fields = {field: getattr(depth, field) for field in QueueDepth.__struct_fields__}
        has_answers = any(each.workers is not None for each in listed.items)
        return ListedQueue(**fields, workers=() if has_answers else None) if is_there else None

    def _ask(self, name: str) -> QueueDescription:
        managed = self._cluster.queue_objects([name]).get(name)
        others = self._others()
        declared = others.get(name) or self._before_pause(name)
        if managed is not None:
            declared = declared_at_broker(managed, declared)
        exchange = declared.text("dead-letter-exchange") if declared else None
        bindings = self._cluster.bindings(exchange) if exchange else None
        return QueueDescription(
            declared,
            dead_letters(name, declared, bindings, others),
            sources(name, others),
            {} if managed is None else priority_lengths(managed),
            None if managed is None else idle_since(managed),
        )

    def _before_pause(self, name: str) -> DeclaredQueue | None:
        """As a worker consumed it that was stopped for a pause."""
        stopped = (each.options for each in self._ledger.stopped(name))
        options = next(filter(None, stopped), None)
        return None if options is None else declared_before_pause(options)

    def _others(self) -> dict[str, DeclaredQueue]:
        """Every queue that the application or a worker declares, by name."""
        found = {
            name: declared_in_kombu(each, "application")
            for name, each in self._cluster.definitions().items()
        }
        try:
            answers = self._inspection.inspect("active_queues")
        except BrokerError:
            return found
        for queues in answers.values.values():
            for each in queues if isinstance(queues, list) else ():
                if isinstance(each, Mapping) and isinstance(each.get("name"), str):
                    found[each["name"]] = declared_in_kombu(each, "worker")
        return found

    def _consuming(
        self, name: str, workers: Sequence[str] | None, declared: DeclaredQueue | None
    ) -> tuple[QueueConsumer, ...] | None:
        if not workers:
            return None if workers is None else ()
        names = tuple(workers[:CONSUMERS_MAX])
        return self._consumers.ask(
            (name, names), lambda: queue_consumers(self._inspection, name, names, declared)
        )

    def _counted(self, letters: DeadLetters | None, listed: ListedQueues) -> DeadLetters | None:
        """With how many messages wait there."""
        if letters is None or not letters.queues:
            return letters
        ready = {each.name: each.ready for each in listed.items}
        others = [each.name for each in letters.queues if each.name not in ready]
        others = others[:DEAD_LETTER_QUEUES_MAX]
        if others and listed.capabilities.can("depth"):
            ready |= {each.name: each.ready for each in self._cluster.depths(others)}
        counted = (
            msgspec.structs.replace(each, ready=ready.get(each.name)) for each in letters.queues
        )
        return msgspec.structs.replace(letters, queues=tuple(counted))


def _called(name: str, listed: ListedQueues) -> ListedQueue | None:
    return next((each for each in listed.items if each.name == name), None)


def _priorities_unknown(described: QueueDescription, capabilities: Capabilities) -> str | None:
    declared = described.declared
    if described.priorities or declared is None or declared.argument("max-priority") is None:
        return None
    if capabilities.transport != "amqp":
        return None
    if declared.source == "broker":
        return "RabbitMQ does not tell how many messages wait at each priority of this queue."
    return (
        "How many messages wait at each priority RabbitMQ tells by its management API alone, whose "
        "address is not configured (broker_api)."
    )

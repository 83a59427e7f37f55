"""The queues of a cluster: which there are, how full each is, and who works on it.

A broker does not say which queues are Celery's, so a queue is what anybody knows of it: the
application's configuration, the history of what was sent, the broker's own bindings, and what
workers consume or once consumed. The one that people look for is the one that nobody consumes
any more. So a queue is remembered until it is empty and nobody has told of it for a day.
Workers and broker are asked at the same time, and once for all who ask (`shared_calls`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import msgspec

from umbel.broker.base import Capabilities, Cluster, QueueDepth, QueuedMessage
from umbel.clock import Clock
from umbel.errors import BrokerError
from umbel.redact.rules import USUAL, Redactor
from umbel.services.cluster.hidden_arguments import masked_message, redacted_message
from umbel.services.cluster.inspection import InspectAnswers, Inspection
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.jsonable import bounded
from umbel.store.base import Store

#: How long an answer is kept, seconds.
CACHE_S: Final = 1.5
#: The most queues that are told: those with workers, then those of the most tasks.
QUEUES_MAX: Final = 300
#: How long a queue is remembered that is empty and that nobody tells of, seconds.
REMEMBERED_S: Final = 86_400.0
#: How long it is kept which queues the broker itself tells of, seconds.
BINDINGS_CACHE_S: Final = 10.0
#: The largest arguments of a waiting message that are shown whole, bytes of JSON.
ARGUMENTS_MAX: Final = 16 * 1024


class QueueRow(QueueDepth, frozen=True, kw_only=True, omit_defaults=False):
    """A queue and the names of the workers that consume it. `workers` is null when no worker
    could be asked."""

    workers: tuple[str, ...] | None = None


class QueueList(msgspec.Struct, frozen=True, kw_only=True):
    """Queues by name, as of `at` (Unix seconds), and what this broker can do. `missing` are
    workers that did not say what they consume; `more` is how many queues are left out."""

    items: tuple[QueueRow, ...]
    capabilities: Capabilities
    at: float
    missing: tuple[str, ...]
    more: int


class QueueInspection:
    """Asks the broker and the workers. Any thread; raises what `Cluster` raises."""

    def __init__(
        self,
        store: Store,
        cluster: Cluster,
        inspection: Inspection,
        clock: Clock,
        redactor: Redactor = USUAL,
    ) -> None:
        self._store = store
        self._redactor = redactor
        self._cluster = cluster
        self._inspection = inspection
        self._clock = clock
        self._calls: SharedCalls[QueueList] = SharedCalls(clock, CACHE_S)
        #: When anybody last told of a queue, or a message was in it, on the monotonic clock.
        self._last_named: dict[str, float] = {}
        self._bound: tuple[str, ...] = ()
        self._bound_at: float | None = None
        self._lock = threading.Lock()

    def all(self) -> QueueList:
        """Every queue known."""
        return self._calls.ask("all", self._listing)

    def listed(self) -> QueueList | None:
        """What somebody was answered a moment ago, if anybody was. Asks nobody."""
        return self._calls.cached("all")

    def peek(self, queue: str, limit: int, *, masked: bool = False) -> tuple[QueuedMessage, ...]:
        """The next messages of a queue, which stay there. Arguments that are larger than
        `ARGUMENTS_MAX` are shown as the beginning of their JSON, and `unreadable` says so.
        `masked`: arguments are shown as their sender lets them be seen."""
        messages = self._cluster.peek(queue, limit)
        if masked:
            messages = tuple(masked_message(message) for message in messages)
        return tuple(_bounded(redacted_message(each, self._redactor)) for each in messages)

    def objects(self, names: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        """These queues as RabbitMQ's management API tells of them, by name; see `Cluster`."""
        return self._cluster.queue_objects(names)

    def forget(self) -> None:
        """Ask anew next time: something was changed."""
        self._calls.clear()

    def _listing(self) -> QueueList:
        capabilities = self._cluster.capabilities()
        names = self.names()
        with ThreadPoolExecutor(1, thread_name_prefix="umbel-consumers") as beside:
            future = beside.submit(self._consumers)
            depths = self._depths(capabilities, names[:QUEUES_MAX])
            answers = future.result()
        workers = _workers_by_queue(answers)
        new = [name for name in workers or () if name not in names]
        depths = [*depths, *self._depths(capabilities, new[:QUEUES_MAX])]
        self._remember([*(workers or ()), *(depth.name for depth in depths if depth.ready)])
        return QueueList(
            items=tuple(_row(depth, workers) for depth in sorted(depths, key=lambda d: d.name)),
            # What is missing may have shown only now.
            capabilities=self._cluster.capabilities(),
            at=self._clock.now(),
            missing=answers.missing if answers is not None else (),
            more=len(names) + len(new) - len(depths),
        )

    def names(self) -> list[str]:
        """Every queue that anybody tells of or told of, those of the application first.
        Raises `StoreError`."""
        seen = [found.value for found in self._store.suggest("queue", "", QUEUES_MAX)]
        configured, bound = self._cluster.configured_queues(), self._bound_now()
        self._remember([*configured, *bound])
        with self._lock:
            remembered = list(self._last_named)
        names = dict.fromkeys([*configured, *bound, *remembered, *seen])
        # A forged event, or a message that was sent astray, makes none of them a task's.
        reserved = self._cluster.reserved()
        return [name for name in names if reserved.of_queue(name) is None]

    def named(self, names: Iterable[str]) -> list[str]:
        """Of names that somebody tells of those that may be a queue's; they are remembered."""
        reserved = self._cluster.reserved()
        found = [name for name in names if reserved.of_queue(name) is None]
        self._remember(found)
        return found

    def _remember(self, names: Iterable[str]) -> None:
        now = self._clock.monotonic()
        with self._lock:
            for name in names:
                self._last_named.pop(name, None)
                self._last_named[name] = now
            for name in list(self._last_named):
                if (
                    now - self._last_named[name] > REMEMBERED_S
                    or len(self._last_named) > 2 * QUEUES_MAX
                ):
                    del self._last_named[name]

    def _bound_now(self) -> tuple[str, ...]:
        """What the broker tells of; where it does not answer, what it last told: `depths` says
        why."""
        now = self._clock.monotonic()
        if self._bound_at is None or now - self._bound_at > BINDINGS_CACHE_S:
            with suppress(BrokerError):
                self._bound = self._cluster.bound_queues()[: 2 * QUEUES_MAX]
            self._bound_at = now
        return self._bound

    def _consumers(self) -> InspectAnswers | None:
        """What workers consume; None where the broker cannot carry the question, or does not
        now: it may still tell how full queues are."""
        try:
            return self._inspection.inspect("active_queues")
        except BrokerError:
            return None

    def _depths(self, capabilities: Capabilities, names: Sequence[str]) -> Sequence[QueueDepth]:
        if not names:
            return ()
        if not capabilities.can("depth"):
            return [QueueDepth(name=name) for name in names]
        return self._cluster.depths(names)


def _workers_by_queue(answers: InspectAnswers | None) -> dict[str, list[str]] | None:
    if answers is None or not (answers.values or not answers.missing):
        return None
    workers: dict[str, list[str]] = {}
    for worker, queues in sorted(answers.values.items()):
        for name in names_of_queues(queues):
            workers.setdefault(name, []).append(worker)
    return workers


def names_of_queues(queues: object) -> Iterable[str]:
    """Names of queues as `inspect active_queues` gives them."""
    for queue in queues if isinstance(queues, list) else ():
        if isinstance(queue, Mapping) and isinstance(queue.get("name"), str):
            yield queue["name"]


def _row(depth: QueueDepth, workers: Mapping[str, Sequence[str]] | None) -> QueueRow:
    fields = {name: getattr(depth, name) for name in QueueDepth.__struct_fields__}
    consuming = None if workers is None else tuple(workers.get(depth.name, ()))
    return QueueRow(**fields, workers=consuming)


def _bounded(message: QueuedMessage) -> QueuedMessage:
    args, args_cut = bounded(message.args, ARGUMENTS_MAX)
    kwargs, kwargs_cut = bounded(message.kwargs, ARGUMENTS_MAX)
    cut = [
        f"{name} has {sentence}."
        for name, sentence in (("args", args_cut), ("kwargs", kwargs_cut))
        if sentence
    ]
    unreadable = " ".join(filter(None, [message.unreadable, *cut])) or None
    # Headers of the sender's own may be anything: a token, a person's name.
    return msgspec.structs.replace(
        message, args=args, kwargs=kwargs, unreadable=unreadable, headers={}
    )

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
from itertools import chain, zip_longest
from typing import Final

import msgspec

from umbel.broker.base import PEEKED_BYTES, Capabilities, Cluster, QueueDepth, QueuedMessage
from umbel.clock import Clock
from umbel.cluster.events import LABEL_MAX
from umbel.errors import BrokerError
from umbel.redact.rules import USUAL, Redactor
from umbel.services.cluster.hidden_arguments import masked_message, redacted_message
from umbel.services.cluster.inspection import InspectAnswers, Inspection
from umbel.services.cluster.message_times import with_times
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.jsonable import SHOWN_MAX, bounded
from umbel.services.pauses.paused_queues import PausedQueue, paused_queue, paused_queues
from umbel.store.base import Store
from umbel.store.queue_pauses import PauseLedger, QueuePause

#: How long an answer is kept, seconds.
CACHE_S: Final = 1.5
#: The most queues that are told: those with workers, then those of the most tasks.
QUEUES_MAX: Final = 500
#: Among so many they are found by name.
NAMED_MAX: Final = 20_000
#: How long a queue is remembered that is empty and that nobody tells of, seconds.
REMEMBERED_S: Final = 86_400.0
#: How long it is kept which queues the broker itself tells of, seconds.
BINDINGS_CACHE_S: Final = 10.0
#: The largest arguments of a waiting message that are shown whole, bytes of JSON.
ARGUMENTS_MAX: Final = 16 * 1024
#: What a message says of its task in a word, and in a text of any length.
_LABELS: Final = ("name", "shadow", "eta", "expires", "root_id", "parent_id", "content_type")
_TEXTS: Final = ("args_repr", "kwargs_repr")


class QueueRow(QueueDepth, frozen=True, kw_only=True, omit_defaults=False):
    """A queue and the names of the workers that consume it. `workers` is null when no worker
    could be asked. `paused` is who wants nobody to consume it, null if nobody does."""

    workers: tuple[str, ...] | None = None
    paused: PausedQueue | None = None


class QueueList(msgspec.Struct, frozen=True, kw_only=True):
    """Queues by name, as of `at` (Unix seconds), and what this `broker` (its address without
    secrets) can do. `missing` are workers that did not say what they consume; `more` is how many
    queues are left out."""

    items: tuple[QueueRow, ...]
    broker: str
    capabilities: Capabilities
    at: float
    missing: tuple[str, ...]
    more: int


class QueuePeek(msgspec.Struct, frozen=True, kw_only=True):
    """The next messages of a queue, which stay there, in their order, as of `at` (Unix seconds);
    so many are `ready` in all, null if that is not known."""

    items: tuple[QueuedMessage, ...]
    ready: int | None
    at: float


class QueueInspection:
    """Asks the broker and the workers. Any thread; raises what `Cluster` raises."""

    def __init__(
        self,
        store: Store,
        cluster: Cluster,
        inspection: Inspection,
        clock: Clock,
        redactor: Redactor = USUAL,
        ledger: PauseLedger | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
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

    def all(self, search: str = "") -> QueueList:
        """Every queue known, `QUEUES_MAX` of them; of those that have all words of `search` in
        their name and the names of who consumes them, the one that is called so first."""
        wanted = search.strip().lower()
        return self._calls.ask(
            ("found", wanted) if wanted else "all", lambda: self._listing(wanted)
        )

    def listed(self) -> QueueList | None:
        """What somebody was answered a moment ago, if anybody was. Asks nobody."""
        return self._calls.cached("all")

    def peek(self, queue: str, limit: int, *, masked: bool = False) -> QueuePeek:
        """The next messages of a queue, which stay there. Arguments that are larger than
        `ARGUMENTS_MAX` are shown as the beginning of their JSON, and `unreadable` says so.
        `masked`: arguments are shown as their sender lets them be seen. Raises `StoreError`."""
        messages = self._cluster.peek(queue, limit)
        ready = self._ready(queue, messages, limit)
        messages = with_times(messages, self._store)
        if masked:
            messages = tuple(masked_message(message) for message in messages)
        shown = (_bounded(redacted_message(each, self._redactor)) for each in messages)
        return QueuePeek(items=tuple(shown), ready=ready, at=self._clock.now())

    def _ready(self, queue: str, messages: Sequence[QueuedMessage], limit: int) -> int | None:
        """How many messages wait, so that it does not contradict those that are shown."""
        is_all = sum(each.size_bytes for each in messages) < PEEKED_BYTES and len(messages) < limit
        if is_all or not self._cluster.capabilities().can("depth"):
            return len(messages) if is_all else None
        (depth,) = self._cluster.depths([queue])
        return None if depth.ready is None else max(depth.ready, len(messages))

    def objects(self, names: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        """These queues as RabbitMQ's management API tells of them, by name; see `Cluster`."""
        return self._cluster.queue_objects(names)

    def forget(self) -> None:
        """Ask anew next time: something was changed."""
        self._calls.clear()

    def _listing(self, wanted: str) -> QueueList:
        capabilities = self._cluster.capabilities()
        names, paused = self.names(), self._paused()
        depths: Sequence[QueueDepth] = ()
        with ThreadPoolExecutor(1, thread_name_prefix="umbel-consumers") as beside:
            future = beside.submit(self._consumers)
            if not wanted:
                depths = self._depths(capabilities, names[:QUEUES_MAX])
            answers = future.result()
        workers = _workers_by_queue(answers)
        known = set(names)
        new = [name for name in workers or () if name not in known]
        if wanted:
            names, new = _matching([*names, *new], workers or {}, wanted), []
            depths = self._depths(capabilities, names[:QUEUES_MAX])
        depths = [*depths, *self._depths(capabilities, new[:QUEUES_MAX])]
        # Those that are remembered last are forgotten last.
        self._remember([*reversed(workers or {}), *(depth.name for depth in depths if depth.ready)])
        return QueueList(
            items=tuple(
                _row(depth, workers, paused) for depth in sorted(depths, key=lambda d: d.name)
            ),
            broker=self._cluster.url,
            # What is missing may have shown only now.
            capabilities=self._cluster.capabilities(),
            at=self._clock.now(),
            missing=answers.unheard if answers is not None else (),
            more=len(names) + len(new) - len(depths),
        )

    def names(self) -> list[str]:
        """Every queue that anybody tells of or told of, those that are paused first, then those
        of the application. Raises `StoreError`."""
        seen = [found.value for found in self._store.suggest("queue", "", NAMED_MAX)]
        configured, bound = self._cluster.configured_queues(), self._bound_now()
        self._remember([*configured, *bound])
        with self._lock:
            remembered = list(reversed(self._last_named))
        names = dict.fromkeys([*self._paused(), *configured, *bound, *remembered, *seen])
        # A forged event, or a message that was sent astray, makes none of them a task's.
        reserved = self._cluster.reserved()
        return [name for name in names if reserved.of_queue(name) is None]

    def _paused(self) -> Mapping[str, QueuePause]:
        return {} if self._ledger is None else paused_queues(self._ledger)

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
                if now - self._last_named[name] > REMEMBERED_S or len(self._last_named) > NAMED_MAX:
                    del self._last_named[name]

    def _bound_now(self) -> tuple[str, ...]:
        """What the broker tells of; where it does not answer, what it last told: `depths` says
        why."""
        now = self._clock.monotonic()
        if self._bound_at is None or now - self._bound_at > BINDINGS_CACHE_S:
            with suppress(BrokerError):
                self._bound = self._cluster.bound_queues()[:NAMED_MAX]
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


def _matching(names: Iterable[str], workers: Mapping[str, Sequence[str]], wanted: str) -> list[str]:
    words = wanted.split()
    texts = {name: " ".join((name, *workers.get(name, ()))).lower() for name in names}
    found = [name for name, text in texts.items() if all(word in text for word in words)]
    return sorted(found, key=lambda name: name.lower() != wanted)


def _workers_by_queue(answers: InspectAnswers | None) -> dict[str, list[str]] | None:
    if answers is None or not (answers.values or not answers.unheard):
        return None
    named = {worker: names_of_queues(queues) for worker, queues in sorted(answers.values.items())}
    # The first of each worker, then the second of each: one that names thousands, of which not all
    # are shown, takes no place of another's.
    in_turn = chain.from_iterable(zip_longest(*named.values()))
    workers: dict[str, list[str]] = {name: [] for name in in_turn if name is not None}
    for worker, names in named.items():
        for name in names:
            workers[name].append(worker)
    return workers


def names_of_queues(queues: object) -> Iterable[str]:
    """Names of queues as `inspect active_queues` gives them, each once."""
    named = (
        queue["name"]
        for queue in (queues if isinstance(queues, list) else ())
        if isinstance(queue, Mapping) and isinstance(queue.get("name"), str)
    )
    return dict.fromkeys(named)


def _row(
    depth: QueueDepth,
    workers: Mapping[str, Sequence[str]] | None,
    paused: Mapping[str, QueuePause],
) -> QueueRow:
    fields = {name: getattr(depth, name) for name in QueueDepth.__struct_fields__}
    consuming = None if workers is None else tuple(workers.get(depth.name, ()))
    pause = paused_queue(paused.get(depth.name))
    return QueueRow(**fields, workers=consuming, paused=pause)


def _cut(text: str | None, length: int) -> str | None:
    return text if text is None or len(text) <= length else text[:length] + "…"


def _bounded(message: QueuedMessage) -> QueuedMessage:
    args, args_cut = bounded(message.args, ARGUMENTS_MAX)
    kwargs, kwargs_cut = bounded(message.kwargs, ARGUMENTS_MAX)
    body, body_cut = bounded(message.body, ARGUMENTS_MAX)
    cut = [
        f"{name} has {sentence}."
        for name, sentence in (("args", args_cut), ("kwargs", kwargs_cut), ("body", body_cut))
        if sentence
    ]
    unreadable = " ".join(filter(None, [message.unreadable, *cut])) or None
    is_id = message.task_id is not None and len(message.task_id) <= LABEL_MAX
    # Headers of the sender's own may be anything: a token, a person's name.
    return msgspec.structs.replace(
        message,
        args=args,
        kwargs=kwargs,
        body=body,
        unreadable=unreadable,
        headers={},
        task_id=message.task_id if is_id else None,
        **{field: _cut(getattr(message, field), LABEL_MAX) for field in _LABELS},
        **{field: _cut(getattr(message, field), SHOWN_MAX) for field in _TEXTS},
    )

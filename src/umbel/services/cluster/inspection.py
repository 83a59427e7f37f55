"""What workers say of themselves when they are asked.

Asking costs: every worker gets the question, and whoever asks waits for the slowest. So one
question is asked at a time, an answer is kept for some seconds, all who ask meanwhile share it,
and it is known from heartbeats how many answers to wait for. Other questions wait for their
turn, which goes round by person, unless many wait already. Once it is asked, the whole takes
less than twice `answer_s`. A worker that does not answer is `missing`, which says nothing of it:
it may be busy, gone, or slow. Secrets are masked before anybody sees an answer
(`configuration_masking`, `hidden_arguments`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal

import msgspec

from umbel.broker.base import Cluster, Reply
from umbel.clock import Clock
from umbel.cluster.worker import ONLINE, SILENT, Worker, with_answers
from umbel.errors import BrokerError, StoreError, UmbelError
from umbel.redact.rules import USUAL, Redactor
from umbel.services.cluster.configuration_masking import mask_conf, mask_stats
from umbel.services.cluster.hidden_arguments import redacted_listing
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.fair_lock import FairLock
from umbel.services.fair_shares import asker
from umbel.services.jsonable import jsonable
from umbel.store.base import Store

Inspected = Literal[
    "stats", "active", "scheduled", "reserved", "revoked", "registered", "active_queues", "conf"
]

#: How long an answer is kept, seconds.
CACHE_S: Final = 1.5
#: The same for what hardly changes of itself; what is changed from here is asked anew.
SLOW_CACHE_S: Final = 10.0
#: What lists tasks with the arguments that they were sent with.
TASK_LISTS: Final[frozenset[Inspected]] = frozenset({"active", "reserved", "scheduled"})
SLOW: Final = frozenset({"registered", "active_queues", "conf"})
#: What a worker tells of each task by itself (celery/worker/control.py, DEFAULT_TASK_INFO_ITEMS),
#: and how long the task may run.
LIMITS: Final = ("exchange", "routing_key", "rate_limit", "soft_time_limit", "time_limit")
#: How long all workers have to answer unless told otherwise, seconds.
ANSWER_S: Final = 1.0
#: How long a question waits for its turn at least, seconds: a few that nobody answers pass.
TURN_S: Final = 3.0
#: How many questions may wait; one more is refused at once.
WAITING_MAX: Final = 64
#: The part of that which those have who were crowded out.
_SECOND_PART: Final = 0.7
#: Workers that say nothing by themselves are asked whether they live no more often, seconds,
PROBE_EVERY_S: Final = 20.0
#: and so many at once.
PROBED_MAX: Final = 200
#: How many workers' last answers are remembered.
ANSWERED_MAX: Final = 1_000
#: A worker that fell silent no longer ago than this, seconds, may be busy: one with a solo pool
#: says nothing while it runs a task, and goes on afterwards.
MAYBE_BUSY_S: Final = 900.0
#: The most entries of a list (revoked ids, tasks) that are kept of one worker: the last.
LISTED_MAX: Final = 5_000

_MASKS: Final[Mapping[str, Callable[[Mapping[str, object]], dict[str, object]]]] = {
    "conf": mask_conf,
    "stats": mask_stats,
}


class InspectAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Answers by worker, as of `at` (Unix seconds). `refused` has the sentences of those who
    answered that they cannot; `missing` are workers that did not answer, of which nothing is
    known, and `silent` those of which nothing is heard of late, so that none was awaited: they are
    dead or busy. `left_out` is how many entries of a worker's list are not told. `unread` says why
    answers of which it is not known whose they are could not be read, each reason once."""

    what: Inspected
    at: float
    values: Mapping[str, object] = {}
    refused: Mapping[str, str] = {}
    missing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    left_out: Mapping[str, int] = {}
    unread: tuple[str, ...] = ()

    def answered(self, worker: str) -> bool:
        """Whether this worker said anything."""
        return worker in self.values or worker in self.refused

    @property
    def unheard(self) -> tuple[str, ...]:
        """Those that may live and did not say, by name."""
        return tuple(sorted({*self.missing, *self.silent}))

    def why_no_value(self, worker: str) -> str | None:
        """Why there is no value of a worker that alone was asked and answered; None where it did
        not answer, or has a value."""
        if worker in self.values:
            return None
        return self.refused.get(worker) or next(iter(self.unread), None)


class Inspection:
    """Asks workers. Any thread; raises what `Cluster.ask` raises."""

    def __init__(
        self,
        store: Store,
        cluster: Cluster,
        clock: Clock,
        answer_s: float = ANSWER_S,
        redactor: Redactor = USUAL,
    ) -> None:
        self._store = store
        self._answer_s = answer_s
        self._cluster = cluster
        self._clock = clock
        self._redactor = redactor
        self._calls: SharedCalls[InspectAnswers] = SharedCalls(clock, CACHE_S)
        self._answered: dict[str, float] = {}
        self._probed: dict[str, float] = {}
        self._probe_at = 0.0
        self._lock = threading.Lock()
        self._turn = FairLock()
        self._observers: list[Callable[[InspectAnswers], None]] = []
        self._waiting = threading.BoundedSemaphore(WAITING_MAX)

    def ask(self, what: Inspected, workers: Sequence[str] | None = None) -> Mapping[str, object]:
        """The values by worker of those who answered; see `look` for the others."""
        return self.inspect(what, workers).values

    def inspect(self, what: Inspected, workers: Sequence[str] | None = None) -> InspectAnswers:
        """What all workers, or these, say. Values are plain JSON values."""
        if workers is None:
            self._drop_outdated(what)
            return self._calls.ask(
                (what, None), lambda: self._in_turn(lambda: self._ask_all(what)), _cache_s
            )
        names = tuple(sorted(set(workers)))
        everybody = self._calls.cached((what, None))
        if everybody is not None and all(map(everybody.answered, names)):
            return _only(everybody, names)
        return self._calls.ask(
            (what, names), lambda: self._in_turn(lambda: self._ask_these(what, names)), _cache_s
        )

    def registered_at(self, worker: str, options: Sequence[str] = LIMITS) -> InspectAnswers:
        """The task names that one worker has registered, each with these attributes of the task
        behind it, in this order, where it has them (`a.b [rate_limit=5/m time_limit=60]`)."""

        def ask() -> InspectAnswers:
            replies = self._cluster.ask(
                "registered",
                {"taskinfoitems": list(options)},
                workers=(worker,),
                timeout_s=self._answer_s,
            )
            self._note(replies)
            return self._observed("registered", replies, {worker})

        return self._calls.ask(
            ("registered", (worker, *options)), lambda: self._in_turn(ask), _cache_s
        )

    def observe(self, observer: Callable[[InspectAnswers], None]) -> None:
        """Give it whatever workers answer from now on; it must not block."""
        self._observers.append(observer)

    def profile(self, worker: str, wanted: Sequence[Inspected]) -> dict[Inspected, object]:
        """Everything that one worker says of itself; empty when it does not answer. No
        question is begun after `answer_s`, so it takes twice as long at most."""
        began = self._clock.monotonic()
        values: dict[Inspected, object] = {}
        for what in wanted:
            if self._clock.monotonic() - began > self._answer_s:
                break
            answers = self.inspect(what, [worker])
            if worker in answers.values:
                values[what] = answers.values[worker]
            elif not answers.answered(worker):
                break
        return values

    def profiles(
        self, wanted: Sequence[Inspected], workers: Sequence[str] | None = None
    ) -> tuple[InspectAnswers, ...]:
        """What all workers, or these, say to each of these questions. Those that do not answer
        the first are not asked the others, and none is begun after twice `answer_s`: workers
        that are silent cost as much time as one question."""
        began = self._clock.monotonic()
        found: list[InspectAnswers] = []
        for what in wanted:
            if found and self._clock.monotonic() - began > 2 * self._answer_s:
                break
            answers = self.inspect(what, workers)
            found.append(answers)
            if answers.missing:
                workers = sorted({*answers.values, *answers.refused})
            if not answers.values and not answers.refused:
                break
        return tuple(found)

    def live(self) -> tuple[str, ...]:
        """The workers that are online, by name. Raises `StoreError`."""
        return tuple(worker.hostname for worker in self._of_status(ONLINE, self._clock.now()))

    def silent(self) -> tuple[str, ...]:
        """The workers, by name, that said no goodbye and were heard of late, though not in time:
        they are dead or busy. Raises `StoreError`."""
        now = self._clock.now()
        return tuple(
            worker.hostname
            for worker in self._of_status(SILENT, now)
            if 0 <= now - worker.last_heard <= MAYBE_BUSY_S
        )

    def _of_status(self, status: str, now: float) -> Iterator[Worker]:
        workers = with_answers(self._store.workers(), self.answered())
        return (worker for worker in workers if worker.status(now) == status)

    def probe(self, workers: Sequence[str]) -> None:
        """Ask these whether they live, without waiting for the answers; unless somebody was
        asked of late. For workers that send no heartbeats."""
        with self._lock:
            now = self._clock.monotonic()
            if not workers or now < self._probe_at:
                return
            self._probe_at = now + PROBE_EVERY_S
        names = tuple(workers[:PROBED_MAX])
        threading.Thread(target=self._probe, args=(names,), name="umbel-seek", daemon=True).start()

    def _probe(self, names: tuple[str, ...]) -> None:
        at = self._clock.now()
        with suppress(UmbelError):  # then they stay unknown
            self._turn.acquire("")
            try:
                replies = self._cluster.ask("ping", workers=names, timeout_s=self._answer_s)
            finally:
                self._turn.release()
            self._note(replies)
            with self._lock:
                probed = dict(list(self._probed.items())[-ANSWERED_MAX:])
                self._probed = probed | dict.fromkeys(names, at)

    def probed_at(self, worker: str) -> float | None:
        """When this one was last sought (Unix seconds), if it was, and the broker took the
        question."""
        with self._lock:
            return self._probed.get(worker)

    def answered(self) -> dict[str, float]:
        """When workers last answered a question (Unix seconds): `ANSWERED_MAX` at most."""
        with self._lock:
            return dict(self._answered)

    def answering(self) -> dict[str, float]:
        """The same of those who, when sought since, answered again."""
        with self._lock:
            sought = self._probed
            return {w: at for w, at in self._answered.items() if sought.get(w, 0.0) <= at}

    def forget(self) -> None:
        """Ask anew next time: something was changed."""
        self._calls.clear()

    def _in_turn(self, ask: Callable[[], InspectAnswers]) -> InspectAnswers:
        """What `ask` gives, while nobody else asks. Raises `BrokerError` when too many wait
        for their turn, or the others take too long."""
        if not self._waiting.acquire(blocking=False):
            raise _crowded()
        try:
            if not self._turn.acquire(asker(), max(TURN_S, 3 * self._answer_s)):
                raise _crowded()
        finally:
            self._waiting.release()
        try:
            return ask()
        finally:
            self._turn.release()

    def _drop_outdated(self, what: Inspected) -> None:
        """What is kept for long is not kept once a worker lives that had not begun then."""
        everybody = self._calls.cached((what, None))
        if everybody is None or self._clock.now() - everybody.at <= CACHE_S:
            return
        with suppress(StoreError):
            if not all(map(everybody.answered, self.live())):
                self._calls.drop((what, None), everybody)

    def _ask_all(self, what: Inspected) -> InspectAnswers:
        expected = set(self.live())
        limit = len(expected) or None
        replies = list(self._cluster.ask(what, limit=limit, timeout_s=self._answer_s))
        missing = expected - {reply.worker for reply in replies}
        if missing and limit is not None and len(replies) >= limit:  # others answered first
            replies += self._cluster.ask(
                what, workers=sorted(missing), timeout_s=self._answer_s * _SECOND_PART
            )
        self._note(replies)
        return self._observed(what, replies, expected, self.silent())

    def _ask_these(self, what: Inspected, workers: tuple[str, ...]) -> InspectAnswers:
        replies = (
            self._cluster.ask(what, workers=workers, timeout_s=self._answer_s) if workers else ()
        )
        self._note(replies)
        return self._observed(what, replies, set(workers))

    def _observed(
        self,
        what: Inspected,
        replies: Sequence[Reply],
        expected: set[str],
        silent: Sequence[str] = (),
    ) -> InspectAnswers:
        answers = _answers(what, replies, expected, self._clock.now(), self._redactor)
        heard = {*answers.values, *answers.refused, *answers.missing}
        silent = tuple(worker for worker in silent if worker not in heard)
        if silent:
            answers = msgspec.structs.replace(answers, silent=silent)
        for observer in self._observers:
            observer(answers)
        return answers

    def _note(self, replies: Sequence[Reply]) -> None:
        with self._lock:
            for worker in (reply.worker for reply in replies if reply.worker):
                self._answered.pop(worker, None)
                self._answered[worker] = self._clock.now()
            while len(self._answered) > ANSWERED_MAX:
                del self._answered[next(iter(self._answered))]


def _cache_s(answers: InspectAnswers) -> float:
    """Who was late or just began is not taken for silent for long."""
    complete = bool(answers.values) and not answers.missing
    return SLOW_CACHE_S if answers.what in SLOW and complete else CACHE_S


def _crowded() -> BrokerError:
    return BrokerError(
        "The workers are still answering other questions.",
        remedy="One is asked at a time. Try again in a moment.",
    )


def _answers(
    what: Inspected, replies: Sequence[Reply], expected: set[str], at: float, redactor: Redactor
) -> InspectAnswers:
    replies_by_worker = {reply.worker: reply for reply in replies if reply.worker}
    unread = dict.fromkeys(r.error for r in replies if not r.worker and r.error is not None)
    values: dict[str, object] = {}
    left_out: dict[str, int] = {}
    for worker, reply in replies_by_worker.items():
        if reply.error is None:
            value = reply.value
            if isinstance(value, list) and len(value) > LISTED_MAX:
                left_out[worker] = len(value) - LISTED_MAX
                value = value[-LISTED_MAX:]
            values[worker] = _value(what, value, redactor)
    return InspectAnswers(
        what=what,
        at=at,
        values=values,
        refused={w: r.error for w, r in replies_by_worker.items() if r.error is not None},
        missing=tuple(sorted(expected - set(replies_by_worker))),
        left_out=left_out,
        unread=tuple(unread),
    )


def _value(what: Inspected, value: object, redactor: Redactor) -> object:
    value = jsonable(value)
    if what in TASK_LISTS:
        return redacted_listing(value, redactor)
    mask = _MASKS.get(what)
    if mask is None:
        return value
    return mask(value) if isinstance(value, dict) else None


def _only(answers: InspectAnswers, names: tuple[str, ...]) -> InspectAnswers:
    return InspectAnswers(
        what=answers.what,
        at=answers.at,
        values={w: v for w, v in answers.values.items() if w in names},
        refused={w: e for w, e in answers.refused.items() if w in names},
        left_out={w: n for w, n in answers.left_out.items() if w in names},
    )

"""Stopping the consumers of a paused queue, and bringing them back.

Theory of operation. The ledger says what is to be (`QueuePause`), and everything here brings the
workers to that, however often it is called and whoever calls it: the action of a person, or the
thread that watches (`pause_watch`), in this process or in another.

Stopping: workers are asked what they consume; consumers of the queue are written into the ledger,
with what brings them back, and only then told to stop; then it is asked whether they did. What is
written for a pause that somebody resumed meanwhile is refused by the ledger, and who resumed
between the writing and the telling is seen after the telling: then the consumer is added again.

Bringing back: who was stopped is told to consume again, with what it consumed before, and is
forgotten when it does, when it was started anew since (it consumes what it was started with), or
when it is gone. A worker that does not answer stays, to be told again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.cluster.worker import OFFLINE
from umbel.errors import BrokerError
from umbel.services.cluster.inspection import InspectAnswers, Inspected, Inspection
from umbel.services.cluster.queue_inspection import names_of_queues
from umbel.services.control.phrases import answer_text, cut
from umbel.services.control.types import WorkerAnswer
from umbel.services.pauses.consumer_options import consumed_queues
from umbel.services.pauses.last_consumed import LastConsumed
from umbel.store.base import Store
from umbel.store.queue_pauses import PauseLedger, QueuePause, StoppedConsumer

#: How long workers that are named have to answer a command, seconds; it ends when all have.
ANSWER_S: Final = 2.0
#: A worker has so long to do what it answered before it is asked, seconds, and is asked so often:
#: it answers first and does it then (`call_soon` in celery/worker/control.py).
BEGINS_S: Final = 0.3
CHECKED_MAX: Final = 4
#: What was started so much later than its consumer was stopped was started anew, seconds: workers
#: round how long they run.
RESTARTED_S: Final = 2.0
#: A worker of which nothing was heard for so long is gone, seconds, and so is one that did not
#: answer for so long after its queue was resumed. Until then it may be busy: a worker with a solo
#: pool is silent while it runs a task.
SILENT_MAX_S: Final = 3_600.0

NO_ANSWER: Final = (
    "It did not answer, so it may go on consuming. It is asked again until it answers or is gone."
)
BUSY: Final = (
    "It did not answer. It is told to stop when it next listens, and asked again until it answers."
)
STILL: Final = "It answered, but it says that it consumes the queue still. It is told again."
STOPPED: Final = "It consumes the queue no more."
CONSUMES: Final = "It consumes the queue again."
NOT_BACK: Final = (
    "It did not answer. It is told again to consume the queue until it answers or is gone."
)
NOT_YET: Final = (
    "It answered, but it does not say yet that it consumes the queue. It is told again."
)
RESTARTED: Final = "It was started anew since, so it consumes what it was started with."
GONE: Final = "It is gone: no worker of this name lives."

#: Waits so many seconds, or raises where it is to stop.
Rest = Callable[[float], None]


class PausedConsumers:
    """One for each cluster, which hears what workers answer. Any thread. Raises `BrokerError` and
    `StoreError`."""

    def __init__(
        self,
        store: Store,
        ledger: PauseLedger,
        cluster: Cluster,
        inspection: Inspection,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._cluster = cluster
        self._inspection = inspection
        self._clock = clock
        self._last = LastConsumed()
        inspection.observe(self._last.observe)

    # -- stopping --------------------------------------------------------------------------

    def stop(
        self, pause: QueuePause, rest: Rest, workers: Sequence[str] | None = None
    ) -> tuple[WorkerAnswer, ...]:
        """Stop all workers, or these, from consuming the queue, while the pause holds: the answers
        of those that consumed it, and of those that did not say what they consume."""
        return self.stop_found(pause, self.fresh_answers("active_queues", workers), rest)

    def stop_found(
        self, pause: QueuePause, found: InspectAnswers, rest: Rest
    ) -> tuple[WorkerAnswer, ...]:
        """The same, after workers were asked for their `active_queues`."""
        consuming = {
            worker: queues[pause.queue]
            for worker, answer in found.values.items()
            if pause.queue in (queues := consumed_queues(answer))
        }
        busy = {
            worker: queues[pause.queue]
            for worker, queues in self._last.of(found.unheard).items()
            if pause.queue in queues
        }
        answers = {name: WorkerAnswer(name, "unknown", NO_ANSWER) for name in found.unheard}
        answers |= {
            name: WorkerAnswer(name, "refused", cut(why), cut(why))
            for name, why in found.refused.items()
        }
        if consuming or busy:
            answers |= self._stopped(pause, consuming, busy, rest)
        return tuple(answers[name] for name in sorted(answers))

    def _stopped(
        self,
        pause: QueuePause,
        consuming: Mapping[str, dict[str, object]],
        busy: Mapping[str, dict[str, object]],
        rest: Rest,
    ) -> dict[str, WorkerAnswer]:
        at = self._clock.now()
        consumers = [
            StoppedConsumer(worker=worker, at=at, options=options)
            for worker, options in {**consuming, **busy}.items()
        ]
        if not self._ledger.keep_stopped(pause, consumers):
            return {}
        names = sorted({*consuming, *busy})
        command = {"queue": pause.queue}
        if busy:  # nobody waits for those
            self._cluster.broadcast("cancel_consumer", command, workers=sorted(busy))
        answers = self._commanded("cancel_consumer", command, sorted(consuming))
        if self._ledger.pauses().get(pause.queue) != pause:
            self._add(pause.queue, [each for each in consumers if each.worker in names])
            return {}
        stopped = self._checked(sorted(consuming), rest, lambda has: pause.queue not in has)
        for name in consuming:
            if name in stopped:
                answers[name] = WorkerAnswer(name, "ok", STOPPED)
            elif answers[name].outcome == "ok":
                answers[name] = WorkerAnswer(name, "unknown", STILL)
        return answers | {name: WorkerAnswer(name, "unknown", BUSY) for name in busy}

    # -- bringing back ---------------------------------------------------------------------

    def restore(self, pause: QueuePause, rest: Rest) -> tuple[WorkerAnswer, ...]:
        """Let those consume the queue again that were stopped, while the pause is `resuming`, and
        forget it once none is left that may still be told."""
        stopped = {each.worker: each for each in self._ledger.stopped(pause.queue)}
        answers: dict[str, WorkerAnswer] = {}
        if stopped:
            answers = self._restored(pause, stopped, rest)
        left = {name for name, each in answers.items() if each.outcome == "unknown"}
        self._ledger.drop_stopped(pause.queue, sorted({*stopped} - left))
        if not left:
            self._ledger.drop_pause(pause)
        return tuple(answers[name] for name in sorted(answers))

    def _restored(
        self, pause: QueuePause, stopped: Mapping[str, StoppedConsumer], rest: Rest
    ) -> dict[str, WorkerAnswer]:
        found = self.fresh_answers("stats", sorted(stopped))
        now = self._clock.now()
        answers: dict[str, WorkerAnswer] = {}
        for name, each in stopped.items():
            if name in found.values and _began_after(found.values[name], each.at, now):
                answers[name] = WorkerAnswer(name, "ok", RESTARTED)
            elif not found.answered(name) and self._is_gone(name, pause, now):
                answers[name] = WorkerAnswer(name, "gone", GONE)
        left = [each for name, each in stopped.items() if name not in answers]
        answers |= self._add(pause.queue, left)
        again = self._checked(
            [each.worker for each in left if answers[each.worker].outcome == "ok"],
            rest,
            lambda has: pause.queue in has,
        )
        for each in left:
            answer = answers[each.worker]
            if each.worker in again:
                answers[each.worker] = WorkerAnswer(each.worker, "ok", CONSUMES)
            elif answer.outcome == "ok":
                answers[each.worker] = WorkerAnswer(each.worker, "unknown", NOT_YET)
        return answers

    def _is_gone(self, name: str, pause: QueuePause, now: float) -> bool:
        """Of a worker that does not answer."""
        worker = self._store.worker(name)
        if worker is not None and worker.status(now) == OFFLINE:
            return True
        heard = now if worker is None else worker.last_heard
        return now - min(heard, pause.resumed or now) >= SILENT_MAX_S

    def _add(self, queue: str, consumers: Sequence[StoppedConsumer]) -> dict[str, WorkerAnswer]:
        """Tell each to consume what it consumed, those alike at once."""
        alike: dict[bytes, list[StoppedConsumer]] = defaultdict(list)
        for each in consumers:
            alike[msgspec.json.encode(each.options, order="deterministic")].append(each)
        answers: dict[str, WorkerAnswer] = {}
        for group in alike.values():
            names = sorted(each.worker for each in group)
            command = {**group[0].options, "queue": queue}
            answers |= self._commanded("add_consumer", command, names, silent=NOT_BACK)
        return answers

    def consuming(self, queue: str) -> tuple[str, ...] | None:
        """The workers that say now that they consume a queue; None where some did not answer."""
        found = self.fresh_answers("active_queues")
        names = tuple(sorted(w for w, each in found.values.items() if queue in _names(each)))
        return names or (None if found.unheard else ())

    # -- asking ----------------------------------------------------------------------------

    def fresh_answers(
        self, what: Inspected, workers: Sequence[str] | None = None
    ) -> InspectAnswers:
        """What all workers, or these, say now."""
        self._inspection.forget()
        return self._inspection.inspect(what, workers)

    def _commanded(
        self,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str],
        silent: str = NO_ANSWER,
    ) -> dict[str, WorkerAnswer]:
        answers = {name: WorkerAnswer(name, "unknown", silent) for name in workers}
        if not workers:
            return answers
        replies = self._cluster.ask(command, arguments, workers=workers, timeout_s=ANSWER_S)
        for each in replies:
            if each.worker in answers and each.error is None:
                answers[each.worker] = WorkerAnswer(each.worker, "ok", answer_text(each.value))
            elif each.worker in answers:
                why = cut(each.error or "")
                answers[each.worker] = WorkerAnswer(each.worker, "refused", why, why)
        return answers

    def _checked(
        self, workers: Sequence[str], rest: Rest, is_done: Callable[[Collection[str]], bool]
    ) -> frozenset[str]:
        """Those of whom what they say that they consume has become so."""
        done: set[str] = set()
        for _ in range(CHECKED_MAX):
            left = [name for name in workers if name not in done]
            if not left:
                break
            rest(BEGINS_S)
            try:
                values = self.fresh_answers("active_queues", left).values
            except BrokerError:  # whether they did is not known, and is asked later
                break
            done |= {name for name in left if name in values and is_done(_names(values[name]))}
        return frozenset(done)


def _names(answer: object) -> frozenset[str]:
    return frozenset(names_of_queues(answer))


def _began_after(stats: object, at: float, now: float) -> bool:
    """Whether the process that answers was started after a time, by how long it has run."""
    uptime = stats.get("uptime") if isinstance(stats, Mapping) else None
    if not isinstance(uptime, int | float):
        return False
    return now - uptime > at + RESTARTED_S

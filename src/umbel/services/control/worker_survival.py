"""Whether a worker outlived the command that it answered.

A worker answers some commands before it does what they say (`call_soon` in
celery/worker/control.py: consuming, and no longer consuming), or goes on doing it after the
answer (its pool). What fails then ends the worker, and its answer was `ok`. So it is asked once
more, and one that says nothing any more is not said to have done it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.broker.base import Cluster
from umbel.errors import BrokerError
from umbel.services.cluster.queue_inspection import names_of_queues
from umbel.services.control.run import Run
from umbel.services.control.types import WorkerAnswer

#: Commands whose work begins, or goes on, after the answer; and what is asked afterwards.
_QUESTIONS: Final = {
    "add_consumer": "active_queues", "cancel_consumer": "ping", "pool_restart": "ping",
    "pool_grow": "ping", "pool_shrink": "ping", "autoscale": "ping",
}  # fmt: skip
#: A worker has so long to begin what it answered to, and so long to answer again, seconds.
BEGINS_S: Final = 0.3
ANSWERS_S: Final = 2.0
_ATTEMPTS: Final = 3
GONE: Final = (
    "It answered, and then nothing more came from it: it may have ended of this command. Look at "
    "its log, and start it again if it has."
)
NOT_YET: Final = "It answered, but it does not say yet that it consumes this queue."
UNCHECKED: Final = "Whether the workers live on could not be asked. {}"


def check_survival(
    run: Run, answers: Sequence[WorkerAnswer], cluster: Cluster
) -> list[WorkerAnswer]:
    """The same answers, each `ok` only if its worker is still there."""
    question = _QUESTIONS.get(run.request.action)
    done = [answer.worker for answer in answers if answer.outcome == "ok"]
    if question is None or not done:
        return list(answers)
    try:
        values = _heard(run, question, done, cluster)
    except BrokerError as error:
        run.note(UNCHECKED.format(error))
        return list(answers)
    return [
        _judged(answer, values, run.request.queue) if answer.outcome == "ok" else answer
        for answer in answers
    ]


def _heard(run: Run, question: str, workers: Sequence[str], cluster: Cluster) -> dict[str, object]:
    """What they say, those that do not consume the queue yet being asked a few times."""
    values: dict[str, object] = {}
    open_ = list(workers)
    for _ in range(_ATTEMPTS if question == "active_queues" else 1):
        run.rest(BEGINS_S)
        replies = cluster.ask(question, workers=open_, timeout_s=ANSWERS_S)
        # What a worker said before says nothing of one that is silent now.
        values = {name: value for name, value in values.items() if name not in open_}
        values |= {reply.worker: reply.value for reply in replies}
        open_ = [
            name for name in open_ if name in values and _lacks(values[name], run.request.queue)
        ]
        if not open_:
            break
    return values


def _judged(answer: WorkerAnswer, values: dict[str, object], queue: str | None) -> WorkerAnswer:
    if answer.worker not in values:
        return msgspec.structs.replace(answer, outcome="gone", answer=GONE)
    if _lacks(values[answer.worker], queue):
        return msgspec.structs.replace(answer, outcome="unknown", answer=NOT_YET)
    return answer


def _lacks(value: object, queue: str | None) -> bool:
    """Whether a worker lists what it consumes, and this queue is not among it."""
    return isinstance(value, list) and queue not in list(names_of_queues(value))

"""Doing what was planned to workers and queues. Each command is sent once: a worker whose
pool was grown is not told again because the broker went away before its answer came.

Source of the commands and their arguments: celery/worker/control.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from umbel.broker.base import AWAITED_TIMES, Cluster
from umbel.errors import ActionRefused
from umbel.services.control.consumer_declaration import consumer_declaration
from umbel.services.control.run import SHRUNK_IN_PART, Run
from umbel.services.control.task_actions import ANSWER_S, worker_answers
from umbel.services.control.types import ActionRequest, WorkerAnswer
from umbel.services.control.worker_survival import check_survival

#: How long workers that live, or are named, have to answer, seconds; it ends when all have.
LIVING_S: Final = AWAITED_TIMES * ANSWER_S
LEAVES_SILENTLY: Final = (
    "A worker that shuts down sends no answer; it shows as offline when it has ended."
)


#: What billiard raises when fewer processes of a pool are idle than are to end: after it has ended
#: those that were (billiard/pool.py, `Pool.shrink`).
_TOO_FEW_IDLE: Final = "Can't shrink pool"


def _nothing(_request: ActionRequest) -> dict[str, object]:
    return {}


_Arguments = Callable[[ActionRequest], dict[str, object]]
#: The arguments of each command; those that are not here have none.
_ARGUMENTS: Final[Mapping[str, _Arguments]] = {
    "rate_limit": lambda request: {"task_name": request.name, "rate_limit": request.rate},
    "time_limit": lambda request: {
        "task_name": request.name, "soft": request.soft, "hard": request.hard,
    },
    "pool_grow": lambda request: {"n": request.n},
    "pool_shrink": lambda request: {"n": request.n},
    "autoscale": lambda request: {"max": request.max, "min": request.min},
    "add_consumer": lambda request: {"queue": request.queue},
    "cancel_consumer": lambda request: {"queue": request.queue},
}  # fmt: skip


def command(run: Run, cluster: Cluster) -> None:
    """Send the run's command to its workers and keep what they answer, and what is heard of
    them afterwards. Raises `BrokerError`."""
    request = run.request
    arguments = _ARGUMENTS.get(request.action, _nothing)(request)
    if request.action == "add_consumer":
        arguments |= _declaration(request, cluster)
    workers = request.workers or None
    if request.action == "shutdown":
        run.once(lambda: cluster.broadcast("shutdown", arguments, workers=workers))
        for name in run.plan.workers:
            run.answer(WorkerAnswer(name, "unknown", LEAVES_SILENTLY))
        run.advance(len(run.plan.workers))
        return
    # Without a limit: a worker that sends no heartbeats may be the first to answer.
    replies = run.once(
        lambda: cluster.ask(
            request.action,
            arguments,
            workers=workers,
            timeout_s=ANSWER_S,
            awaited=workers or run.plan.workers,
        ),
    )
    answers = worker_answers(replies, run.plan.workers, cluster)
    for each in check_survival(run, answers, cluster):
        answer = _shrunk_in_part(each, request)
        run.answer(answer)
        failed = answer.outcome in {"refused", "gone"}
        run.advance(1, failed=int(failed), why=answer.answer)


def _shrunk_in_part(answer: WorkerAnswer, request: ActionRequest) -> WorkerAnswer:
    """The same; not refused where the worker ended as many processes as were idle before it said
    that it cannot."""
    is_refused = answer.outcome == "refused" and _TOO_FEW_IDLE in (answer.said or "")
    if request.action != "pool_shrink" or request.n == 1 or not is_refused:
        return answer
    return msgspec.structs.replace(answer, outcome="unknown", answer=SHRUNK_IN_PART)


def _declaration(request: ActionRequest, cluster: Cluster) -> dict[str, object]:
    """How workers must declare it; asked anew, as the plan may be minutes old."""
    found = consumer_declaration(request.queue or "", request.workers, cluster)
    if found.impossible is not None:
        raise ActionRefused(found.impossible)
    return found.options


def purge(run: Run, cluster: Cluster) -> None:
    """Empty the run's queue. Raises `BrokerError`."""
    run.advance(run.once(lambda: cluster.purge(run.request.queue or "")))

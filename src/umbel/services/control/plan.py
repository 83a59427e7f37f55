"""What would happen: a request and what was found, made into sentences and numbers.

Pure: it asks nothing and knows no time of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.cluster.task import ENDED, STARTED, SUCCESS
from umbel.services.control.choosing import Target
from umbel.services.control.values import (
    CONFIRM_OVER,
    PLAN_EXPIRES_S,
    ActionPlan,
    ActionRequest,
    Chosen,
    Fidelity,
)
from umbel.services.control.wording import REMEMBERED, REVOCATIONS, VERBS, counted, listed, verb

#: How many tasks a plan shows.
SAMPLE: Final = 20
#: The state of a task of which nothing was ever heard.
UNKNOWN: Final = "unknown"

_ALREADY_ENDED: Final = "These have ended already."
_ENABLED_BY: Final = {
    "pool_restart": "Workers restart their pool only with the setting worker_pool_restarts. "
    "A process is replaced when it has ended its next task.",
    "autoscale": "Only workers that were started with --autoscale can do this.",
    "add_consumer": "A worker forgets this queue when it is restarted.",
    "cancel_consumer": "A worker that is restarted consumes the queue again, if it is "
    "configured to.",
    "enable_events": "Workers send no events again after a restart, unless they are started "
    "with -E or worker_send_task_events.",
    "disable_events": "Tasks of these workers will no longer be seen here until events are "
    "enabled again. Celery keeps workers sending that were started with -E or "
    "worker_send_task_events; restart those without it.",
    "pool_grow": "A worker that is restarted has its configured number again.",
    "pool_shrink": "A worker that is restarted has its configured number again.",
    "rate_limit": "The limit holds for each worker by itself, and until it is restarted.",
}
_WORKER_SENTENCES: Final = {
    "shutdown": "Shut down", "pool_restart": "Restart the pool of", "pool_grow": "Grow the pool of",
    "pool_shrink": "Shrink the pool of", "autoscale": "Set autoscale of",
    "add_consumer": "Let", "cancel_consumer": "Stop",
    "enable_events": "Enable events on", "disable_events": "Disable events on",
    "ping": "Ping", "log_level": "Set the log level of",
    "rate_limit": "Limit the rate on", "time_limit": "Limit the time on",
}  # fmt: skip
NO_LOG_LEVEL: Final = (
    "Celery has no command that changes the log level of a running worker. Restart the "
    "worker with --loglevel."
)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every plan has."""

    id: str
    request: ActionRequest
    actor: str
    made: float


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the tasks that were chosen. `total` counts all of them, at least so
    many if `capped`. `running_on` counts running tasks by worker, of those looked at;
    `repeated` how many of those were sent again before; `unrepeatable` those that a retry
    leaves out, by why; `queueless` those whose queue is not known."""

    total: int
    capped: bool = False
    by_state: Mapping[str, int] = {}
    sample: tuple[Target, ...] = ()
    looked_at: int = 0
    running_on: Mapping[str, int] = {}
    fidelity: Mapping[Fidelity, int] = {}
    known: Mapping[str, tuple[Fidelity | None, str | None]] = {}
    unrepeatable: Mapping[str, int] = {}
    repeated: int = 0
    queueless: int = 0
    chosen_by: str | None = None
    troubles: tuple[str, ...] = ()


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster as it is: workers that live, and why the action is impossible anyhow."""

    live: tuple[str, ...] = ()
    impossible: str | None = None


def plan_tasks(frame: Frame, found: Gathered, around: Around) -> ActionPlan:
    """The plan of an action on tasks."""
    request = frame.request
    ended = sum(n for state, n in found.by_state.items() if state in ENDED)
    skipped = dict(found.unrepeatable)
    if request.action != "retry" and ended:
        skipped[_ALREADY_ENDED] = ended
    count = max(0, found.total - sum(skipped.values()))
    return _plan(
        frame,
        sentence=_task_sentence(request, count, found),
        count=count,
        capped=found.capped,
        skipped=skipped,
        by_state=dict(found.by_state),
        fidelity=dict(found.fidelity),
        sample=tuple(_chosen(request, target, found) for target in found.sample),
        consequences=(*_of_tasks(request, count, found, around), *found.troubles),
        workers=_answering(request, found, around),
        impossible=around.impossible or _nothing_left(request, count, found),
    )


def plan_workers(frame: Frame, around: Around) -> ActionPlan:
    """The plan of an action on workers, or on a task name at workers."""
    request = frame.request
    workers = tuple(request.workers) or around.live
    silent = [name for name in request.workers if name not in around.live]
    consequences = [_ENABLED_BY[request.action]] if request.action in _ENABLED_BY else []
    consequences += _of_workers(request)
    if silent:
        consequences.append(
            f"Nothing is heard of {listed(silent)} now, so no answer may come from there."
        )
    impossible = NO_LOG_LEVEL if request.action == "log_level" else around.impossible
    if impossible is None and not workers:
        impossible = (
            "No worker is known that could answer. Check that workers run and that they reach "
            "the same broker."
        )
    return _plan(
        frame,
        sentence=_worker_sentence(request, workers),
        count=len(workers),
        consequences=tuple(consequences),
        workers=workers,
        impossible=impossible,
    )


def plan_purge(frame: Frame, ready: int | None, trouble: str | None) -> ActionPlan:
    """The plan of emptying a queue in which `ready` messages wait, None if unknown."""
    queue = frame.request.queue or ""
    if ready is None:
        sentence = f"Remove all messages from the queue {queue}; how many is not known."
    else:
        sentence = f"Remove {counted(ready, 'message')} from the queue {queue}."
    return _plan(
        frame,
        sentence=sentence,
        count=ready or 0,
        consequences=(
            "Removed messages cannot be brought back; their tasks never run.",
            "Messages that workers have fetched already stay with them.",
        ),
        impossible=trouble,
    )


def _plan(frame: Frame, *, sentence: str, count: int, **more: object) -> ActionPlan:
    plan = ActionPlan(
        id=frame.id,
        request=frame.request,
        actor=frame.actor,
        made=frame.made,
        expires=frame.made + PLAN_EXPIRES_S,
        sentence=sentence,
        count=count,
        confirm=count if count > CONFIRM_OVER else None,
    )
    return msgspec.structs.replace(plan, **more)


# -- tasks ---------------------------------------------------------------------------------


def _task_sentence(request: ActionRequest, count: int, found: Gathered) -> str:
    over = "more than " if found.capped else ""
    by = found.chosen_by
    chosen = f": {by[:1].lower()}{by[1:]}" if by else ""
    signal = f" with {request.signal}" if request.action == "terminate" else ""
    return f"{VERBS[request.action][0]} {over}{counted(count, 'task')}{signal}{chosen}."


def _chosen(request: ActionRequest, target: Target, found: Gathered) -> Chosen:
    state, name = (target.task.state, target.task.name) if target.task else (None, None)
    fidelity, why = found.known.get(target.uuid, (None, None))
    if request.action != "retry" and target.has_ended:
        why = "It has ended already."
    return Chosen(uuid=target.uuid, state=state, name=name, fidelity=fidelity, why=why)


def _answering(request: ActionRequest, found: Gathered, around: Around) -> tuple[str, ...]:
    if request.action == "revoke":
        return around.live
    if request.action == "terminate":
        return tuple(sorted({*found.running_on, *around.live}))
    return ()


def _nothing_left(request: ActionRequest, count: int, found: Gathered) -> str | None:
    if count:
        return None
    if not found.total:
        return "No task matches, so there is nothing to do."
    if request.action == "retry":
        return (
            "None of these tasks can be sent again as it was. Give its arguments to send it "
            "with those."
        )
    return f"All of these have ended, so there is nothing to {request.action}."


def _of_tasks(
    request: ActionRequest, count: int, found: Gathered, around: Around
) -> tuple[str, ...]:
    running, unknown = found.by_state.get(STARTED, 0), found.by_state.get(UNKNOWN, 0)
    told: list[str] = []
    if request.action == "revoke":
        told += _of_revoking(count, running)
    elif request.action == "terminate":
        told += _of_terminating(request, count, running, found, around)
    elif request.action == "abort":
        told.append(
            "Only tasks that ask whether they were aborted (`AbortableTask.is_aborted`) end; "
            "others go on."
        )
    else:
        told += _of_repeating(request, found)
    if unknown:
        told.append(
            f"Nothing was ever heard of {unknown:,} of these; "
            f"{verb(unknown, 'its id is', 'their ids are')} used as given."
        )
    return tuple(told)


def _of_revoking(count: int, running: int) -> list[str]:
    told = []
    if running:
        told.append(
            f"{running:,} of these {verb(running, 'runs', 'run')} now and will go on: "
            "revoking keeps tasks from beginning. Terminate to end what runs."
        )
    told.append(REVOCATIONS)
    if count > REMEMBERED:
        told.append(
            f"These are more ids than workers remember: the first {count - REMEMBERED:,} will be "
            "forgotten, and run. Purge the queue instead, or stop those who send."
        )
    return told


def _of_terminating(
    request: ActionRequest, count: int, running: int, found: Gathered, around: Around
) -> list[str]:
    told = []
    if running:
        told.append(
            f"{running:,} of these {verb(running, 'runs', 'run')} now and will be terminated "
            f"with {request.signal}, wherever {verb(running, 'it stands', 'they stand')}."
        )
        told.append("Workers with a solo or thread pool cannot terminate tasks.")
    if count > running:
        told.append(f"{count - running:,} {verb(count - running, 'has', 'have')} not begun.")
        told.append(REVOCATIONS)
    silent = [name for name in sorted(found.running_on) if name not in around.live]
    if silent:
        told.append(f"Nothing is heard of {listed(silent)}, where some of these began.")
    return told


def _of_repeating(request: ActionRequest, found: Gathered) -> list[str]:
    told = []
    open_ = sum(n for state, n in found.by_state.items() if state not in {*ENDED, UNKNOWN})
    done = found.by_state.get(SUCCESS, 0)
    if open_:
        told.append(f"{open_:,} of these {verb(open_, 'has', 'have')} not ended: done twice.")
    if done:
        told.append(f"{done:,} of these succeeded before.")
    if found.repeated:
        told.append(f"{found.repeated:,} of these {verb(found.repeated, 'was', 'were')} sent "
                    "again already.")  # fmt: skip
    if found.fidelity.get("literal"):
        told.append(
            f"{found.fidelity['literal']:,} {verb(found.fidelity['literal'], 'has its', 'have')} "
            "arguments read from the texts that events carry."
        )
    if found.fidelity.get("edited"):
        told.append("The arguments given here are sent instead of those of before.")
    if found.queueless and (request.edit is None or request.edit.queue is None):
        told.append(
            f"The queue of {found.queueless:,} is not known: {verb(found.queueless, 'it', 'they')} "
            "will be sent to where the application or its default says."
        )
    if found.looked_at < found.total:
        told.append(
            f"The arguments of {found.looked_at:,} were looked at so far; of the others, what "
            "cannot be sent again is left out and reported."
        )
    return told


# -- workers -------------------------------------------------------------------------------


def _worker_sentence(request: ActionRequest, workers: tuple[str, ...]) -> str:
    where = listed(workers) if workers else "no worker"
    detail = {
        "rate_limit": f" to {request.rate} for {request.name}",
        "time_limit": f" for {request.name}",
        "pool_grow": f" by {request.n}",
        "pool_shrink": f" by {request.n}",
        "autoscale": f" to {request.min} to {request.max}",
        "add_consumer": f" consume the queue {request.queue}",
        "cancel_consumer": f" consuming the queue {request.queue}",
        "log_level": f" to {request.level}",
    }
    return f"{_WORKER_SENTENCES[request.action]} {where}{detail.get(request.action, '')}."


def _of_workers(request: ActionRequest) -> list[str]:
    told = []
    if request.action == "shutdown":
        told.append(
            "Workers finish what they run, then end. Whether something starts them again is "
            "not Umbel's to know."
        )
    if not request.workers and request.action != "ping":
        told.append("No worker is named, so every worker that listens does this.")
    if request.action == "time_limit":
        lifted = [k for k, v in (("soft", request.soft), ("hard", request.hard)) if v is None]
        told += [f"No {kind} limit is given, so there will be none." for kind in lifted]
        # celery/worker/request.py (5.7): limits are read when a worker begins to consume.
        told.append(
            "Workers confirm at once, but Celery 5 applies the limits only when a worker next "
            "connects to the broker. They end with its restart, and hold on prefork pools only."
        )
    if request.action == "rate_limit" and (request.rate or "").partition("/")[0].strip("0.") == "":
        told.append("A rate of 0 lifts the limit.")
    return told

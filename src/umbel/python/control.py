"""Acting on tasks and workers.

Every function takes `events` first, as opened by `Events` or `connect`, or a Celery
application; without, what was opened last is used, and if nothing is open Celery's current
application. Everything that is done stands in the audit of where it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from umbel.errors import ActionError, ActionRefused, NoAnswer, NotPermitted
from umbel.python.answers import Answers
from umbel.python.requests import checked, name_of_task
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.services.control.bounds import is_refusal
from umbel.services.control.types import IDS_MAX, ActionReport, ActionRequest

#: How long workers have to answer, and an action to end, seconds.
ACTION_S: Final = 60.0


@on_source
def task_abort(source: Source, /, task_id: str | Iterable[str]) -> Answers:
    """Ask an `AbortableTask` (or several) to end itself: it is marked in the result backend,
    where it looks. Raises `ResultsUnavailable`."""
    return act(source, {"action": "abort", "ids": _ids(task_id)})


@on_source
def task_revoke(
    source: Source,
    /,
    task_id: str | Iterable[str],
    terminate: bool = False,
    signal: str = "SIGTERM",
) -> Answers:
    """Tell all workers not to run a task (or several: up to 10,000 ids); with `terminate` also
    end the process that runs it, by `signal`. Tasks that have ended are left out."""
    request: dict[str, Any] = {"action": "revoke", "ids": _ids(task_id)}
    if terminate:
        request |= {"action": "terminate", "signal": str(getattr(signal, "name", signal))}
    return act(source, request)


@on_source
def task_rate_limit(
    source: Source, /, task_name: Any, rate_limit: str | int | float, workername: str | None = None
) -> Answers:
    """Let workers (or one) begin no more tasks of this name than, say, `10/m`; `0` lifts the
    limit. Raises `NoAnswer`."""
    request = {"action": "rate_limit", "name": name_of_task(task_name), "rate": str(rate_limit)}
    return ask(source, {**request, "workers": _workers(workername)})


@on_source
def task_timeout(
    source: Source,
    /,
    task_name: Any,
    soft: float | None = None,
    hard: float | None = None,
    workername: str | None = None,
) -> Answers:
    """Set how many seconds tasks of this name may run: `soft` raises an exception in them,
    `hard` ends them; one that is None is lifted. Raises `NoAnswer`."""
    request = {"action": "time_limit", "name": name_of_task(task_name), "soft": soft, "hard": hard}
    return ask(source, {**request, "workers": _workers(workername)})


def act(source: Source, request: Mapping[str, Any]) -> Answers:
    """Plan, execute and wait. Nothing is done, and nothing raised, where all that was named
    has ended already. Raises `NotPermitted` where none of it may be touched (of several, those that
    may not are left out, and `sentence` counts them), `ActionRefused` for what cannot be done at
    all, and `ActionError` for what failed without any worker's answer."""
    action_request = checked(request, ActionRequest)
    plan = source.plan(action_request)
    refusal = next(filter(is_refusal, plan.skipped), None)
    if plan.impossible is not None and refusal is not None:
        raise NotPermitted(refusal)
    if plan.impossible is not None and plan.skipped and action_request.ids:
        return Answers(ActionReport(id=plan.id, state="done", sentence=plan.impossible))
    if plan.impossible is not None:
        raise ActionRefused(plan.impossible)
    report = source.execute(plan.id, plan.confirm)
    if report.state == "running":
        report = source.wait(plan.id, ACTION_S)
    if report.state in ("failed", "interrupted") and not report.workers:
        raise ActionError(report.sentence)
    return Answers(report)


def ask(source: Source, request: Mapping[str, Any]) -> Answers:
    """The same for what means nothing without an answer."""
    answers = act(source, request)
    if not any(answer.keys() & {"ok", "error"} for answer in answers.values()):
        raise NoAnswer(
            f"No worker answered. {answers.sentence}",
            remedy="Whether it took effect is unknown; look which workers are online.",
        )
    return answers


def _ids(task_id: str | Iterable[str]) -> list[str]:
    ids: list[Any] = [task_id]
    if isinstance(task_id, Iterable) and not isinstance(task_id, str):
        ids = list(dict.fromkeys(task_id))
    if not ids or not all(isinstance(each, str) and each for each in ids):
        raise ValueError("There is no task id.")
    if len(ids) > IDS_MAX:
        raise ValueError(f"At most {IDS_MAX:,} ids at once, not {len(ids):,}; go in parts.")
    return ids


def _workers(workername: str | Iterable[str] | None) -> list[str]:
    if workername is None:
        return []
    return [workername] if isinstance(workername, str) else list(workername)

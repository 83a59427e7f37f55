"""Whether a request makes sense by itself, whatever the cluster looks like.

Source of the rules: celery/app/control.py and celery/worker/control.py (arguments of each
command), celery/utils/time.py (`rate`).
"""

from __future__ import annotations

import math
import re
import signal
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, get_args

import msgspec

from umbel.errors import ActionRefused
from umbel.services.control.types import (
    IDS_MAX,
    ActionRequest,
    NameAction,
    QueueAction,
    TaskAction,
    WorkerAction,
)

TASK_ACTIONS: Final[frozenset[str]] = frozenset(get_args(TaskAction))
NAME_ACTIONS: Final[frozenset[str]] = frozenset(get_args(NameAction))
WORKER_ACTIONS: Final[frozenset[str]] = frozenset(get_args(WorkerAction))
QUEUE_ACTIONS: Final[frozenset[str]] = frozenset(get_args(QueueAction))

#: What must and what may stand in the request for each action, beside `reason`, and beside
#: `ids` or `q` for the actions on tasks.
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "rate_limit": ("name", "rate"),
    "time_limit": ("name",),
    "autoscale": ("min", "max"),
    "add_consumer": ("queue",),
    "cancel_consumer": ("queue",),
    "log_level": ("level",),
    "purge": ("queue",),
    "pause": ("queue",),
    "resume": ("queue",),
}
_ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "terminate": ("signal",),
    "retry": ("edit", "again"),
    "time_limit": ("soft", "hard"),
    "pool_grow": ("n",),
    "pool_shrink": ("n",),
}
#: C0, DEL and C1 (Unicode category Cc).
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEFAULTS: Final = ActionRequest(action="ping")
_EVERYWHERE: Final = frozenset({"action", "reason"})


def checked(request: ActionRequest) -> ActionRequest:
    """The request with every id and worker once and the signal by its full name. Raises
    `ActionRefused` with the field that is wrong."""
    _only_what_belongs(request)
    if request.action in TASK_ACTIONS:
        _one_choice(request)
    if request.action == "rate_limit":
        _rate(request.rate or "")
    if request.action == "time_limit":
        _limits(request.soft, request.hard)
    if request.action == "autoscale" and (request.min or 0) > (request.max or 0):
        raise ActionRefused("The minimum of autoscale is above its maximum.", field="min")
    if request.edit is not None and None not in (request.edit.countdown, request.edit.eta):
        raise ActionRefused(
            "A task cannot have both a countdown and an ETA.", field="edit.countdown"
        )
    labels: dict[str, str | None] = {"name": request.name, "queue": request.queue}
    labels |= {"workers": "".join(request.workers)}
    if request.edit is not None:
        labels["edit.queue"] = request.edit.queue
    no_control_characters(labels)
    if any("\0" in each for each in request.ids or ()):
        raise ActionRefused("No task's id contains a NUL.", field="ids")
    return msgspec.structs.replace(
        request,
        ids=None if request.ids is None else list(dict.fromkeys(request.ids)),
        workers=list(dict.fromkeys(request.workers)),
        signal=signal_name(request.signal),
    )


def no_control_characters(labels: Mapping[str, str | None]) -> None:
    """Names by their fields: none holds a control character, which brokers, logs and terminals
    take for something else than a part of it. Raises `ActionRefused`."""
    for field, text in labels.items():
        if text is not None and (found := CONTROL.search(text)):
            shown = found[0].encode("unicode_escape").decode("ascii")
            raise ActionRefused(
                f"`{field}` contains the control character {shown}, which no name has.",
                field=field,
                remedy="Arguments may hold any text; names may not.",
            )


def signal_name(text: str) -> str:
    """The full name of a signal: `SIGKILL` for `kill`, `SIGKILL` or `9`."""
    word = text.strip().upper()
    names = {each.name: each for each in signal.Signals}
    if word.isascii() and word.isdecimal():
        numbers = {each.value: each.name for each in signal.Signals}
        found = numbers.get(int(word))
    else:
        full = word if word.startswith("SIG") else f"SIG{word}"
        found = full if full in names else None
    if found is not None:
        return found
    near = get_close_matches(f"SIG{word.removeprefix('SIG')}", names, 1)
    raise ActionRefused(
        f"{text or 'An empty text'} is not a signal.",
        field="signal",
        remedy=f"Did you mean {near[0]}?" if near else "SIGTERM and SIGKILL are usual.",
    )


def _only_what_belongs(request: ActionRequest) -> None:
    action = request.action
    required, allowed = _REQUIRED.get(action, ()), _ALLOWED.get(action, ())
    belongs = {*_EVERYWHERE, *required, *allowed}
    if action in TASK_ACTIONS:
        belongs |= {"ids", "q", "tz"}
    elif action not in QUEUE_ACTIONS:
        belongs.add("workers")
    for field in ActionRequest.__struct_fields__:
        if field not in belongs and getattr(request, field) != getattr(_DEFAULTS, field):
            raise ActionRefused(f"`{field}` means nothing for {action}.", field=field)
    for field in required:
        if getattr(request, field) is None:
            raise ActionRefused(f"{action} needs `{field}`.", field=field)


def _one_choice(request: ActionRequest) -> None:
    if request.ids is not None and request.q is not None:
        raise ActionRefused("Choose tasks by `ids` or by `q`, not by both.", field="q")
    if request.ids is None and request.q is None:
        raise ActionRefused(
            f"{request.action} needs tasks: name them in `ids`, or choose them by `q` "
            '("" is every task).',
            field="ids",
        )
    if request.ids is not None and not 1 <= len(request.ids) <= IDS_MAX:
        raise ActionRefused(
            f"`ids` has {len(request.ids):,} entries; 1 to {IDS_MAX:,} are possible.",
            field="ids",
            remedy="Choose more tasks by a search, with `q`.",
        )


def _rate(text: str) -> None:
    from celery.utils.time import rate  # Celery is twenty megabytes

    try:
        number = float(text.partition("/")[0])
        rate(text)
        sensible = math.isfinite(number) and number >= 0
    except (KeyError, ValueError):
        sensible = False
    if not sensible:
        raise ActionRefused(
            f"{text!r} is not a rate.",
            field="rate",
            remedy="Write a number for each second, minute or hour: 10/s, 10/m, 10/h; "
            "0 lifts the limit.",
        )


def _limits(soft: float | None, hard: float | None) -> None:
    if soft is not None and hard is not None and soft > hard:
        raise ActionRefused(
            "The soft limit is above the hard one, so it would never be reached.", field="soft"
        )

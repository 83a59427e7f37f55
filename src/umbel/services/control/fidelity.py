"""Fidelity: how surely the arguments are known with which a task is sent again. Pure.

Theory of operation. Three things may know them, and each is believed only as far as it can
be:

- *The worker* may tell of the message that it received (`umbel.worker`): `exact`.
- *The queued message* and *the result* (with `result_extended`) hold the values themselves:
  `exact`. A result is not believed when no worker ran the task (Celery then stores a
  chain's incomplete arguments) or when its name differs (the task was replaced). If it
  contradicts a repr that is whole, neither is believed: tasks may change what they were
  given, and applications may send a repr of their own that hides something.
- *The reprs* of the events were cut by Celery (celery/utils/saferepr.py) to 1,024
  characters and three levels, and they are no real reprs: strings are put between quotes
  without escaping anything but the quote. So a repr counts as whole only if it consists of
  nothing but values, and no text in it ends with the mark `...` (a cut text may be followed
  by more), holds a backslash (which stood for itself) or a sign that Umbel put in place of
  what cannot be stored. Whole reprs are `literal`.
- *A sender may choose the texts* (`argsrepr`, `kwargsrepr`) to hide something. So a repr is
  not literal either if it looks masked (stars, dots, `[hidden]`), or if Celery would have
  written its values otherwise.
- *A person* who edits takes the responsibility: `edited`.

Positional and named arguments are judged each on their own; the worse decides. Whatever
comes out is JSON without change, but for tuples, which Celery's own JSON makes lists.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.redact.texts import HIDDEN
from umbel.results.base import Result
from umbel.services.control.json_arguments import UnsendableArguments, sendable
from umbel.services.control.repr_literals import literal, literal_or_none
from umbel.services.control.types import Edit, Fidelity

Part = Literal["args", "kwargs"]
_WORD: Final[dict[Part, str]] = {
    "args": "The positional arguments",
    "kwargs": "The named arguments",
}


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """What a task would be sent with. `fidelity` None: with nothing, and `why` is the
    sentence that says why. `args` and `kwargs` are plain JSON values."""

    fidelity: Fidelity | None
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    why: str | None = None


class _Disputed(Exception):
    """Two sources say different things, and either may be wrong."""


class _Recovered(msgspec.Struct, frozen=True):
    """One of the two parts, and how it is known."""

    how: Fidelity
    value: Any


def arguments(
    task: Task,
    *,
    result: Result | None = None,
    queued: QueuedMessage | None = None,
    edit: Edit | None = None,
) -> Arguments:
    """The arguments that `task` can be sent again with, from the best source there is.

    Never raises for anything that a cluster can hold.
    """
    found: dict[Part, _Recovered] = {}
    whys: list[str] = []
    parts: tuple[Part, Part] = ("args", "kwargs")
    exact: Mapping[Part, Any] | None = None
    literally = True
    try:
        exact = _exact(task, result, queued, whys)
    except _Disputed as disputed:
        whys.append(f"{disputed}.")
        literally = False
    for part in parts:
        try:
            recovered = _recovered(part, task, exact, edit, literally)
            if recovered is not None:
                found[part] = recovered
        except UnsendableArguments as unfit:
            whys.append(f"{_WORD[part]} {unfit}.")
    if len(found) < len(parts):
        return Arguments(fidelity=None, why=" ".join(whys))
    return Arguments(
        fidelity=_worse(each.how for each in found.values()),
        args=found["args"].value,
        kwargs=found["kwargs"].value,
    )


def _recovered(
    part: Part, task: Task, exact: Mapping[Part, Any] | None, edit: Edit | None, literally: bool
) -> _Recovered | None:
    mine = getattr(edit, part) if edit is not None else None
    if mine is not None:
        return _Recovered("edited", sendable(mine))
    if exact is not None:
        return _Recovered("exact", exact[part])
    if not literally:
        return None
    text = task.args if part == "args" else task.kwargs
    return _Recovered("literal", _fitting(part, literal(text)))


def _worse(hows: Iterable[Fidelity]) -> Fidelity:
    order: tuple[Fidelity, ...] = ("exact", "literal", "edited")
    return max(hows, key=order.index)


def _exact(
    task: Task, result: Result | None, queued: QueuedMessage | None, whys: list[str]
) -> Mapping[Part, Any] | None:
    """Both parts, from the first source that holds them; `whys` gets why others do not."""
    if task.args_json is not None and task.kwargs_json is not None:
        try:
            return _from_worker(task.args_json, task.kwargs_json)
        except UnsendableArguments as unfit:
            whys.append(f"What the worker told of the message cannot be used: {unfit}.")
    if queued is not None:
        try:
            return _from_queue(task, queued)
        except UnsendableArguments as unfit:
            whys.append(f"The queued message cannot be used: {unfit}.")
    if result is not None:
        try:
            return _from_result(task, result)
        except UnsendableArguments as unfit:
            whys.append(f"The result backend cannot be used: {unfit}.")
    return None


def _from_worker(args: str, kwargs: str) -> Mapping[Part, Any]:
    if HIDDEN in args or HIDDEN in kwargs:
        raise UnsendableArguments("a part of it is hidden ([redact])")
    try:
        return _both(json.loads(args), json.loads(kwargs))
    except (ValueError, RecursionError):
        raise UnsendableArguments("it is no JSON") from None


def _from_queue(task: Task, queued: QueuedMessage) -> Mapping[Part, Any]:
    if queued.task_id != task.uuid:
        raise UnsendableArguments("the message is another task's")
    if queued.unreadable is not None:
        raise UnsendableArguments(_ending(queued.unreadable))
    _same_name(task, queued.name)
    return _both(queued.args, queued.kwargs)


def _from_result(task: Task, result: Result) -> Mapping[Part, Any]:
    if result.task_id != task.uuid:
        raise UnsendableArguments("the result is another task's")
    if result.args is None and result.kwargs is None:
        raise UnsendableArguments(
            "it keeps no arguments as they were sent (result_extended is off, the task has not "
            "run, or it keeps them as texts, as Django's tables do)"
        )
    if not result.worker:
        raise UnsendableArguments(
            "no worker ran the task, so the arguments there may be incomplete"
        )
    _same_name(task, result.name)
    both = _both(result.args, result.kwargs)
    pairs = (
        (literal_or_none(task.args), both["args"]),
        (literal_or_none(task.kwargs), both["kwargs"]),
    )
    if any(sent is not None and sent != stored for sent, stored in pairs):
        raise _Disputed(
            "The arguments that the result backend keeps are not those that the events told: "
            "the task may change them while it runs, or the application hides some"
        )
    return both


def _both(args: object, kwargs: object) -> Mapping[Part, Any]:
    return {"args": _fitting("args", args), "kwargs": _fitting("kwargs", kwargs)}


def _same_name(task: Task, name: str | None) -> None:
    if not name:
        raise UnsendableArguments("it does not say which task it was")
    if task.name and name != task.name:
        raise UnsendableArguments(f"it is of {name[:100]}, not {task.name[:100]}")


def _fitting(part: Part, value: object) -> Any:
    wanted: type = list if part == "args" else dict
    if not isinstance(value, wanted):
        raise UnsendableArguments(f"are no {'list' if part == 'args' else 'object'} of values")
    return sendable(value)


def _ending(sentence: str) -> str:
    """A whole sentence as the end of another."""
    return sentence.strip().rstrip(".")

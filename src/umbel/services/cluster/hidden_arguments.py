"""Arguments as they may be seen: as their sender lets them be, and without what `[redact]` hides.

Whoever sends a task may give texts to show in the place of its arguments (`argsrepr`,
`kwargsrepr`), to keep a card's number out of logs and monitors. Queued messages and extended
results hold the values themselves; whoever may only look gets the texts instead, wherever they
are not what Celery writes of the values by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.redact.rules import Redactor
from umbel.redact.texts import HIDDEN
from umbel.results.base import Result
from umbel.services.control.repr_literals import REPR_MAX, celerys_repr


def masked_message(message: QueuedMessage) -> QueuedMessage:
    """The message with its sender's own texts in the place of arguments."""
    return msgspec.structs.replace(
        message,
        args=_shown(message.args, message.args_repr),
        kwargs=_shown(message.kwargs, message.kwargs_repr),
    )


def masked_result(result: Result, task: Task | None) -> Result:
    """The result with the texts that events tell in the place of arguments; without
    arguments if no event told how they may be shown."""
    return msgspec.structs.replace(
        result,
        args=_shown(result.args, task.args) if task is not None else None,
        kwargs=_shown(result.kwargs, task.kwargs) if task is not None else None,
    )


def masked_listing(value: object, task: Callable[[str], Task | None]) -> object:
    """Tasks as a worker lists them (`active`, `reserved`, `scheduled`), with the texts that
    events tell in the place of arguments."""
    return _each_task(value, lambda entry: _masked_arguments(entry, task))


def _masked_arguments(
    entry: dict[str, object], task: Callable[[str], Task | None]
) -> dict[str, object]:
    known = task(str(entry.get("id")))
    texts = {"args": known.args if known else None, "kwargs": known.kwargs if known else None}
    return {name: text for name, text in texts.items() if name in entry}


def _each_task(
    value: object, arguments: Callable[[dict[str, object]], dict[str, object]]
) -> object:
    """The listing with what `arguments` gives for each task in the place of its own."""
    return [_with(each, arguments) for each in value] if isinstance(value, list) else value


def _with(entry: object, arguments: Callable[[dict[str, object]], dict[str, object]]) -> object:
    if not isinstance(entry, dict):
        return entry
    if isinstance(entry.get("request"), dict):  # of a scheduled task
        return {**entry, "request": _with(entry["request"], arguments)}
    return entry | arguments(entry)


def redacted_message(message: QueuedMessage, redactor: Redactor) -> QueuedMessage:
    """The message without what is hidden of it; arguments of which something is hidden are
    texts."""
    args, kwargs = message.args, message.kwargs
    name = tuple(filter(None, (message.name, message.shadow)))
    return msgspec.structs.replace(
        message,
        args=_redacted(args, redactor.args(name, args)),
        kwargs=_redacted(kwargs, redactor.kwargs(name, kwargs)),
        args_repr=message.args_repr and redactor.args_text(name, message.args_repr),
        kwargs_repr=message.kwargs_repr and redactor.kwargs_text(name, message.kwargs_repr),
        body=redactor.value(message.body),
    )


def redacted_listing(value: object, redactor: Redactor) -> object:
    """Tasks as a worker lists them, without what is hidden of their arguments."""
    return _each_task(value, lambda entry: _redacted_arguments(entry, redactor))


def _redacted_arguments(entry: dict[str, object], redactor: Redactor) -> dict[str, object]:
    # `name` may be a shadow, `type` is what it was sent as.
    names = (entry.get("name"), entry.get("type"))
    name = tuple(each for each in names if isinstance(each, str))
    arguments = {"args": redactor.args, "kwargs": redactor.kwargs}
    return {field: hide(name, entry[field]) for field, hide in arguments.items() if field in entry}


def _redacted(value: object, shown: object) -> object:
    """The value itself if nothing of it is hidden, else its text."""
    if shown == value or isinstance(shown, str):
        return shown
    return celerys_repr(shown).replace(f"'{HIDDEN}'", HIDDEN)


def _shown(value: object, text: str | None) -> object:
    if value is None or text is None:
        return value
    same = {celerys_repr(value, REPR_MAX)}
    if isinstance(value, list):
        same.add(celerys_repr(tuple(value), REPR_MAX))  # JSON has no tuples
    return value if text in same else text

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
    return [_masked_entry(each, task) for each in value] if isinstance(value, list) else value


def _masked_entry(entry: object, task: Callable[[str], Task | None]) -> object:
    if not isinstance(entry, dict):
        return entry
    if isinstance(entry.get("request"), dict):
        return {**entry, "request": _masked_entry(entry["request"], task)}
    known = task(str(entry.get("id")))
    texts = {"args": known.args if known else None, "kwargs": known.kwargs if known else None}
    return {**entry, **{name: text for name, text in texts.items() if name in entry}}


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
    )


def redacted_listing(value: object, redactor: Redactor) -> object:
    """Tasks as a worker lists them, without what is hidden of their arguments."""
    return [_redacted_entry(each, redactor) for each in value] if isinstance(value, list) else value


def _redacted_entry(entry: object, redactor: Redactor) -> object:
    if not isinstance(entry, dict):
        return entry
    if isinstance(entry.get("request"), dict):
        return {**entry, "request": _redacted_entry(entry["request"], redactor)}
    # `name` may be a shadow, `type` is what it was sent as.
    names = (entry.get("name"), entry.get("type"))
    name = tuple(each for each in names if isinstance(each, str))
    arguments = {"args": redactor.args, "kwargs": redactor.kwargs}
    return {
        **entry,
        **{field: hide(name, entry[field]) for field, hide in arguments.items() if field in entry},
    }


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

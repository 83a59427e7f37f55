"""The complete arguments of a task, as JSON texts, for its event.

Celery's events have the arguments as Python writes them, cut at 1,024 characters and three levels,
so a task with longer ones cannot be sent again from them. Where a message is JSON, its body has
the texts already, `[[1, 2], {"x": 3}, {...}]`: they are taken out as they stand.

A sender may have chosen the texts of the events (`argsrepr`, `kwargsrepr`), to hide something.
Then the message must not tell it: the arguments are added only if Celery would have written the
same values as the event has. Tuples have become lists in the message, so brackets are not compared.
"""

from __future__ import annotations

import json
from typing import Any, Final

from celery.utils.saferepr import saferepr

_decode: Final = json.JSONDecoder().raw_decode
#: How many characters Celery gives such a text (celery/app/amqp.py, `argsrepr_maxsize`).
_REPR_MAX: Final = 1_024
_BRACKETS: Final = str.maketrans("()", "[]")


def complete_arguments(request: Any, max_bytes: int) -> dict[str, str]:
    """`args_json` and `kwargs_json` of the worker's request of a task; nothing if there are none to
    be had within `max_bytes`, or if the sender hides some. Raises whatever a request can raise."""
    body = request.body
    if request.content_type != "application/json" or len(body) > max_bytes:
        return {}
    text = body.decode() if isinstance(body, bytes) else body
    if not isinstance(text, str) or not text.startswith("["):
        return {}
    args, end = _decode(text, 1)
    start = _next(text, end)
    kwargs, kwargs_end = _decode(text, start)
    if not (isinstance(args, list) and isinstance(kwargs, dict)):
        return {}
    shown = (request.argsrepr, tuple(args)), (request.kwargsrepr, kwargs)
    if not all(_is_of(*each) for each in shown):
        return {}
    return {"args_json": text[1:end], "kwargs_json": text[start:kwargs_end]}


def _next(text: str, at: int) -> int:
    """Where the value behind the next comma begins."""
    at = text.index(",", at) + 1
    while text[at] == " ":
        at += 1
    return at


def _is_of(shown: object, value: object) -> bool:
    return isinstance(shown, str) and _flat(shown) == _flat(saferepr(value, _REPR_MAX))


def _flat(text: str) -> str:
    return text.translate(_BRACKETS).replace(",]", "]")

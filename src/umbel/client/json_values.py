"""Which of an application's values get over HTTP as they are.

Celery writes dates, decimals, bytes and ids into a message so that a task gets them back; the JSON
of the HTTP API has none of them, and no number that is infinite or none. Written as texts, lists or
null they would be other values for the task, so they are refused."""

from __future__ import annotations

import math
from collections.abc import Mapping

from umbel.characters import is_encodable
from umbel.errors import ActionRefused


def check_json(value: object, field: str) -> None:
    """Raises `ActionRefused` for a value of `field` that is not the same after it was JSON."""
    match value:
        case None | bool() | int():
            return
        case float() if math.isfinite(value):
            return
        case str() if is_encodable(value):
            return
        case list() | tuple():
            for each in value:
                check_json(each, field)
        case Mapping():
            for key, each in value.items():
                check_json(key, field)
                check_json(each, field)
        case _:
            what = repr(value) if isinstance(value, float | str) else type(value).__name__
            raise ActionRefused(
                f"{field} has a value that does not get over HTTP as it is: {what}.",
                field=field,
                remedy="Give what JSON has (texts, finite numbers, lists, dictionaries), or act "
                "with the application itself, as with Events(app, collect=False).",
            )

"""Validation of arguments of the Python API: requests for the services, or a `ValueError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from umbel.services.control.request_checks import CONTROL

T = TypeVar("T")


def checked(given: Mapping[str, Any], kind: type[T]) -> T:
    """The request that these fields make. Raises `ValueError` for a field of a wrong kind."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"This cannot be asked: {error}.") from None


def name_of_task(task: Any) -> str:
    """A task's name, given as it is or by the task itself. Raises `ValueError`."""
    name = task if isinstance(task, str) else getattr(task, "name", None)
    if not isinstance(name, str) or not name:
        raise ValueError(f"A task is named by a text such as shop.send, not by {task!r}.")
    if CONTROL.search(name):
        raise ValueError(f"A task's name has no control characters, as {name!r} does.")
    return name

"""Tasks in order, whatever they are and lack."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

from umbel.python.info import hostname_of, reader

#: By what tasks can be sorted, with the type of what is compared. A `-` before a name is
#: descending.
sort_keys: Final[dict[str, type]] = {
    "name": str,
    "state": str,
    "received": float,
    "started": float,
    "runtime": float,
    "worker": str,
}

T = TypeVar("T")


def sort_tasks(tasks: Iterable[T], sort_by: str) -> list[T]:
    """The tasks in order of one of `sort_keys`, with `-` before it for descending.

    Missing values come last in both directions; of equal ones the order stays. Numbers come
    before texts where both are mixed. Takes dictionaries, objects with attributes, and pairs
    of id and task. Raises `ValueError` for another key.
    """
    key, descending = sort_key(sort_by)
    ranked: list[tuple[tuple[int, float, str], T]] = []
    missing: list[T] = []
    for task in tasks:
        rank = _rank(_value(task, key), sort_keys[key])
        if rank is None:
            missing.append(task)
        else:
            ranked.append((rank, task))
    ranked.sort(key=lambda pair: pair[0], reverse=descending)
    return [task for _, task in ranked] + missing


def sort_key(sort_by: str) -> tuple[str, bool]:
    """The key, and whether it is descending. Raises `ValueError`."""
    key = sort_by.removeprefix("-") if isinstance(sort_by, str) else sort_by
    if not isinstance(key, str) or key not in sort_keys:
        raise ValueError(
            f"Tasks cannot be sorted by {sort_by!r}: sort_by is one of {', '.join(sort_keys)}, "
            "with - before it for descending."
        )
    return key, sort_by.startswith("-")


def _value(task: object, key: str) -> Any:
    if isinstance(task, tuple) and len(task) == 2:
        task = task[1]
    get = reader(task)
    if key == "worker":
        return hostname_of(get("worker")) or get("hostname")
    return get(key)


def _rank(value: Any, kind: type) -> tuple[int, float, str] | None:
    """What values of any type are compared by; None for a missing one."""
    if isinstance(value, datetime):
        value = value.timestamp()
    if kind is float and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return (1, 0.0, value) if value else None
    if isinstance(value, int | float):
        return None if math.isnan(value) else (0, value, "")
    if value is None or value == "":
        return None
    return (1, 0.0, str(value))

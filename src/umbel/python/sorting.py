"""`sort_tasks`: tasks in order of a key, missing and mixed values included."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

from umbel.python.info import hostname_of, reader

_MISSING: Final = object()


class SortKey:
    """What tasks are compared by: called with a task it gives the value, `""` or `0.0` where the
    task has none; called without, that default. `kind` is the type of what is compared."""

    def __init__(self, name: str, kind: type[str] | type[float]) -> None:
        self.name = name
        self.kind = kind

    def __call__(self, task: object = _MISSING) -> Any:
        value = None if task is _MISSING else value_of(task, self.name)
        return value if value not in (None, "") else self.kind()

    def __repr__(self) -> str:
        return f"<SortKey {self.name}, {self.kind.__name__}>"


#: By what tasks can be sorted. A `-` before a name is descending.
sort_keys: Final[dict[str, SortKey]] = {
    name: SortKey(name, kind)
    for name, kind in {
        "name": str, "state": str, "received": float, "started": float, "runtime": float,
        "worker": str,
    }.items()
}  # fmt: skip

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
        rank = _rank(value_of(task, key), sort_keys[key].kind)
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


def value_of(task: object, key: str) -> Any:
    """What a task has under one of `sort_keys`, of a worker its name; None if it lacks it."""
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

"""Connections of Django to its databases, which belong to the thread that made them."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any


def is_of_django(kind: type[Any]) -> bool:
    """Whether a backend speaks to the world by Django."""
    return any(base.__module__.partition(".")[0].startswith("django") for base in kind.__mro__)


@contextlib.contextmanager
def fresh_connections() -> Iterator[None]:
    """Inside, this thread has none that is broken or too old: Django keeps those until it is
    told, which its own requests do."""
    database: Any = importlib.import_module("django.db")
    database.close_old_connections()
    try:
        yield
    finally:
        database.close_old_connections()


def close_connections() -> None:
    """Close all of this thread."""
    importlib.import_module("django.db").connections.close_all()

"""The user's own Celery application, imported only when it is asked for."""

from __future__ import annotations

from typing import Any

from umbel.errors import SettingsError


def load_application(name: str) -> Any:
    """The Celery app that `name` (`proj.celery:app`, or `proj` as for `celery -A`) means.

    Raises `SettingsError` with what its import said when it cannot be had.
    """
    from celery import Celery
    from celery.app.utils import find_app

    try:
        found = find_app(name)
    except Exception as error:
        raise SettingsError(
            f"The application {name} cannot be imported: {_cause(error)}.",
            setting="app",
            remedy="Write -A module:attribute as for the celery command, "
            "and start where that module can be imported.",
        ) from error
    if not isinstance(found, Celery):
        raise SettingsError(
            f"{name} is no Celery application but of type {type(found).__name__}.",
            setting="app",
            remedy="Name the application itself, such as -A proj.celery:app.",
        )
    return found


def _cause(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

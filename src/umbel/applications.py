"""The user's own Celery application, imported only when it is asked for."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any, Final

from umbel.errors import SettingsError
from umbel.services.registered import Described

log = logging.getLogger(__name__)

#: How much of a signature or docstring is shown, characters.
SHOWN_MAX: Final = 2_000


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


def bare_application(
    broker_url: str,
    result_backend: str | None = None,
    *,
    transport_options: Mapping[str, object] | None = None,
    use_ssl: Mapping[str, object] | bool | None = None,
) -> Any:
    """A Celery app that knows where the broker and the results are, and nothing of tasks and
    queues: Celery's defaults stand for what only the workers' own application could tell."""
    from celery import Celery

    app = Celery("umbel", broker=broker_url, backend=result_backend, set_as_current=False)
    app.conf.update(
        broker_transport_options=dict(transport_options or {}),
        broker_use_ssl=use_ssl or False,
        # Whatever it reads is JSON; it never unpickles.
        accept_content=["json"],
        result_accept_content=["json"],
        task_send_sent_event=True,
    )
    return app


def describe_tasks(app: Any) -> dict[str, Described]:
    """The tasks of an application by name, without Celery's own. A module of it that cannot
    be imported leaves its tasks out, and the log says so."""
    try:
        app.loader.import_default_modules()
    except Exception as error:
        log.warning("Not every task of the application is known: %s.", _cause(error))
    own = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    return {name: _describe(task) for name, task in own.items()}


def _describe(task: Any) -> Described:
    try:
        signature = str(inspect.signature(task.run))
    except Exception:  # a callable of C, or a default whose repr fails
        signature = None
    doc = inspect.getdoc(type(task).run) or task.__doc__
    return Described(signature and signature[:SHOWN_MAX], doc and doc.strip()[:SHOWN_MAX])

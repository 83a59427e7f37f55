"""The application's own side: a Celery client that sends tasks by name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from celery import Celery, Signature

WORKERAPP = "tests.integration.workerapp"


@contextlib.contextmanager
def celery_client(broker: str, backend: str) -> Iterator[Celery]:
    """An application on `broker` and `backend` that tells what it sends; closed at the end."""
    app = Celery("client", broker=broker, backend=backend, set_as_current=False)
    # Results speak to the backend when they die, so none may be cached until it is gone.
    app.conf.update(task_send_sent_event=True, broker_connection_timeout=5, result_cache_max=-1)
    try:
        yield app
    finally:
        app.close()


def task(app: Celery, name: str, *args: Any, **options: Any) -> Signature:
    """A call of task `name` of `tests/integration/workerapp.py`, for `delay` or a canvas."""
    return app.signature(f"{WORKERAPP}.{name}", args=args, app=app, **options)

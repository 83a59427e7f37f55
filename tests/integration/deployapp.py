"""A Celery application whose names of tasks come from the environment: one version of it, or the
next."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("tests.integration.deployapp")
app.conf.update(
    broker_url=os.environ.get("UMBEL_TEST_BROKER", "memory://"),
    broker_connection_retry_on_startup=True,
)


def nothing() -> None:
    """What every one of them does."""


for task_name in os.environ.get("UMBEL_TEST_NAMES", "").split():
    app.task(nothing, name=task_name)

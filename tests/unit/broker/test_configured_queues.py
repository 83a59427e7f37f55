"""The queues that a configuration names, however it is written."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from kombu import entity

from umbel.broker.configured_queues import configured_queues

Queue: Any = entity.Queue


@pytest.mark.parametrize(
    ("conf", "names"),
    [
        ({}, ("celery",)),
        ({"task_default_queue": "orders"}, ("orders",)),
        ({"task_queues": [Queue("mail"), Queue("media")]}, ("celery", "mail", "media")),
        ({"task_queues": {"mail": {"exchange": "post"}}}, ("celery", "mail")),
        ({"task_routes": {"shop.*": {"queue": "shop"}, "b.*": "low"}}, ("celery", "shop", "low")),
        ({"task_routes": {"a": {"queue": Queue("bulk")}, "b": {}}}, ("celery", "bulk")),
        ({"task_routes": [("shop.*", {"queue": "shop"}), ("b", "low")]}, ("celery", "shop", "low")),
        ({"task_routes": ([("a", {"queue": "s"})], lambda *_: {"queue": "x"})}, ("celery", "s")),
    ],
)  # fmt: skip
def test_each_is_named_once_and_no_function_is_called(
    conf: dict[str, Any], names: tuple[str, ...]
) -> None:
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.update(conf)

    assert configured_queues(app.conf) == names

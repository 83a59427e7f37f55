"""Tasks that Celery finds when Django is set up, and not before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from celery import shared_task
from celery.contrib.abortable import AbortableTask
from django.apps import apps


class Declined(Exception):
    """What a task of the project raises."""


def task(**options: Any) -> Callable[[Callable[..., object]], Any]:
    """`shared_task`, with a type."""
    decorator: Callable[[Callable[..., object]], Any] = shared_task(**options)
    return decorator


if not apps.ready:
    raise RuntimeError("Django is not set up.")


@task()
def add(x: int, y: int) -> int:
    """The sum."""
    return x + y


@task()
def decline(order: int) -> None:
    raise Declined(f"order {order}", {"order": order})


@task(bind=True, base=AbortableTask)
def until_aborted(self: AbortableTask) -> str:
    for _ in range(200):
        if self.is_aborted():
            return "aborted"
        time.sleep(0.05)
    return "never aborted"

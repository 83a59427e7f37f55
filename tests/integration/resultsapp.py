"""A Celery application whose tasks leave every kind of result.

Broker, backend and any other setting (`UMBEL_TEST_CONF`, a JSON object) come from the
environment, so that a test can give it any.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import Celery, Task, chain, chord, group
from celery.contrib.abortable import AbortableTask

app = Celery("tests.integration.resultsapp")
app.conf.update(
    broker_url=os.environ.get("UMBEL_TEST_BROKER", "memory://"),
    result_backend=os.environ.get("UMBEL_TEST_BACKEND", "cache+memory://"),
    result_extended=True,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_track_started=True,
)
app.conf.update(json.loads(os.environ.get("UMBEL_TEST_CONF", "{}")))


def task(**options: Any) -> Callable[[Callable[..., object]], Any]:
    """`app.task`, with a type."""
    decorator: Callable[[Callable[..., object]], Any] = app.task(**options)
    return decorator


class Declined(Exception):
    """What the failing tasks raise."""


class Trap:
    """An object whose pickle makes a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(self.path),))


@task()
def echo(*args: Any, **kwargs: Any) -> Any:
    return {"args": args, "kwargs": kwargs}


@task()
def add(x: float, y: float) -> float:
    return x + y


@task()
def total(numbers: list[float]) -> float:
    return sum(numbers)


@task()
def decline(order: int) -> None:
    raise Declined(f"order {order} isn't ours", {"order": order})


class RetryingTask(Task):  # type: ignore[misc]
    """Makes the file of its first argument once RETRY is stored. Celery stores that after it has
    sent the retry, and would write it over an end that came at the same moment."""

    def on_retry(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:  # noqa: ARG002
        Path(args[0]).touch()


@task(bind=True, base=RetryingTask, max_retries=1)
def once_more(self: Task, retried: str) -> str:
    if self.request.retries == 0:
        raise self.retry(exc=Declined("not yet"), countdown=0)
    wait_for(retried)
    return "now"


@task(bind=True)
def postpone(self: Task) -> None:
    raise self.retry(exc=Declined("later"), countdown=600)


@task()
def nap(until: str) -> str:
    wait_for(until)
    return "rested"


@task()
def special() -> dict[str, Any]:
    return {
        "when": datetime(2026, 11, 22, 17, 0, tzinfo=UTC),
        "day": date(2026, 11, 22),
        "price": Decimal("9.90"),
        "id": UUID(int=7),
        "raw": b"\xff\x00",
        "nothing": float("nan"),
    }


@task()
def trap(path: str) -> Any:
    return Trap(path)


@task()
def offspring() -> None:
    add.delay(1, 2)
    group(add.s(3, 4), add.s(5, 6)).delay()
    chain(add.s(7, 8), add.s(9)).delay()
    chord([add.s(1, 1), add.s(2, 2)], total.s()).delay()


@task(bind=True, base=AbortableTask)
def until_aborted(self: Any) -> str:
    for _ in range(1000):
        if self.is_aborted():
            return "aborted"
        time.sleep(0.02)
    return "never told"


def wait_for(path: str) -> None:
    for _ in range(1000):
        if Path(path).exists():
            return
        time.sleep(0.02)

"""A Celery application that does everything that a task can do, for real workers.

Its broker and its result backend come from the environment, so that a test can give it any.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, Task, chord
from celery.contrib.abortable import AbortableTask
from celery.exceptions import Ignore, Reject
from celery.utils.log import get_task_logger

app = Celery("tests.integration.workerapp", events=os.environ.get("UMBEL_TEST_EVENTS"))
app.conf.update(
    broker_url=os.environ.get("UMBEL_TEST_BROKER", "memory://"),
    result_backend=os.environ.get("UMBEL_TEST_BACKEND", "cache+memory://"),
    result_extended=True,
    task_send_sent_event=True,
    broker_connection_retry_on_startup=True,
    # One task in hand per child, so that a slow one does not hold others back.
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    umbel_log_lines=int(os.environ.get("UMBEL_TEST_LOG_LINES", "0")),
    umbel_groups=bool(os.environ.get("UMBEL_TEST_GROUPS")),
    umbel_arguments_max_bytes=int(os.environ.get("UMBEL_TEST_ARGUMENTS", "0")),
)
log = get_task_logger(__name__)


def task(**options: Any) -> Callable[[Callable[..., object]], Any]:
    """`app.task`, with a type."""
    decorator: Callable[[Callable[..., object]], Any] = app.task(**options)
    return decorator


class Declined(Exception):
    """What the failing tasks raise."""


@task()
def add(x: float, y: float) -> float:
    return x + y


@task()
def total(numbers: list[float]) -> float:
    return sum(numbers)


@task()
def echo(*args: Any, **kwargs: Any) -> Any:
    return [*args, kwargs]


@task(bind=True, max_retries=3)
def chatter(self: Task, lines: int, retries: int = 0, hold: bool = False) -> None:
    """Write so many lines and two more, again for each retry, and wait if it shall `hold`."""
    for number in range(1, lines + 1):
        log.info("line %d", number)
    log.warning("password=hunter2, and \N{SNOWMAN}")
    print(f"printed by {os.getpid()}")  # noqa: T201  as applications do
    if self.request.retries < retries:
        raise self.retry(countdown=0)
    while hold:
        time.sleep(1)


@task()
def decline(order: int) -> None:
    raise Declined(f"order {order} was declined")


@task(bind=True, max_retries=3)
def third_time_lucky(self: Task, order: int) -> str:
    if self.request.retries < 2:
        raise self.retry(exc=Declined(f"try {self.request.retries}"), countdown=0.1)
    return f"order {order} at try {self.request.retries}"


@task(bind=True, max_retries=2)
def never_lucky(self: Task, order: int) -> None:
    raise self.retry(exc=Declined(f"order {order} again"), countdown=0.1)


@task()
def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "rested"


@task(acks_late=True, reject_on_worker_lost=True)
def late_nap(seconds: float) -> str:
    """Comes back when its worker is killed."""
    time.sleep(seconds)
    return "rested"


@task(soft_time_limit=1)
def oversleep(seconds: float) -> None:
    time.sleep(seconds)


@task(time_limit=1)
def oversleep_hard(seconds: float) -> None:
    time.sleep(seconds)


@task(bind=True)
def progress(self: Task, steps: int) -> int:
    for step in range(steps):
        self.send_event("task-progress", step=step, of=steps, note="50 % · ½ done")
    return steps


@task()
def ignore() -> None:
    raise Ignore


@task(acks_late=True)
def reject() -> None:
    raise Reject("not for me", requeue=False)


@task(bind=True)
def hand_over(self: Task, x: float, y: float) -> None:
    raise self.replace(add.s(x, y))


@task()
def parent_of_two() -> list[str]:
    return [add.delay(1, 1).id, add.delay(2, 2).id]


@task()
def start_chord() -> list[str]:
    """The ids of a chord's body and of its parts."""
    body = chord([add.s(5, 6), add.s(7, 8)], total.s()).apply_async()
    return [body.id, *(part.id for part in body.parent)]


@task(bind=True, base=AbortableTask)
def work_until_aborted(self: AbortableTask, seconds: float, ends_as_ignored: bool) -> str:
    """Looks often whether it was aborted; as ignored, its end is neither told nor kept."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if self.is_aborted():
            if ends_as_ignored:
                raise Ignore
            return "aborted"
        time.sleep(0.05)
    return "worked"


@task()
def lose_the_worker() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

"""Tasks whose events a test publishes while a page is open, as a worker would."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.support.umbels import Client
from tests.support.waiting import wait_until

#: Publishes one event of a task: its type, and its fields.
Tell = Callable[..., None]


def begin(tell: Tell, name: str, at: float | None = None, **fields: Any) -> str:
    """The id of a task that a worker received `at` (Unix seconds; now by default) and runs."""
    at = time.time() if at is None else at
    task = str(uuid.uuid4())
    described = {"name": name, "args": "()", "kwargs": "{}", "root_id": task} | fields
    tell("task-received", uuid=task, timestamp=at, **described)
    tell("task-started", uuid=task, timestamp=at + 0.1)
    return task


def succeed(tell: Tell, task: str, at: float | None = None) -> None:
    """It ended well."""
    at = time.time() if at is None else at
    tell("task-succeeded", uuid=task, timestamp=at, result="'done'", runtime=0.25)


def fail(tell: Tell, task: str, at: float | None = None) -> None:
    """It ended with an error."""
    at = time.time() if at is None else at
    tell("task-failed", uuid=task, timestamp=at, exception="ValueError()", traceback=None)


def until_state(server: Client, task: str, state: str) -> str:
    """The task's id, once it is stored in this state."""
    wait_until(
        lambda: (server.task(task) or {}).get("state") == state, what=f"{task} to be {state}"
    )
    return task

"""Everything that may happen to a task, sent to a real worker at once."""

from __future__ import annotations

import contextlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from celery import VERSION, Celery, Signature, chain, group

from tests.support.applications import task
from tests.support.umbels import Client
from tests.support.waiting import wait_until

#: Since 5.7 Celery tells of a task that rejects itself for good that it failed, too.
_REJECTED = "FAILURE" if VERSION >= (5, 7) else "REJECTED"

#: The state in which each scenario's tasks come to rest.
ENDS = {
    "success": "SUCCESS",
    "failure": "FAILURE",
    "retried": "SUCCESS",
    "exhausted": "FAILURE",
    "eta": "SUCCESS",
    "progress": "SUCCESS",
    "unicode": "SUCCESS",
    "long arguments": "SUCCESS",
    "chain 1": "SUCCESS",
    "chain 2": "SUCCESS",
    "chain 3": "SUCCESS",
    "group 1": "SUCCESS",
    "group 2": "SUCCESS",
    "chord start": "SUCCESS",
    "chord 1": "SUCCESS",
    "chord 2": "SUCCESS",
    "chord body": "SUCCESS",
    "parent": "SUCCESS",
    "replaced": "SUCCESS",
    "soft limit": "FAILURE",
    "hard limit": "FAILURE",
    "worker lost": "FAILURE",
    "unknown task": "FAILURE",
    "rejected": _REJECTED,
    "ignored": "STARTED",
    "expired": "REVOKED",
    "revoked before it came": "REVOKED",
    "revoked and terminated": "REVOKED",
}


class Known(NamedTuple):
    """A task as the application knows it; `result` is the exception of one that failed."""

    state: str
    result: Any
    traceback: str | None
    name: str | None
    worker: str | None
    queue: str | None
    retries: int | None


class Scenarios:
    """Sends the tasks; `ids` holds their ids by scenario."""

    def __init__(self, app: Celery, umbel: Client) -> None:
        self.app = app
        self.ids: dict[str, str] = {}
        self.eta = datetime.now(UTC) + timedelta(seconds=2)
        self._umbel = umbel

    def play(self) -> None:
        """Send everything, and wait until each task is at rest in Umbel."""
        # First, while the worker is idle: RabbitMQ itself drops what expires in the queue.
        self._send("expired", "add", 1, 1, countdown=4, expires=3)
        self._send_what_ends_the_worker_s_children()
        self._send_single_tasks()
        self._send_workflows()
        self._revoke_the_one_that_runs()
        # When some never do, the tests say which, each by the scenario's own name.
        with contextlib.suppress(AssertionError):
            wait_until(self._all_at_rest, timeout_s=60)

    def known(self, scenario: str) -> Known:
        """What the application's result backend keeps of it."""
        meta = self.app.backend.get_task_meta(self.ids[scenario])
        return Known(
            state=meta["status"],
            result=meta["result"],
            traceback=meta.get("traceback"),
            name=meta.get("name"),
            worker=meta.get("worker"),
            queue=meta.get("queue"),
            retries=meta.get("retries"),
        )

    def _send(self, scenario: str, name: str, *args: Any, **options: Any) -> None:
        self.ids[scenario] = task(self.app, name, *args).apply_async(**options).id

    def _send_what_ends_the_worker_s_children(self) -> None:
        self._send("revoked and terminated", "nap", 60)
        self._send("worker lost", "lose_the_worker")
        self._send("hard limit", "oversleep_hard", 60)
        self._send("soft limit", "oversleep", 60)

    def _send_single_tasks(self) -> None:
        self._send("success", "add", 2, 3)
        self._send("failure", "decline", 7)
        self._send("retried", "third_time_lucky", 8)
        self._send("exhausted", "never_lucky", 9)
        self._send("eta", "add", 1, 1, eta=self.eta)
        self._send("progress", "progress", 3)
        self._send("unicode", "echo", "Grüße, 世界 🌼", "a'b\"c\\d")
        self._send("long arguments", "echo", "x" * 5_000, list(range(500)))
        self._send("parent", "parent_of_two")
        self._send("replaced", "hand_over", 4, 5)
        self._send("unknown task", "no_such_task")
        self._send("rejected", "reject")
        self._send("ignored", "ignore")
        revoked = str(uuid.uuid4())
        self.app.control.revoke(revoked, reply=True, timeout=10, limit=1)
        self._send("revoked before it came", "add", 1, 1, task_id=revoked)

    def _send_workflows(self) -> None:
        def add(*args: int) -> Signature:
            return task(self.app, "add", *args)

        last = chain(add(1, 1), add(2), add(3), app=self.app).apply_async()
        self.ids |= {
            "chain 3": last.id,
            "chain 2": last.parent.id,
            "chain 1": last.parent.parent.id,
        }
        parts = group([add(1, 2), add(3, 4)], app=self.app).apply_async()
        self.ids |= {"group 1": parts[0].id, "group 2": parts[1].id}
        # The worker starts it: a client would wait for a chord's parts for ever.
        self._send("chord start", "start_chord")
        wait_until(lambda: self.known("chord start").state == "SUCCESS", what="the chord to start")
        body, first, second = self.known("chord start").result
        self.ids |= {"chord body": body, "chord 1": first, "chord 2": second}

    def _revoke_the_one_that_runs(self) -> None:
        running = self.ids["revoked and terminated"]
        wait_until(lambda: self._state(running) == "STARTED", what="the nap to begin")
        self.app.control.revoke(running, terminate=True, signal="SIGTERM")

    def _state(self, uuid: str) -> str | None:
        found = self._umbel.task(uuid)
        return found["state"] if found else None

    def _all_at_rest(self) -> bool:
        rows = self._umbel.get("tasks", ids=",".join(self.ids.values()))["items"]
        states = {row["uuid"]: row["state"] for row in rows}
        return all(states.get(uuid) == ENDS[name] for name, uuid in self.ids.items())

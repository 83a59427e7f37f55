"""Ten thousand waiting tasks revoked: in one action by a query, or one after the other."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.application import BROKER, WAITING, application
from bench.brokers import Broker
from bench.client import Client
from bench.processes import Meter, memory, stop
from bench.report import Table, Verdict, megabytes
from bench.subject import start
from bench.subject_flower import Flower
from bench.subject_umbel import Umbel

#: Bounds of the promise.
REVOKED: Final = 10_000
SECONDS: Final = 5.0
#: Flower revokes a task a call; so many tell what a call takes.
_FLOWER_CALLS: Final = 500
_PATIENCE_S: Final = 120.0


class Revoked(NamedTuple):
    """How one action went on one broker. Seconds for the plan and for all until the report
    was complete; bytes that web process and collector grew by; how many tasks the report and
    the worker itself say are revoked; and seconds that Flower takes for as many calls."""

    broker: str
    tasks: int
    plan_s: float
    done_s: float
    grown: int
    reported: int
    known_to_worker: int
    flower_s: float


def revoke(broker: Broker, name: str, folder: Path, *, tasks: int) -> Revoked:
    """Send tasks that wait, revoke them all by a query, and look at what a worker knows."""
    with broker() as url, _worker(url, folder):
        subject = Umbel(url, folder)
        client = Client(subject.port)
        try:
            ids = _send(url, tasks)
            query = f"state:PENDING queue:{WAITING}"
            _until(lambda: client.get("/api/v1/tasks/count", q=query).json()["total"] == tasks)
            before = memory(subject.process.pid).resident
            with Meter(subject.process.pid) as meter:
                begun = time.monotonic()
                plan = client.post("/api/v1/actions", {"action": "revoke", "q": query}).json()
                planned = time.monotonic()
                path = f"/api/v1/actions/{plan['id']}"
                client.post(f"{path}/execute", {"confirm": plan["confirm"]})
                _until(lambda: client.get(path).json()["report"]["state"] != "running")
                done = time.monotonic()
            report = client.get(path).json()["report"]
        finally:
            client.close()
            subject.stop()
        assert meter.cost is not None
        return Revoked(
            name, tasks, planned - begun, done - begun, meter.cost.peak.resident - before,
            report["done"] - report["failed"], _known_to_worker(url),
            _one_by_one(url, folder, ids) * tasks,
        )  # fmt: skip


def _send(url: str, tasks: int) -> list[str]:
    """Ids of tasks that now wait in a queue."""
    app = application(url)
    with app.producer_pool.acquire() as producer:
        ids = [
            app.send_task("bench.wait", (number,), queue=WAITING, producer=producer).id
            for number in range(tasks)
        ]
    app.close()
    return ids


def _one_by_one(url: str, folder: Path, ids: list[str]) -> float:
    """Seconds that one call of Flower's takes to revoke a task."""
    flower = Flower(url, folder)
    client = Client(flower.port)
    try:
        some = ids[:_FLOWER_CALLS]
        begun = time.monotonic()
        for each in some:
            client.post(f"/api/task/revoke/{each}", {})
        return (time.monotonic() - begun) / len(some)
    finally:
        client.close()
        flower.stop()


def _known_to_worker(url: str) -> int:
    app = application(url)
    answers = app.control.inspect(timeout=5.0).revoked() or {}
    app.close()
    return sum(len(each) for each in answers.values())


@contextlib.contextmanager
def _worker(url: str, folder: Path) -> Iterator[None]:
    """A worker that hears of revocations and has nothing to do."""
    log = folder / "worker.log"
    command = [
        *(sys.executable, "-m", "celery", "-A", "bench.application", "worker", "-E"),
        *("-Q", "bench.idle", "-c", "1", "-l", "INFO", "--without-gossip", "--without-mingle"),
    ]
    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    process = start(command, log, {BROKER: url, "PYTHONPATH": paths})
    try:
        _until(lambda: " ready." in log.read_text())
        yield
    finally:
        stop(process)
        log.unlink()


def _until(probe: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not probe():
        if time.monotonic() > deadline:
            raise SystemExit("The bench waited in vain; see the logs under bench/.cache.")
        time.sleep(0.02)


def table(found: list[Revoked]) -> Table:
    head = (
        *("", "plan", "until the report is complete", "memory grew by", "revoked, by the report"),
        *("known to the worker", "one by one with Flower", "ratio"),
    )
    rows = tuple(
        (
            f"Umbel, {one.broker}",
            f"{one.plan_s:.2f} s",
            f"{one.done_s:.2f} s",
            megabytes(one.grown),
            f"{one.reported:,}",
            f"{one.known_to_worker:,}",
            f"{one.flower_s:.0f} s",
            f"{one.flower_s / one.done_s:.0f} times",
        )
        for one in found
    )
    note = (
        f"Flower revokes a task a call; its figure is that of {_FLOWER_CALLS} calls, multiplied. "
        "The memory is that of web process and collector together."
    )
    return Table(f"{found[0].tasks:,} waiting tasks, one action by a query", head, rows, (note,))


def verdicts(found: list[Revoked]) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            f"{one.tasks:,} tasks revoked by a query ({one.broker})",
            f"under {SECONDS:.0f} s, complete",
            f"{one.done_s:.2f} s, {one.known_to_worker:,} known to the worker",
            one.done_s < SECONDS and one.reported == one.known_to_worker == one.tasks,
        )
        for one in found
    )

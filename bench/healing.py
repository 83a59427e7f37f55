"""What healing costs: tasks whose ends were never heard, and a result backend that knows them."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any, Final, NamedTuple

import redis

from bench.application import application
from bench.brokers import Broker
from bench.client import Client
from bench.processes import cpu_s, memory
from bench.report import Table, Verdict, megabytes
from bench.subject_umbel import Umbel

#: `healing.lookups`, the default.
LOOKUPS_MAX: Final = 1_000
#: Of one core, at most so much while it heals.
CORE_SHARE: Final = 0.5
_WORKER: Final = "gone@bench"
_PATIENCE_S: Final = 300.0
_IDLE_S: Final = 5.0


class Healed(NamedTuple):
    """So many tasks, in how many seconds, with how many look-ups, by how many seconds of CPU of
    server and collector, and so many bytes more. `idle` is CPU a second before."""

    tasks: int
    seconds: float
    lookups: int
    cpu_s: float
    grown: int
    idle: float


def heal(broker: Broker, folder: Path, *, tasks: int) -> Healed:
    """Tell of tasks that begin and of their worker that goes; the backend has all results."""
    with broker() as url:
        ids = [str(uuid.uuid4()) for _ in range(tasks)]
        backend = url.removesuffix("/0") + "/1"
        umbel = Umbel(url, folder, options=(f"--result-backend={backend}",))
        client = Client(umbel.port)
        pid = umbel.process.pid
        try:
            before_s = cpu_s(pid)
            time.sleep(_IDLE_S)
            idle = (cpu_s(pid) - before_s) / _IDLE_S
            _begin(url, ids)
            _until(lambda: _count(client, "state:STARTED") == tasks)
            _keep_results(backend, ids)
            resident = memory(pid).resident
            lookups = _healing(client)["lookups"]
            cpu, begun = cpu_s(pid), time.monotonic()
            _end_worker(url)
            _until(lambda: _count(client, "state:SUCCESS") == tasks)
            seconds = time.monotonic() - begun
            return Healed(
                *(tasks, seconds, _healing(client)["lookups"] - lookups, cpu_s(pid) - cpu),
                *(memory(pid).resident - resident, idle),
            )
        finally:
            client.close()
            umbel.stop()


def _begin(url: str, ids: list[str]) -> None:
    app = application(url)
    with app.connection_for_write() as connection:
        sender = app.events.Dispatcher(connection, hostname=_WORKER, buffer_group={"task"})
        sender.send("worker-online")
        for number, each in enumerate(ids):
            sender.send("task-received", uuid=each, name="shop.pay", retries=0)
            sender.send("task-started", uuid=each)
            if number % 500 == 499:
                sender.flush()
        sender.flush()
        sender.close()
    app.close()


def _end_worker(url: str) -> None:
    app = application(url)
    with app.connection_for_write() as connection:
        sender = app.events.Dispatcher(connection, hostname=_WORKER)
        sender.send("worker-offline")
        sender.close()
    app.close()


def _keep_results(backend: str, ids: list[str]) -> None:
    meta = {"status": "SUCCESS", "result": 42, "traceback": None, "children": []}
    with redis.Redis.from_url(backend) as client, client.pipeline(transaction=False) as pipe:
        for each in ids:
            pipe.set(f"celery-task-meta-{each}", json.dumps(meta | {"task_id": each}))
        pipe.execute()


def _count(client: Client, q: str) -> int:
    return int(client.get("/api/v1/tasks/count", q=q, cap=1_000_000).json()["total"])


def _healing(client: Client) -> dict[str, Any]:
    collectors = client.get("/api/v1/status").json()["collectors"]
    return dict(next(each["healing"] for each in collectors if not each["ended"]))


def _until(probe: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not probe():
        if time.monotonic() > deadline:
            raise SystemExit("The bench waited in vain; see the logs under bench/.cache.")
        time.sleep(0.2)


def table(found: Healed) -> Table:
    row = (
        f"{found.seconds:.1f} s",
        f"{found.lookups:,}",
        f"{found.lookups / found.seconds:,.0f}",
        f"{found.cpu_s / found.tasks * 1e6:.0f} ms",
        f"{found.cpu_s / found.seconds:.0%} of a core",
        f"{found.idle:.0%} of a core",
        megabytes(found.grown),
    )
    head = (
        *("until all are healed", "look-ups", "a second", "CPU per 1,000 tasks"),
        *("CPU meanwhile", "CPU before", "memory grew by"),
    )
    note = (
        "The worker of all these tasks says goodbye, so that each is in doubt. Results come from "
        "Redis, 500 with a question. CPU and memory are those of server and collector together."
    )
    return Table(f"{found.tasks:,} tasks whose ends nobody heard", head, (row,), (note,))


def verdicts(found: Healed) -> tuple[Verdict, ...]:
    rate, share = found.lookups / found.seconds, found.cpu_s / found.seconds
    return (
        Verdict(
            promise="look-ups a second while it heals",
            asked=f"at most {LOOKUPS_MAX:,} (`healing.lookups`)",
            measured=f"{rate:,.0f}",
            kept=rate <= LOOKUPS_MAX,
        ),
        Verdict(
            promise="CPU while it heals",
            asked=f"at most {CORE_SHARE:.0%} of a core",
            measured=f"{share:.0%}",
            kept=share <= CORE_SHARE,
        ),
    )

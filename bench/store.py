"""Fill a store with tasks, and time what people ask of it.

    python -m bench.store /tmp/bench-store --tasks 1000000 [--live 1000]

Prints the rate and the CPU time of `apply`, bytes a task, and latencies of typical
questions; with `--live`, those while so many tasks a second come in from another process.
A directory that is already filled is only asked.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from umbel.cluster.events import Event
from umbel.query.ast import EVERYTHING, And, Argument, Between, During, How, Matches, Moment, Words
from umbel.store.base import Order
from umbel.store.sqlite import SqliteStore

APPS = ("orders", "mail", "stock", "billing", "images", "search")
DEEDS = ("create", "update", "send", "sync", "cleanup", "resize", "charge", "index")
NAMES = [f"shop.{app}.{deed}" for app in APPS for deed in DEEDS]
WORKERS = [f"celery@worker-{number}.{region}" for number in range(10) for region in ("eu", "us")]
QUEUES = ("celery", "mail", "images", "bulk")
BATCH_TASKS = 1_250


class Cluster:
    """Makes the events of lifelike tasks, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def task(self, at: float) -> Iterator[Event]:
        """The events of one task that was sent at `at`."""
        draw = self._random
        uuid, worker = self._id(), draw.choice(WORKERS)
        name = NAMES[min(len(NAMES) - 1, int(draw.expovariate(0.15)))]
        queue = draw.choice(QUEUES)
        args = f"({draw.randrange(10**6)}, 'user{draw.randrange(50_000)}@example.com')"
        kwargs = (
            f"{{'order_id': {draw.randrange(10**7)}, 'token': '{self._id()[:18]}', 'items': "
            f"[{draw.randrange(1000)}, {draw.randrange(1000)}], 'note': 'to the front door'}}"
        )
        runtime, clock = draw.expovariate(2), draw.randrange(10**6)
        sent = Event(
            type="task-sent", timestamp=at, hostname=f"gen{draw.randrange(8)}@web-1", uuid=uuid,
            pid=100, clock=clock, name=name, args=args, kwargs=kwargs, retries=0, root_id=uuid,
            queue=queue, exchange="", routing_key=queue,
        )  # fmt: skip
        received = Event(
            type="task-received", timestamp=at + 0.002, hostname=worker, uuid=uuid, pid=1000,
            clock=clock + 1, name=name, args=args, kwargs=kwargs, retries=0, root_id=uuid,
        )  # fmt: skip
        started = Event(
            type="task-started", timestamp=at + 0.01, hostname=worker, uuid=uuid, pid=1004,
            clock=clock + 2,
        )  # fmt: skip
        yield from (sent, received, started)
        end = draw.random()
        if end < 0.96:
            yield Event(
                type="task-succeeded", timestamp=at + 0.01 + runtime, hostname=worker, uuid=uuid,
                pid=1004, clock=clock + 3, result=f"{{'ok': True, 'ref': '{self._id()[:8]}'}}",
                runtime=runtime,
            )  # fmt: skip
        elif end < 0.99:
            yield Event(
                type="task-failed", timestamp=at + 0.01 + runtime, hostname=worker, uuid=uuid,
                pid=1004, clock=clock + 3, exception=f"ValueError('bad order {clock}')",
                traceback="Traceback (most recent call last):\n  File \"/app/tasks.py\", line "
                f"{draw.randrange(300)}, in run\n    raise ValueError()\nValueError: bad order\n",
            )  # fmt: skip

    def batch(self, at: float, tasks: int, spacing_s: float) -> list[Event]:
        """The events of `tasks` tasks from `at` on."""
        return [event for number in range(tasks) for event in self.task(at + number * spacing_s)]


def fill(directory: Path, tasks: int, partition_tasks: int, *, index: bool) -> None:
    """Apply `tasks` tasks of the last hours, and print what it took."""
    cluster = Cluster(tasks)
    store = SqliteStore(directory, write=True, partition_tasks=partition_tasks, index=index)
    begun = time.time() - tasks / 500
    events, spent_s, cpu_s = 0, 0.0, 0.0
    for first in range(0, tasks, BATCH_TASKS):
        batch = cluster.batch(begun + first / 500, min(BATCH_TASKS, tasks - first), 1 / 500)
        cpu, clock = time.thread_time(), time.perf_counter()
        store.apply(batch)
        spent_s += time.perf_counter() - clock
        cpu_s += time.thread_time() - cpu
        events += len(batch)
    print(f"apply: {events / spent_s:,.0f} events/s, {1e6 * cpu_s / events:.1f} us CPU an event")
    clock = time.perf_counter()
    while index and store.status().unindexed > 100:
        time.sleep(0.1)
    print(f"index caught up after {time.perf_counter() - clock:.1f} s more")
    status = store.status()
    print(f"{status.tasks:,} tasks, {status.size_bytes / status.tasks:.0f} bytes a task")
    store.close()


def questions(store: SqliteStore, now: float) -> dict[str, Callable[[], object]]:
    """Typical questions, by name."""
    some = store.search(EVERYTHING, now=now, limit=200).items
    old = store.search(EVERYTHING, now=now, order=Order("seen", descending=False)).items
    rare, common, worker = NAMES[-1], NAMES[0], WORKERS[3]
    token = (old[7].kwargs or "")[40:50]

    def page(*parts: object, order: Order | None = None) -> Callable[[], object]:
        query = And(parts)  # type: ignore[arg-type]
        return lambda: store.search(query, now=now, order=order or Order())

    def equals(field: str, *values: str) -> Matches:
        return Matches(field, How.EQUALS, values)

    hour = During("received", Moment(relative=-3_600), None)
    return {
        "task by id, new": lambda: store.task(some[0].uuid),
        "task by id, old": lambda: store.task(old[0].uuid),
        "task by id, unknown": lambda: store.task("00000000-0000-4000-8000-000000000000"),
        "newest 50": page(),
        "state:FAILURE": page(equals("state", "FAILURE")),
        "state:SUCCESS": page(equals("state", "SUCCESS")),
        "state:STARTED": page(equals("state", "STARTED")),
        "common name": page(equals("name", common)),
        "rare name": page(equals("name", rare)),
        "rare name, FAILURE": page(equals("name", rare), equals("state", "FAILURE")),
        "rare name, worker": page(equals("name", rare), equals("worker", worker)),
        "name:*.index": page(Matches("name", How.GLOB, ("*.index",))),
        "worker": page(equals("worker", worker)),
        "worker, FAILURE, 1 h": page(equals("worker", worker), equals("state", "FAILURE"), hour),
        "received 1 h ago": page(During("received", None, Moment(relative=-3_600))),
        "runtime:>6s": page(Between("runtime", low=6.0)),
        "runtime:>100s (none)": page(Between("runtime", low=100.0)),
        "retries:>=3 (none)": page(Between("retries", low=3)),
        "queue, FAILURE": page(equals("queue", "mail"), equals("state", "FAILURE")),
        "text: common": page(Words("front door")),
        "text: rare hex": page(Words(token)),
        "text: none": page(Words("nothing has this in it")),
        "text: an id": page(Words(old[3].uuid)),
        "text: two letters": page(Words("zq")),
        "text and FAILURE": page(Words("bad order 77"), equals("state", "FAILURE")),
        "args.order_id": page(Argument("order_id", (old[5].kwargs or "")[13:20].strip(",' "))),
        "exception:bad order 1234": page(Matches("exception", How.CONTAINS, ("order 1234",))),
        "order -runtime": page(order=Order("runtime")),
        "order -received": page(order=Order("received")),
        "order name": page(order=Order("name", descending=False)),
        "order -runtime, FAILURE": page(equals("state", "FAILURE"), order=Order("runtime")),
        "count": lambda: store.count(EVERYTHING, now=now),
        "count by state": lambda: store.count(EVERYTHING, now=now, by="state"),
        "count FAILURE": lambda: store.count(equals("state", "FAILURE"), now=now),
        "chart of counts, 24 h": lambda: store.series(
            EVERYTHING, now=now, measure="count", start=now - 86_400, end=now, bucket_s=300
        ),
        "chart of runtimes, a name": lambda: store.series(
            equals("name", common), now=now, measure="runtime", start=now - 86_400, end=now,
            bucket_s=300,
        ),
        "suggest name": lambda: store.suggest("name", "shop"),
        "status": store.status,
        "follow": lambda: store.follow(max(0, store.status().seq - 500)),
    }  # fmt: skip


def ask(directory: Path, rounds: int) -> None:
    """Time each question and print it, milliseconds."""
    store = SqliteStore(directory, write=False)
    now = time.time()
    asked = questions(store, now)
    first: dict[str, float] = {}
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, question in asked.items():
            begun = time.perf_counter()
            question()
            took = 1e3 * (time.perf_counter() - begun)
            first.setdefault(name, took)
            times[name].append(took)
    print(f"{'':28}{'first':>9}{'p50':>9}{'p95':>9}  ms")
    for name, taken in times.items():
        taken.sort()
        p95 = taken[min(len(taken) - 1, int(0.95 * len(taken)))]
        print(f"{name:28}{first[name]:9.1f}{statistics.median(taken):9.1f}{p95:9.1f}")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"resident at most {peak_mib:.0f} MiB")
    store.close()


def live(directory: Path, tasks_a_second: int, partition_tasks: int) -> None:
    """Apply so many new tasks a second until the process is killed."""
    cluster = Cluster(int(time.time()))
    store = SqliteStore(directory, write=True, partition_tasks=partition_tasks)
    print("ready", flush=True)
    due = time.monotonic()
    while True:
        store.apply(cluster.batch(time.time() - 0.5, tasks_a_second // 4, 0.001))
        due += 0.25
        if (rest := due - time.monotonic()) > 0:
            time.sleep(rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--partition-tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--live", type=int, default=0, metavar="TASKS_A_SECOND")
    parser.add_argument("--no-index", action="store_true")
    parser.add_argument("--as-writer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.as_writer:
        live(asked.directory, asked.live, asked.partition_tasks)
    if not (asked.directory / "umbel.db").exists():
        fill(asked.directory, asked.tasks, asked.partition_tasks, index=not asked.no_index)
    if not asked.live:
        ask(asked.directory, asked.rounds)
        return
    writer = subprocess.Popen(
        [sys.executable, "-m", "bench.store", *sys.argv[1:], "--as-writer"], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    try:
        ask(asked.directory, asked.rounds)
    finally:
        writer.kill()
        writer.wait()


if __name__ == "__main__":
    main()

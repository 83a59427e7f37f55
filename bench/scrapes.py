"""What a scrape of `/metrics` costs where a cluster is large: seconds, memory and size.

python -m bench.scrapes DIRECTORY

A history of 5,000 workers and 200 names of tasks, of which each worker has run every one: more
than are told apart, so that every bound is reached. All workers are online, and half of them have a
task waiting. It is read in a process of its own, as a server does it. Times are of the processor,
since a scrape that waits for others costs no more; memory is the most that Python holds at once
while a scrape is answered, the answer included.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Final, NamedTuple

from bench.report import CACHE, Table, Verdict, megabytes
from umbel.cluster.events import Event
from umbel.composition import services_over
from umbel.services.ingest.metric_counter import MetricCounter
from umbel.settings import Settings
from umbel.store.base import CollectorStatus
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.sqlite import SqliteStore
from umbel.web.metrics.answer import families
from umbel.web.metrics.exposition import exposition
from umbel.web.metrics.scrape import scrape

WORKERS: Final = 5_000
NAMES: Final = 200
SCRAPES: Final = 9
#: What a scrape may take, seconds and bytes.
SECONDS_MAX: Final = 0.3
BYTES_MAX: Final = 30e6


class Cost(NamedTuple):
    """The median and the longest of all scrapes but the first, and the first, seconds; the most
    memory and the size of the answer, bytes; and how many samples it has."""

    median_s: float
    longest_s: float
    first_s: float
    memory: int
    size: int
    samples: int


def measured() -> Cost:
    """In a new process, over a history that is made if it is not there."""
    command = [sys.executable, "-m", "bench.scrapes", str(_filled())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout))


def table(found: Cost) -> Table:
    return Table(
        f"`/metrics` with {WORKERS:,} workers x {NAMES} names",
        ("median", "longest", "first", "memory, at most", "answer", "samples"),
        ((
            f"{1e3 * found.median_s:.0f} ms",
            f"{1e3 * found.longest_s:.0f} ms",
            f"{1e3 * found.first_s:.0f} ms",
            megabytes(found.memory),
            megabytes(found.size),
            f"{found.samples:,}",
        ),),
        ("Times are of the processor; memory is the most at once, with the answer.",),
    )  # fmt: skip


def verdict(found: Cost) -> Verdict:
    return Verdict(
        f"A scrape of {WORKERS:,} workers x {NAMES} names",
        f"under {1e3 * SECONDS_MAX:.0f} ms and {megabytes(int(BYTES_MAX))}",
        f"{1e3 * found.median_s:.0f} ms, {megabytes(found.memory)}",
        found.median_s < SECONDS_MAX and found.memory < BYTES_MAX,
    )


def _filled() -> Path:
    home = CACHE / f"scrapes-{WORKERS}-{NAMES}"
    done = home / "done"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        store = SqliteStore(home / "data", write=True, index=False)
        _tell(store)
        store.close()
        done.touch()
    return home / "data"


def _tell(store: SqliteStore) -> None:
    now = time.time()
    workers = [f"worker-{number}@host-{number}" for number in range(WORKERS)]
    counter = MetricCounter(store.task)
    for number, worker in enumerate(workers):
        events = [
            each
            for name in range(NAMES)
            for each in _life(f"{number}-{name}", f"shop.orders.task_{name}", worker, now)
        ]
        counter.count(events, 1.0, now)
    status = CollectorStatus(
        collector="bench", pid=1, started=now, at=now, broker="connected", broker_url="",
        transport="redis", connected_since=now,
    )  # fmt: skip
    store.report(status)
    store.keep_metric_counts(counter.metric_counts("bench", now))
    beats = [
        Event(type="worker-heartbeat", timestamp=now, hostname=worker, freq=1e6, active=3)
        for worker in workers
    ]
    waiting = [
        _life(f"waiting-{number}", f"shop.orders.task_{number % NAMES}", worker, now)[1]
        for number, worker in enumerate(workers[::2])
    ]
    store.apply([*beats, *waiting])


def _life(uuid: str, name: str, worker: str, now: float) -> list[Event]:
    def event(kind: str, host: str, **more: object) -> Event:
        return Event(type=kind, timestamp=now, hostname=host, uuid=uuid, **more)  # type: ignore[arg-type]

    return [
        event("task-sent", "gen1@web", name=name, queue="orders"),
        event("task-received", worker, name=name),
        event("task-started", worker),
        event("task-succeeded", worker, runtime=0.3),
    ]


def _scrape(directory: Path) -> Cost:
    store = SqliteStore(directory, write=False)
    services = services_over(store, MemoryLedger(), Settings(data=directory))
    times = []
    for _ in range(SCRAPES + 1):
        began = time.process_time()
        exposition(families(scrape(services)))
        times.append(time.process_time() - began)
    tracemalloc.start()
    body = exposition(families(scrape(services)))
    _, memory = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    services.close()
    text = bytes(body)
    samples = text.count(b"\n") - text.count(b"\n#")
    first, *others = times
    others.sort()
    return Cost(others[len(others) // 2], others[-1], first, memory, len(text), samples)


if __name__ == "__main__":
    print(json.dumps(_scrape(Path(sys.argv[1]))))

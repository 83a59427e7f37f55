"""What watching costs the watched: tasks that a worker runs in a second with and without Umbel,
turn by turn on the same machine."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from bench.application import BROKER, STAMP, application
from bench.brokers import Broker
from bench.client import Client
from bench.processes import stop
from bench.report import Table, Verdict, spread
from bench.subject import start
from bench.subject_umbel import Umbel

#: At most so much less than without.
SHARE: Final = 0.1
_PATIENCE_S: Final = 180.0
#: A page of workers and one of queues are open, and ask so often, seconds.
_LOOK_S: Final = 2.0

Rates = dict[str, list[float]]


def turns(brokers: dict[str, Broker], folder: Path, *, tasks: int, rounds: int) -> dict[str, Rates]:
    """By broker, then by `alone` and `watched`: tasks a second, once a round."""
    found: dict[str, Rates] = {name: {"alone": [], "watched": []} for name in brokers}
    for turn in range(2 * rounds):
        for name, broker in brokers.items():
            # Each is the first of a pair as often as the other.
            is_watched = turn % 4 in {1, 2}
            rate = _rate(broker, folder, tasks, is_watched=is_watched)
            found[name]["watched" if is_watched else "alone"].append(rate)
            print(f"  {'watched' if is_watched else 'alone'} on {name}: {rate:,.0f} tasks/s")
    return found


def _rate(broker: Broker, folder: Path, tasks: int, *, is_watched: bool) -> float:
    """Tasks a second between the first and the last, by the worker's own clock."""
    stamps = folder / "stamps"
    with broker() as url:
        _send(url, tasks)
        umbel = Umbel(url, folder) if is_watched else None
        try:
            with _worker(url, folder, stamps), _looked_at(umbel):
                deadline = time.monotonic() + _PATIENCE_S
                while not (stamps.exists() and stamps.read_text().count("\n") == 2):
                    if time.monotonic() > deadline:
                        raise SystemExit("The worker did not end its tasks; see bench/.cache.")
                    time.sleep(0.05)
            first, last = map(float, stamps.read_text().split())
        finally:
            stamps.unlink(missing_ok=True)
            if umbel is not None:
                umbel.stop()
    return tasks / (last - first)


def _send(url: str, tasks: int) -> None:
    app = application(url)
    with app.producer_pool.acquire() as producer:
        for number in range(tasks):
            name = STAMP if number in {0, tasks - 1} else "bench.nothing"
            app.send_task(name, (), queue="celery", producer=producer)
    app.close()


@contextmanager
def _worker(url: str, folder: Path, stamps: Path) -> Iterator[None]:
    """One process that runs one task after the other, and tells of them in either case."""
    command = [
        *(sys.executable, "-m", "celery", "-A", "bench.application", "worker", "-E"),
        *("-P", "solo", "-l", "WARNING"),
    ]
    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = {BROKER: url, "PYTHONPATH": paths, "BENCH_STAMPS": str(stamps)}
    process = start(command, folder / "worker.log", environment)
    try:
        yield
    finally:
        stop(process)


@contextmanager
def _looked_at(umbel: Umbel | None) -> Iterator[None]:
    if umbel is None:
        yield
        return
    stopping = threading.Event()

    def look() -> None:
        client: Any = Client(umbel.port)
        while not stopping.wait(_LOOK_S):
            for path in ("workers", "queues", "tasks", "health"):
                with suppress(OSError):
                    client.get(f"/api/v1/{path}")
        client.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def table(found: dict[str, Rates], tasks: int) -> Table:
    rows = tuple(
        (
            name,
            spread(rates["alone"], "tasks/s", 0),
            spread(rates["watched"], "tasks/s", 0),
            f"{_ratio(rates):.3f}",
        )
        for name, rates in found.items()
    )
    note = (
        "One worker with the pool `solo` runs tasks that do nothing and tells of each, which is "
        "the most that a worker can be slowed down by. Umbel, with pages of workers, queues and "
        "tasks that ask every two seconds, shares the machine's two cores with the worker and the "
        "broker; without it nobody listens to the same events."
    )
    return Table(
        f"{tasks:,} tasks of a worker, in turns", ("", "alone", "watched", "ratio"), rows, (note,)
    )


def _ratio(rates: Rates) -> float:
    """By the best of each, which noise cannot raise."""
    return max(rates["watched"]) / max(rates["alone"])


def verdicts(found: dict[str, Rates]) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            promise=f"tasks a second of a worker that is watched ({name})",
            asked=f"at least {1 - SHARE:.0%} of what it runs alone",
            measured=f"{_ratio(rates):.1%}",
            kept=_ratio(rates) >= 1 - SHARE,
        )
        for name, rates in found.items()
    )

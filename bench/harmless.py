"""What watching costs the watched: CPU that a worker takes for a task with and without Umbel, turn
by turn on the same machine.

How many tasks it runs in a second depends on what else the two cores do, Umbel among it, and swings
with it by a third; it is told beside, and judged is what the worker itself takes.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.application import BROKER, STAMP, application
from bench.brokers import Broker
from bench.client import Client
from bench.processes import stop
from bench.report import Table, Verdict, spread
from bench.subject import start
from bench.subject_umbel import Umbel

#: At most so much more than without.
SHARE: Final = 0.1
_PATIENCE_S: Final = 180.0
#: A page of workers and one of queues are open, and ask so often, seconds.
_LOOK_S: Final = 2.0


class Run(NamedTuple):
    """Tasks a second, and the worker's CPU for each, user and system, microseconds."""

    rate: float
    cpu_us: float


Runs = dict[str, list[Run]]


def turns(brokers: dict[str, Broker], folder: Path, *, tasks: int, rounds: int) -> dict[str, Runs]:
    """By broker, then by `alone` and `watched`: a run for each round."""
    found: dict[str, Runs] = {name: {"alone": [], "watched": []} for name in brokers}
    for turn in range(2 * rounds):
        for name, broker in brokers.items():
            # Each is the first of a pair as often as the other.
            is_watched = turn % 4 in {1, 2}
            run = _run(broker, folder, tasks, is_watched=is_watched)
            how = "watched" if is_watched else "alone"
            found[name][how].append(run)
            print(f"  {how} on {name}: {run.cpu_us:,.0f} us a task, {run.rate:,.0f} tasks/s")
    return found


def _run(broker: Broker, folder: Path, tasks: int, *, is_watched: bool) -> Run:
    """Between the first task and the last, by the worker's own clocks."""
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
            first, first_cpu, last, last_cpu = map(float, stamps.read_text().split())
        finally:
            stamps.unlink(missing_ok=True)
            if umbel is not None:
                umbel.stop()
    return Run(tasks / (last - first), (last_cpu - first_cpu) / tasks * 1e6)


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


def table(found: dict[str, Runs], tasks: int) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, runs in found.items():
        cpu, rate = _cpu(runs), _rates(runs)
        rows += [
            (
                f"{name}: the worker's CPU for a task",
                *(spread(values, "µs", 0) for values in cpu),
                f"{_ratio(runs):.3f}",
            ),
            (
                f"{name}: tasks a second",
                *(spread(values, "tasks/s", 0) for values in rate),
                f"{max(rate[1]) / max(rate[0]):.3f}",
            ),
        ]
    note = (
        "One worker with the pool `solo` runs tasks that do nothing and tells of each, which is "
        "the most that a worker can be slowed down by. Umbel, with pages of workers, queues and "
        "tasks that ask every two seconds, shares the machine's two cores with the worker and the "
        "broker, so tasks a second swing with what else runs there; CPU is user and system of the "
        "worker's process, between its first task and its last. Without Umbel nobody listens to "
        "the same events."
    )
    return Table(
        f"{tasks:,} tasks of a worker, in turns", ("", "alone", "watched", "ratio"), tuple(rows),
        (note,),
    )  # fmt: skip


def _cpu(runs: Runs) -> tuple[list[float], list[float]]:
    """Alone, and watched."""
    return [run.cpu_us for run in runs["alone"]], [run.cpu_us for run in runs["watched"]]


def _rates(runs: Runs) -> tuple[list[float], list[float]]:
    return [run.rate for run in runs["alone"]], [run.rate for run in runs["watched"]]


def _ratio(runs: Runs) -> float:
    """By the least CPU of each, which noise cannot lower."""
    alone, watched = _cpu(runs)
    return min(watched) / min(alone)


def verdicts(found: dict[str, Runs]) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            promise=f"CPU that a worker takes for a task while it is watched ({name})",
            asked=f"at most {1 + SHARE:.0%} of what it takes alone",
            measured=f"{_ratio(runs):.1%}",
            kept=_ratio(runs) <= 1 + SHARE,
        )
        for name, runs in found.items()
    )

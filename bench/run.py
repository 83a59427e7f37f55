"""The whole bench, or parts of it: `python -m bench [--quick] [--part PART ...]`.

    cost       CPU and memory at a rate that Umbel and Flower both hold
    sustained  30,000 events/s for a minute from Redis and from RabbitMQ
    stored     the same for Umbel with a history already stored
    overload   60,000 events/s: what is lost
    beside     the same searches in Umbel and Flower, on the same tasks
    searches   searches over a stored history while 4,000 events/s come in
    cold       the same from a cold file cache (needs root)
    actions    10,000 waiting tasks revoked by a query
    charts     charts and lists of a day and of 30 days
    listing    `iter_tasks` over a stored history
    readers    memory under readers who do not read
    pages      in a browser: until pages are drawn, script of changing rows, memory of an hour
    redaction  what hiding secrets costs
    scrapes    `/metrics` with 5,000 workers x 200 names
    stream     what the stream of events costs workers and Umbel
    harmless   CPU that a worker takes for a task with and without Umbel
    healing    20,000 tasks whose ends nobody heard

`--tasks` sets how large the history of `stored`, `searches`, `cold`, `listing` and `charts` is.
`make bench` runs all with a million tasks; ten million take most of an hour to fill (those of
`charts` some minutes) and are asked for:
`python -m bench --part searches --part cold --tasks 10000000`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import brokers, flower_env, report
from bench.parts import MEASURE, SIZED, Setting
from umbel import __version__


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="seconds and 50,000 tasks only")
    parser.add_argument(
        "--part", action="append", choices=tuple(MEASURE), help="only this (repeatable)"
    )
    parser.add_argument("--tasks", type=int, help="tasks in the stored history")
    parser.add_argument("--amqp", default="amqp://guest:guest@127.0.0.1:5672//")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    asked = _arguments(argv)
    flower_env.install()
    report.CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=report.CACHE) as home:
        folder = Path(home)
        found = brokers.available(folder, asked.amqp)
        tasks = asked.tasks or (50_000 if asked.quick else 1_000_000)
        at = Setting(found, folder, tasks, asked.quick)
        versions = ", ".join(brokers.version(broker) for broker in found.values())
        for name in asked.part or MEASURE:
            _measure(name, at, versions)
    if not asked.quick:
        print("written to bench/RESULTS.md")


def _measure(name: str, at: Setting, versions: str) -> None:
    print(f"{name} ...", flush=True)
    begun = time.monotonic()
    at_time, load = datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), os.getloadavg()[0]
    outcome = MEASURE[name](at)
    sized = name in SIZED
    command = f"python -m bench --part {name}"
    command += " --quick" if at.quick else ""
    command += f" --tasks {at.tasks}" if sized else ""
    part = report.Part(
        f"{name}-{at.tasks}" if sized else name,
        outcome.title,
        at_time,
        load,
        command,
        f"Umbel {__version__}, Flower {flower_env.VERSION}, {versions}",
        outcome.table,
        outcome.verdicts,
        at.quick,
        report.machine(),
    )
    if at.quick:  # too short and small to be kept
        print(report.page([part]))
    else:
        report.keep(part)
    print(f"{name}: {time.monotonic() - begun:.0f} s\n", flush=True)

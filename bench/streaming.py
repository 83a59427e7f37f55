"""What the stream of events costs: Celery's dispatcher without and with it, and an Umbel that hears
such events, or reads them after it was away; and what log lines cost. Turn by turn, each turn on a
new Redis."""

from __future__ import annotations

import logging
import os
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from celery import Celery

from bench.brokers import Broker
from bench.processes import cpu_s
from bench.report import Table, Verdict, spread
from bench.subject_umbel import Umbel
from umbel.worker.task_log import RunLog
from umbel.worker.task_log_handler import TaskLogHandler, running
from umbel.worker.task_log_sender import TaskLogSender
from umbel.worker.task_logs import publish

#: Messages of one event each, as most of a worker's are: those of a turn, and before it counts.
MESSAGES: Final = 10_000
WARM_UP: Final = 500
#: At most so much more CPU than the publish alone.
SHARE: Final = 0.1
#: How many lines each task logs.
LINES: Final = 100
_ALONE: Final = "published"
_STREAMED: Final = "published, and in the stream"
_LOGGED: Final = "log lines of tasks, a line"
_WAIT_S: Final = 120.0
_STREAM: Final = "umbel.worker:StreamEvents"
_EVENT: Final[dict[str, Any]] = {
    "name": "shop.orders.place",
    "args": "(4711, 'a customer of the shop')",
    "kwargs": "{'express': True, 'note': 'leave it with the neighbours'}",
    "retries": 0,
    "root_id": "8c6c9f9c-1b1e-4c43-9a35-5e6c4d0a9f10",
}


class Costs(msgspec.Struct):
    """Of each turn, microseconds for a message: CPU and clock of the sender, CPU of an Umbel."""

    sender_us: list[float] = []
    clock_us: list[float] = []
    heard_us: list[float] = []
    missed_us: list[float] = []


def turns(broker: Broker, folder: Path, rounds: int) -> dict[str, Costs]:
    """What publishing alone costs, and with the stream."""
    found = {_ALONE: Costs(), _STREAMED: Costs(), _LOGGED: Costs()}
    for _ in range(rounds):
        for name, events in ((_ALONE, None), (_STREAMED, _STREAM)):
            costs = found[name]
            with broker() as url:
                app = Celery(broker=url, events=events, set_as_current=False)
                umbel = Umbel(url, folder)
                before_s = cpu_s(umbel.process.pid)
                cpu_us, clock_us = _send(app)
                costs.sender_us.append(cpu_us)
                costs.clock_us.append(clock_us)
                _await(umbel, MESSAGES + WARM_UP)
                costs.heard_us.append(_us(cpu_s(umbel.process.pid) - before_s))
                umbel.stop()
                if events is not None:
                    # One with an empty history reads all that the stream has.
                    late = Umbel(url, folder)
                    _await(late, MESSAGES + WARM_UP)
                    costs.missed_us.append(_us(cpu_s(late.process.pid)))
                    late.stop()
        _log_turn(broker, folder, found[_LOGGED])
    return found


def _log_turn(broker: Broker, folder: Path, costs: Costs) -> None:
    with broker() as url:
        app = Celery(broker=url, events=_STREAM, set_as_current=False)
        umbel = Umbel(url, folder)
        before_s = cpu_s(umbel.process.pid)
        cpu_us, clock_us = _log(app)
        costs.sender_us.append(cpu_us)
        costs.clock_us.append(clock_us)
        _await(umbel, MESSAGES // LINES, "log-")
        costs.heard_us.append(_us(cpu_s(umbel.process.pid) - before_s))
        umbel.stop()


def table(found: dict[str, Costs]) -> Table:
    rows = tuple(
        (
            name,
            spread(costs.sender_us, "us", 0),
            spread(costs.clock_us, "us", 0),
            spread(costs.heard_us, "us", 0),
            spread(costs.missed_us, "us", 0) if costs.missed_us else "cannot be read",
        )
        for name, costs in found.items()
    )
    return Table(
        f"{MESSAGES:,} messages of one event, one after another",
        (
            "events are",
            "CPU of a worker or sender, a message",
            "time until Redis has it",
            "CPU of Umbel that hears it",
            "CPU of Umbel that was away",
        ),
        rows,
        (
            "The last column has the start of Umbel in it.",
            f"The last row is of {MESSAGES:,} lines of {MESSAGES // LINES} tasks: CPU with their "
            "sending, and for how long a task waits for each.",
        ),
    )


def verdict(found: dict[str, Costs]) -> Verdict:
    """By the least of each, which noise cannot lower."""
    alone, streamed = (min(found[name].sender_us) for name in (_ALONE, _STREAMED))
    return Verdict(
        promise="CPU of a worker for an event that goes to the stream as well",
        asked=f"at most {SHARE:.0%} more than published alone",
        measured=f"{streamed / alone - 1:+.1%}",
        kept=streamed / alone - 1 <= SHARE,
    )


def _send(app: Celery) -> tuple[float, float]:
    """Microseconds of CPU and of the clock for a message."""
    with app.connection_for_write() as connection:
        sender = app.events.Dispatcher(connection, hostname="w1@bench", buffer_while_offline=False)
        for number in range(WARM_UP):
            sender.send("task-received", uuid=f"w{number}", **_EVENT)
        cpu, clock = time.process_time(), time.perf_counter()
        for number in range(MESSAGES):
            sender.send("task-received", uuid=f"m{number}", **_EVENT)
        return _us(time.process_time() - cpu), _us(time.perf_counter() - clock)


def _log(app: Celery) -> tuple[float, float]:
    """Microseconds of CPU of the process for a line, and of the clock for the task that writes."""
    logger = logging.getLogger("bench.shop")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = TaskLogHandler(logging.INFO)
    logger.addHandler(handler)
    sender = TaskLogSender(partial(publish, app, "w1@bench"))
    publish(app, "w1@bench", [{"uuid": "warm-up", "retries": 0, "log_lines": [0, 1, 0, 0, []]}])
    runs: list[RunLog] = []
    cpu, waited_s = time.process_time(), 0.0
    for number in range(MESSAGES // LINES):
        run = RunLog(f"l{number}", 0, time.time(), os.getpid(), lines_max=1_000, max_bytes=262_144)
        runs.append(run)
        begun = time.perf_counter()
        sender.begin(run)
        running.set(run)
        for line in range(LINES):
            logger.info("order %d: line %d of %d was taken from the shelf", number, line, LINES)
        running.set(None)
        sender.end(run)
        waited_s += time.perf_counter() - begun
    while not all(run.is_sent for run in runs):
        time.sleep(0.05)
    sender.close()
    logger.removeHandler(handler)
    return _us(time.process_time() - cpu), _us(waited_s)


def _us(seconds: float) -> float:
    return seconds / MESSAGES * 1e6


def _await(umbel: Umbel, events: int, beginning: str = "task-") -> None:
    until = time.monotonic() + _WAIT_S
    while umbel.events(beginning) < events:
        if time.monotonic() > until:
            raise TimeoutError(f"Umbel has {umbel.events(beginning):,} of {events:,} events.")
        time.sleep(0.5)

"""What the stream of events costs: Celery's dispatcher without and with it, and an Umbel that hears
such events, or reads them after it was away. Turn by turn, each turn on a new Redis."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import msgspec
from celery import Celery

from bench.brokers import Broker
from bench.processes import cpu_s
from bench.report import Table, Verdict, spread
from bench.subject_umbel import Umbel

#: Messages of one event each, as most of a worker's are: those of a turn, and before it counts.
MESSAGES: Final = 10_000
WARM_UP: Final = 500
#: At most so much more CPU than the publish alone.
SHARE: Final = 0.1
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
    found = {"published": Costs(), "published, and in the stream": Costs()}
    for _ in range(rounds):
        for costs, events in zip(found.values(), (None, _STREAM), strict=True):
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
    return found


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
        ("The last column has the start of Umbel in it.",),
    )


def verdict(found: dict[str, Costs]) -> Verdict:
    """By the least of each, which noise cannot lower."""
    alone, streamed = (min(costs.sender_us) for costs in found.values())
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


def _us(seconds: float) -> float:
    return seconds / MESSAGES * 1e6


def _await(umbel: Umbel, tasks: int) -> None:
    until = time.monotonic() + _WAIT_S
    while umbel.events() < tasks:
        if time.monotonic() > until:
            raise TimeoutError(f"Umbel has {umbel.events():,} of {tasks:,} tasks.")
        time.sleep(0.5)

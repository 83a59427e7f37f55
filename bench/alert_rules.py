"""What judging 200 rules of alerts costs, each turn, where a million tasks are stored.

python -m bench.alert_rules DIRECTORY LAST

Rules of every kind stand over the names, queues and workers that the history has: half of them
about a name each, so that few questions are alike, and the other half as people write them, many
about the same. They are judged by one evaluator without a bound of time, so that all are judged in
each turn; times are of the processor, of turns after the first.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, Never

from bench.lifecycles import NAMES
from bench.report import Table, Verdict
from umbel.broker.lazy import LazyCluster
from umbel.errors import BrokerUnreachable
from umbel.results.lazy import LazyResults
from umbel.services.alerts.alert_rules import rule_of_settings
from umbel.services.alerts.evaluator import AlertEvaluator
from umbel.services.alerts.readings import AlertReader, AlertSources
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.store.alerts import AlertRule, NewRule
from umbel.store.base import CollectorStatus
from umbel.store.opening import open_ledger
from umbel.store.sqlite import SqliteStore

RULES: Final = 200
TURNS: Final = 7
#: How often rules are judged, seconds, and which part of a processor that may take.
EVERY_S: Final = 10.0
PART_MAX: Final = 0.1
KINDS: Final = (
    "failure rate of {of} > 5 % over 10 min",
    "failures of {of} > 20 over 1 h",
    "p95 runtime of {of} > 30 s over 10 min",
    "p95 wait of {of} > 1 min over 1 h",
    "no success of {of} for 25 h",
    "count of state:STARTED started:..-1h {of} > 0",
    "new or reopened error of {of}",
    "no success of {of} by 06:00 Europe/Berlin",
)
#: Of these there are several each.
SHARED: Final = (
    "failure rate > 5 % over 10 min", "any critical finding", "any worker silent for 5 min",
    "new or reopened error", "online workers < 3", "finding queue-growing",
)  # fmt: skip


class Cost(NamedTuple):
    """The median and longest turn but the first, and the first, seconds of the processor; of the
    median by the clock; and how many rules were judged."""

    median_s: float
    longest_s: float
    first_s: float
    wall_s: float
    rules: int


class _Clock:
    """From a time on, at the pace of the machine, and put forward by a turn at a time."""

    def __init__(self, start: float) -> None:
        self._ahead_s = start - time.time()

    def now(self) -> float:
        return time.time() + self._ahead_s

    def monotonic(self) -> float:
        return time.monotonic()

    def forward(self, seconds: float) -> None:
        self._ahead_s += seconds


def measured(copy: Path, last: float) -> Cost:
    """In a new process, over the copy of a history that ends at `last` (Unix seconds)."""
    command = [sys.executable, "-m", "bench.alert_rules", str(copy), str(last)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout))


def table(found: Cost, tasks: int) -> Table:
    row = [f"{1e3 * each:.0f} ms" for each in found[:4]]
    return Table(
        f"{found.rules} rules, {tasks:,} tasks stored",
        ("median turn", "longest", "first", "median by the clock", "part of a processor"),
        ((*row, f"{100 * found.median_s / EVERY_S:.1f} %"),),
        (f"Times are of the processor but one; rules are judged every {EVERY_S:.0f} s.",),
    )


def verdict(found: Cost, tasks: int) -> Verdict:
    part = found.median_s / EVERY_S
    return Verdict(
        f"Judging {found.rules} rules, {tasks:,} tasks stored",
        f"under {100 * PART_MAX:.0f} % of a processor",
        f"{100 * part:.1f} %",
        part < PART_MAX,
    )


def rules(names: Sequence[str], workers: Sequence[str]) -> list[AlertRule]:
    """So many as there may be."""
    terms = [f"name:={name}" for name in names] + [f"worker:={name}" for name in workers]
    sentences = [
        KINDS[number % len(KINDS)].format(of=terms[number // len(KINDS) % len(terms)])
        for number in range(RULES // 2)
    ]
    sentences += [SHARED[number % len(SHARED)] for number in range(RULES - len(sentences))]
    return [
        rule_of_settings(f"rule-{number}", NewRule(name="", condition=sentence))
        for number, sentence in enumerate(sentences)
    ]


def _judged(data: Path, last: float) -> Cost:
    clock = _Clock(last)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteStore(data, write=True)) as writer,
        closing(SqliteStore(data, write=False)) as store,
        closing(open_ledger(folder)) as ledger,
    ):
        services = make_services(
            store, ledger, LazyCluster(_unreachable), LazyResults(_unreachable), clock
        )
        names = [name for name, *_ in NAMES]
        workers = [each.hostname for each in store.workers()]
        judged = rules(names, workers[: len(names)])
        evaluator = AlertEvaluator(_reader(services), ledger, clock, lambda: judged, math.inf)
        times = [_turn(evaluator, writer, clock) for _ in range(TURNS + 1)]
        services.close()
    (first, _), *others = times
    cpu = sorted(each for each, _ in others)
    wall = sorted(each for _, each in others)
    middle = len(others) // 2
    return Cost(cpu[middle], cpu[-1], first, wall[middle], len(judged))


def _reader(services: ClusterServices) -> AlertReader:
    return AlertReader(
        AlertSources(
            store=services.store,
            ledger=services.ledger,
            samples=services.samples,
            workers=services.workers,
            health=services.health,
            findings=services.health_findings,
            errors=services.errors,
            clock=services.clock,
            sample_every_s=EVERY_S,
        )
    )


def _turn(evaluator: AlertEvaluator, writer: SqliteStore, clock: _Clock) -> tuple[float, float]:
    """What a turn took of the processor and by the clock, seconds."""
    clock.forward(EVERY_S)
    now = clock.now()
    since = now - 30 * 86_400
    writer.report(
        CollectorStatus(
            collector="bench", pid=1, started=since, at=now, broker="connected", broker_url="",
            transport="redis", connected_since=since, heard_at=now,
        )
    )  # fmt: skip
    began, at = time.process_time(), time.perf_counter()
    evaluator.turn()
    return time.process_time() - began, time.perf_counter() - at


def _unreachable() -> Never:
    raise BrokerUnreachable("The bench has no broker.")


if __name__ == "__main__":
    print(json.dumps(_judged(Path(sys.argv[1]), float(sys.argv[2]))))

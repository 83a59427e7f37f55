"""The parts of the bench: each measures one question and gives its tables and verdicts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench import (
    actions,
    alert_rules,
    charts,
    harmless,
    healing,
    latency,
    listing,
    pages,
    readers,
    redaction,
    scrapes,
    streaming,
    tables,
    throughput,
)
from bench.brokers import Broker
from bench.fill import filled
from bench.report import Table, Verdict
from bench.trial import Load


class Setting(NamedTuple):
    """Where and how large a run is. `brokers` has at least `Redis`."""

    brokers: dict[str, Broker]
    folder: Path
    tasks: int
    quick: bool

    @property
    def redis(self) -> Broker:
        return self.brokers["Redis"]

    @property
    def seconds(self) -> float:
        return 5.0 if self.quick else tables.SECONDS


class Measured(NamedTuple):
    title: str
    table: Table
    verdicts: tuple[Verdict, ...] = ()


@contextmanager
def _copied(data: Path, folder: Path) -> Iterator[Path]:
    """A copy of a filled directory, so that the filled one stays as it was."""
    copy = folder / "copy"
    shutil.copytree(data, copy)
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


def cost(at: Setting) -> Measured:
    rounds, seconds = (1, 5.0) if at.quick else (3, 20.0)
    rate = 2_000.0
    found = throughput.turns(at.redis, at.folder, rate=rate, seconds=seconds, rounds=rounds)
    where = f"{rate:,.0f} events/s from Redis"
    table = tables.cost_table(f"{where} for {seconds:.0f} s, {rounds} turns each", found)
    return Measured("What an event costs", table, (tables.cost_verdict(found, where),))


def sustained(at: Setting) -> Measured:
    found = throughput.flood(at.brokers, at.folder, Load(tables.RATE, at.seconds))
    table = tables.flood_table(
        f"{tables.RATE:,.0f} events/s for {at.seconds:.0f} s, nothing stored", found
    )
    cost = tables.cost_verdicts(found, f"{tables.RATE:,.0f} events/s")
    return Measured("A sustained load", table, (*tables.sustained_verdicts(found), *cost))


def stored(at: Setting) -> Measured:
    data, _ = filled(at.tasks)
    load = Load(tables.RATE, at.seconds)
    found = throughput.flood(at.brokers, at.folder, load, stored=data, beside=False)
    title = f"{tables.RATE:,.0f} events/s for {at.seconds:.0f} s, {at.tasks:,} tasks stored"
    verdicts = tables.sustained_verdicts(found, f", {at.tasks:,} tasks stored")
    table = tables.flood_table(title, found)
    return Measured(f"A sustained load with {at.tasks:,} tasks stored", table, verdicts)


def overload(at: Setting) -> Measured:
    seconds = 3.0 if at.quick else 10.0
    found = throughput.flood(at.brokers, at.folder, Load(60_000.0, seconds))
    title = f"60,000 events/s for {seconds:.0f} s"
    return Measured("Overload", tables.flood_table(title, found))


def beside(at: Setting) -> Measured:
    tasks, turns = (5_000, 5) if at.quick else (100_000, 10)
    with at.redis() as url:
        table, tasks = latency.beside(
            url, at.folder, tasks=tasks, fill_rate=1_500.0, rate=1_000.0, turns=turns
        )
    return Measured(f"The same searches, {tasks:,} tasks in both", table)


def searches(at: Setting) -> Measured:
    data, known = filled(at.tasks)
    turns = 10 if at.quick else 100
    with _copied(data, at.folder) as copy, at.redis() as url:
        found = latency.warm(copy, known, url, at.folder, rate=4_000.0, turns=turns)
    note = (
        f"Each search was asked {turns} times, with {turns} different values where it has any. "
        "*Cut short*: time ran out before the page was full, and the answer says so."
    )
    table = latency.table("First pages over HTTP, 4,000 events/s coming in", found, note)
    title = f"Searches over {at.tasks:,} tasks"
    return Measured(title, table, latency.warm_verdicts(found, at.tasks))


def cold(at: Setting) -> Measured:
    data, known = filled(at.tasks)
    with _copied(data, at.folder) as copy, at.redis() as url:
        found = latency.cold(copy, known, url, at.folder, rate=4_000.0)
    note = (
        "Before each, Umbel was started anew and the machine's file caches were dropped."
        if found
        else "Not measured: only root can drop the machine's file caches."
    )
    table = latency.table(
        "First pages from a cold file cache, 4,000 events/s coming in", found, note
    )
    title = f"Cold searches over {at.tasks:,} tasks"
    return Measured(title, table, latency.cold_verdicts(found, at.tasks))


def revoking(at: Setting) -> Measured:
    tasks = 500 if at.quick else actions.REVOKED
    found = [
        actions.revoke(broker, name, at.folder, tasks=tasks) for name, broker in at.brokers.items()
    ]
    return Measured("A bulk action", actions.table(found), actions.verdicts(found))


def listed(at: Setting) -> Measured:
    data, _ = filled(at.tasks)
    with _copied(data, at.folder) as copy:
        found = listing.walk(copy)
    title = f"Walking through {at.tasks:,} tasks in Python"
    return Measured(title, listing.table(found), listing.verdicts(found, at.tasks))


def drawn(at: Setting) -> Measured:
    turns = 2 if at.quick else 5
    with at.redis() as url:
        found = charts.measured(url, at.folder, at.tasks, turns)
    title = f"Charts and lists of {at.tasks:,} tasks"
    return Measured(title, charts.table(found), charts.verdicts(found, at.tasks))


def seen(at: Setting) -> Measured:
    turns, minutes = (1, 0.5) if at.quick else (3, 3.0)
    with at.redis() as url:
        found = pages.measured(url, at.folder, at.tasks, turns=turns, minutes=minutes)
    title = f"Pages in a browser, {at.tasks:,} tasks stored"
    return Measured(title, pages.table(found), pages.verdicts(found))


def unread(at: Setting) -> Measured:
    with at.redis() as url:
        found = readers.unread(url, at.folder)
    return Measured("Readers who do not read", readers.table(found), readers.verdicts(found))


def hiding(at: Setting) -> Measured:
    rounds = 1 if at.quick else 3
    seconds = min(at.seconds, 20.0)
    found = redaction.turns(at.redis, at.folder, seconds=seconds, rounds=rounds)
    title = f"{tables.RATE:,.0f} events/s from Redis for {seconds:.0f} s, {rounds} turns each"
    return Measured("Hiding secrets", redaction.table(title, found), redaction.verdicts(found))


def harm(at: Setting) -> Measured:
    tasks, rounds = (1_000, 1) if at.quick else (8_000, 3)
    found = harmless.turns(at.brokers, at.folder, tasks=tasks, rounds=rounds)
    return Measured(
        "A worker that is watched", harmless.table(found, tasks), harmless.verdicts(found)
    )


def healed(at: Setting) -> Measured:
    found = healing.heal(at.redis, at.folder, tasks=2_000 if at.quick else 20_000)
    return Measured("Healing", healing.table(found), healing.verdicts(found))


def scraped(at: Setting) -> Measured:  # noqa: ARG001  the cluster is always as large
    found = scrapes.measured()
    return Measured("Scrapes of metrics", scrapes.table(found), (scrapes.verdict(found),))


def alerted(at: Setting) -> Measured:
    data, known = filled(at.tasks, errors=1_000)
    with _copied(data, at.folder) as copy:
        found = alert_rules.measured(copy, known.last)
    verdict = alert_rules.verdict(found, at.tasks)
    return Measured("Rules of alerts", alert_rules.table(found, at.tasks), (verdict,))


def streamed(at: Setting) -> Measured:
    found = streaming.turns(at.redis, at.folder, rounds=1 if at.quick else 5)
    title = "The stream of events on Redis"
    return Measured(title, streaming.table(found), (streaming.verdict(found),))


MEASURE: Final[dict[str, Callable[[Setting], Measured]]] = {
    "cost": cost,
    "sustained": sustained,
    "stored": stored,
    "overload": overload,
    "beside": beside,
    "searches": searches,
    "cold": cold,
    "actions": revoking,
    "listing": listed,
    "charts": drawn,
    "pages": seen,
    "readers": unread,
    "redaction": hiding,
    "scrapes": scraped,
    "alerts": alerted,
    "stream": streamed,
    "harmless": harm,
    "healing": healed,
}
#: The parts whose outcome depends on how much is stored.
SIZED: Final = ("stored", "searches", "cold", "listing", "charts", "pages", "alerts")

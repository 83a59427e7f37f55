"""Events: one subject after the other under the same load."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.brokers import Broker
from bench.subject import Subject
from bench.subject_flower import Flower
from bench.subject_umbel import Umbel
from bench.trial import Load, Trial, trial

#: Starts a subject on a broker's URL.
Start = Callable[[str], Subject]


class Outcome(NamedTuple):
    subject: str
    broker: str
    trial: Trial
    told: dict[str, int]


def run_one(start: Start, load: Load, name: str, broker: Broker, *, asks: bool = True) -> Outcome:
    """Start a subject on a new broker, load it, stop it; see `trial`."""
    with broker() as url:
        subject = start(url)
        try:
            outcome = trial(subject, load, url, asks=asks)
            told = subject.losses() if isinstance(subject, Umbel) else {}
        finally:
            subject.stop()
    kept = outcome.recorded.events / outcome.ledger["events"]
    print(f"  {subject.name} on {name}: {outcome.rate:,.0f} events/s, {kept:.1%}", flush=True)
    return Outcome(subject.name, name, outcome, told)


def turns(
    broker: Broker, folder: Path, *, rate: float, seconds: float, rounds: int
) -> list[Outcome]:
    """Both subjects so many times on Redis, turn by turn, at a rate that both can hold."""
    starts: tuple[Start, ...] = (lambda url: Umbel(url, folder), lambda url: Flower(url, folder))
    return [
        run_one(start, Load(rate, seconds, seed=turn), "Redis", broker, asks=False)
        for turn in range(rounds)
        for start in starts
    ]


def flood(
    brokers: dict[str, Broker],
    folder: Path,
    load: Load,
    *,
    stored: Path | None = None,
    beside: bool = True,
) -> list[Outcome]:
    """The same load on each broker for each subject, or for Umbel alone. `stored` is a
    filled data directory of which Umbel gets a copy each time."""
    starts: list[Start] = [lambda url: _umbel(url, folder, stored)]
    if beside:
        starts.append(lambda url: Flower(url, folder))
    return [
        run_one(start, load, name, broker) for name, broker in brokers.items() for start in starts
    ]


def _umbel(url: str, folder: Path, stored: Path | None) -> Subject:
    if stored is None:
        return Umbel(url, folder)
    copy = folder / "stored"
    shutil.copytree(stored, copy)
    return Umbel(url, folder, data=copy)

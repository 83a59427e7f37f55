"""Histories that are already there: so many tasks, written straight through the store.

    python -m bench.fill --tasks 1000000 --errors 1000

A filled directory is kept under `.cache/`, by size and shape of its files, with a
`known.json` beside it that tells what is in it; it is filled once and then searched as often
as wanted. The history spans the day before it was filled.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

import apsw
import msgspec

from bench.lifecycles import CLIENT, MARK_LENGTH, Life, Storyteller, different_errors
from bench.report import CACHE
from bench.searches import Known, Sample, sample_of
from umbel.cluster.events import Event
from umbel.cluster.facts import pack
from umbel.store.sqlite import SqliteStore

SPAN_S: Final = 86_400.0
_BATCH_TASKS: Final = 2_000
_SAMPLES: Final = 2_000
_PID: Final = 4_000


def filled(tasks: int, *, errors: int = 0, refill: bool = False) -> tuple[Path, Known]:
    """The directory that holds so many tasks, filled now if it was not, and what is known
    of it. They fail with so many different `errors`, or with the usual few."""
    kinds = f"-{errors}-errors" if errors else ""
    home = CACHE / f"filled-{tasks}{kinds}-{shape()}"
    known = home / "known.json"
    if refill or not known.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        told = Storyteller(tasks, different_errors(errors)) if errors else Storyteller(tasks)
        known.write_bytes(msgspec.json.encode(fill(home / "data", tasks, told)))
    _await_joined_indexes(home / "data")
    return home / "data", msgspec.json.decode(known.read_bytes(), type=Known)


def shape() -> str:
    """Short for what the files look like: those of another shape are filled anew."""
    folder = resources.files("umbel.store.sqlite.files").joinpath("schema")
    scripts = sorted(
        (entry.name, entry.read_bytes())
        for entry in folder.iterdir()
        if not entry.name.startswith("ledger")
    )
    body = pack(tuple(events_of(Storyteller(1).life("0" * MARK_LENGTH), 0.0, 0)))
    return hashlib.sha256(repr((scripts, body)).encode()).hexdigest()[:8]


def fill(data: Path, tasks: int, told: Storyteller, span_s: float = SPAN_S) -> Known:
    """Store so many of the tasks that are `told`, of the last `span_s` seconds; what is known of
    them."""
    last = time.time()
    first = last - span_s
    samples: list[Sample] = []
    begun = time.monotonic()
    store = SqliteStore(data, write=True)
    try:
        done = 0
        for events, some in _batches(told, tasks, first, last):
            store.apply(events)
            samples += some
            done += _BATCH_TASKS
            if done % 100_000 < _BATCH_TASKS:
                _tell(done, tasks, begun)
        _await_index(store)
    finally:
        store.close()
    return Known(samples[:_SAMPLES], first, last)


def _tell(done: int, tasks: int, begun: float) -> None:
    rate = done / (time.monotonic() - begun)
    left = max(0, tasks - done) / rate
    print(f"  {done:,} of {tasks:,} tasks, {rate:,.0f} a second, {left:.0f} s left", flush=True)


def _await_index(store: SqliteStore) -> None:
    """Wait until the search index has followed, or stands still (its tail is scanned)."""
    left, moved = store.status().unindexed, time.monotonic()
    while left and time.monotonic() < moved + 20.0:
        time.sleep(1.0)
        now = store.status().unindexed
        if now < left:
            left, moved = now, time.monotonic()
            print(f"  {left:,} tasks still to be indexed", flush=True)
    print(f"  {left:,} tasks left without index", flush=True)


def _await_joined_indexes(data: Path) -> None:
    """Let the parts of each full partition's search index be joined. A writer that hardly rests
    leaves that for later; where tasks come as fast as workers run them, it is done soon."""
    if not _in_parts(data):
        return
    store = SqliteStore(data, write=True)
    try:
        while left := _in_parts(data):
            print(f"  {left} search indexes still in parts", flush=True)
            time.sleep(2.0)
    finally:
        store.close()


def _in_parts(data: Path) -> int:
    """How many full partitions have an index of more than one part."""
    newest = max(data.glob("tasks-*.text"), default=None)
    return sum(_parts(path) > 1 for path in data.glob("tasks-*.text") if path != newest)


def _parts(index: Path) -> int:
    """Of how many parts (segments) this FTS5 index is."""
    connection = apsw.Connection(str(index), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        [(parts,)] = connection.execute("SELECT count(DISTINCT segid) FROM document_idx")
    finally:
        connection.close()
    return int(parts)


def _batches(
    told: Storyteller, tasks: int, first: float, last: float
) -> Iterator[tuple[list[Event], list[Sample]]]:
    """Events of some thousand tasks at a time, with some samples of them."""
    marks = random.Random(tasks)
    step = (last - first) / tasks
    share = min(1.0, _SAMPLES * 1.2 / tasks)
    events: list[Event] = []
    samples: list[Sample] = []
    for number in range(tasks):
        mark = f"{marks.getrandbits(4 * MARK_LENGTH):0{MARK_LENGTH}x}"
        life = told.life(mark)
        events += events_of(life, first + number * step, number)
        if marks.random() < share:
            samples.append(sample_of(life.steps[0].fields))
        if number % _BATCH_TASKS == _BATCH_TASKS - 1 or number == tasks - 1:
            yield events, samples
            events, samples = [], []


def events_of(life: Life, sent: float, number: int) -> list[Event]:
    """The life's events when its task was sent at `sent`, the history's `number`th."""
    return [
        Event(
            type=step.type,
            timestamp=sent + step.at,
            hostname=step.hostname,
            pid=_PID + step.node,
            clock=None if step.node == CLIENT else number * 10 + index,
            **step.fields,
        )
        for index, step in enumerate(life.steps)
    ]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fill", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--errors", type=int, default=0, help="so many different ones")
    parser.add_argument("--refill", action="store_true", help="even if it is there already")
    asked = parser.parse_args(argv)
    data, known = filled(asked.tasks, errors=asked.errors, refill=asked.refill)
    print(f"{asked.tasks:,} tasks in {data}, {len(known.samples):,} of them known")


if __name__ == "__main__":
    main()

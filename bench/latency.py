"""How long searches take while events come in."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from bench.client import Client
from bench.report import Table, Verdict, quantile, times
from bench.searches import BY_ID, Known, Sample, Search, searches
from bench.subject import Subject, settled
from bench.subject_flower import Flower
from bench.subject_umbel import Umbel
from bench.trial import Load, Publisher

#: Bounds in seconds, however many tasks are stored: any first page, one task by its id (95th
#: percentile).
BOUNDS: Final = 0.050, 0.005
COLD_S: Final = 1.0
_CACHES: Final = Path("/proc/sys/vm/drop_caches")


class Timed(NamedTuple):
    """The answers to one kind of search: seconds each, and how many did not come whole
    (out of time) or not at all."""

    kind: str
    seconds: list[float]
    partial: int
    failed: int


@contextmanager
def incoming(url: str, rate: float) -> Iterator[None]:
    """Events come in at `rate` within; the first seconds of them are waited for."""
    publisher = Publisher(Load(rate, 86_400.0), url)
    publisher.begin()
    try:
        time.sleep(3.0)
        yield
    finally:
        publisher.stop()


def ask(subjects: Sequence[Subject], asked: dict[str, list[Search]]) -> list[dict[str, Timed]]:
    """Each search of each kind, turn by turn among the subjects; the answers of each."""
    clients = [Client(subject.port) for subject in subjects]
    found: list[dict[str, Timed]] = [{} for _ in subjects]
    turns = max(map(len, asked.values()))
    for turn in range(turns):
        for kind, variants in asked.items():
            for subject, client, timed in zip(subjects, clients, found, strict=True):
                _note(timed, kind, subject, variants[turn % len(variants)], client)
        print(f"  turn {turn + 1} of {turns}", end="\r", flush=True)
    print()
    return found


def _note(
    timed: dict[str, Timed], kind: str, subject: Subject, search: Search, client: Client
) -> None:
    try:
        answer = subject.search(search, client)
    except OSError:
        answer, failed = None, 1
    else:
        if answer is None:
            return
        failed = int(answer.status != 200 and not (answer.status == 404 and search.uuid))
    before = timed.get(kind, Timed(kind, [], 0, 0))
    seconds = [answer.seconds] if answer and not failed else []
    partial = int(bool(seconds) and answer is not None and b'"complete":false' in answer.body)
    timed[kind] = Timed(
        kind, before.seconds + seconds, before.partial + partial, before.failed + failed
    )


def warm(
    data: Path, known: Known, url: str, folder: Path, *, rate: float, turns: int
) -> dict[str, Timed]:
    """Searches over a filled directory while `rate` events a second come in."""
    umbel = Umbel(url, folder, data=data, keep=True)
    try:
        with incoming(url, rate):
            ask([umbel], searches(known, 2, seed=0))
            return ask([umbel], searches(known, turns))[0]
    finally:
        umbel.stop()


def cold(data: Path, known: Known, url: str, folder: Path, *, rate: float) -> dict[str, Timed]:
    """The same, each kind once, in a process that has just begun and with nothing of the
    files in memory. Empty where file caches cannot be dropped (only root may)."""
    if not os.access(_CACHES, os.W_OK):
        return {}
    found: dict[str, Timed] = {}
    with incoming(url, rate):
        for kind, variants in searches(known, 1, seed=2).items():
            umbel = Umbel(url, folder, data=data, keep=True)
            try:
                client = Client(umbel.port)
                client.get("/livez")
                subprocess.run(["sync"], check=True)
                _CACHES.write_text("3")
                _note(found, kind, umbel, variants[0], client)
            finally:
                umbel.stop()
            print(f"  {kind}: {found[kind].seconds}", flush=True)
    return found


def beside(
    url: str, folder: Path, *, tasks: int, fill_rate: float, rate: float, turns: int
) -> tuple[Table, int]:
    """Umbel and Flower on the same broker at the same time, with the same tasks; the table
    and how many tasks that were."""
    umbel, flower = Umbel(url, folder), Flower(url, folder, max_tasks=max(100_000, 2 * tasks))
    try:
        begun = time.time()
        publisher = Publisher(Load(fill_rate, 86_400.0, limit=int(tasks * 4.12)), url)
        publisher.begin()
        ledger = publisher.end()
        for subject in (umbel, flower):
            settled(subject.events)
        held = [subject.events() for subject in (umbel, flower)]
        print(f"  both filled: {ledger['events']:,} events sent, {held} recorded", flush=True)
        samples = [Sample(*sample) for sample in ledger["samples"]]
        known = Known(samples, begun, begun + ledger["seconds"])
        asked = searches(known, turns)
        still = ask([umbel, flower], asked)
        with incoming(url, rate):
            busy = ask([umbel, flower], asked)
    finally:
        with suppress(Exception):
            umbel.stop()
        flower.stop()
    return _beside_table(still, busy, ledger["tasks"], rate), int(ledger["tasks"])


def _beside_table(
    still: list[dict[str, Timed]], busy: list[dict[str, Timed]], tasks: int, rate: float
) -> Table:
    rows = []
    for kind in still[0]:
        row = [kind]
        for ours, theirs in (still, busy):
            row += [_p95(ours.get(kind)), _p95(theirs.get(kind)), _ratio(ours, theirs, kind)]
        rows.append(tuple(row))
    each = ("Umbel", "Flower", "ratio")
    loaded = tuple(f"{who}, {rate:,.0f}/s" for who in each)
    return Table(
        f"{tasks:,} tasks in both: 95th percentile of first pages, at rest and while "
        f"{rate:,.0f} events/s come in",
        ("", *each, *loaded),
        tuple(rows),
        (
            "Both run at the same time on the same broker and are asked in turns. A dash: "
            "Flower has no such search. Umbel answers pages of 50 rows as JSON from "
            "`/api/v1/tasks`, Flower from `/api/tasks?limit=50`.",
        ),
    )


def _p95(timed: Timed | None) -> str:
    if timed is None:
        return "-"
    if not timed.seconds:
        return f"no answer ({timed.failed} times)"
    text = milliseconds(quantile(timed.seconds, 0.95))
    return text + (f", {timed.failed} failed" if timed.failed else "")


def _ratio(ours: dict[str, Timed], theirs: dict[str, Timed], kind: str) -> str:
    if kind not in theirs or not theirs[kind].seconds or not ours[kind].seconds:
        return "-"
    return times(quantile(theirs[kind].seconds, 0.95), quantile(ours[kind].seconds, 0.95))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def table(title: str, found: dict[str, Timed], note: str) -> Table:
    """One row for each kind of search."""
    rows = tuple(
        (
            one.kind,
            *(milliseconds(quantile(one.seconds, share)) for share in (0.5, 0.95)),
            milliseconds(max(one.seconds, default=0.0)),
            f"{one.partial} of {len(one.seconds)}",
            str(one.failed),
        )
        for one in found.values()
    )
    return Table(title, ("search", "p50", "p95", "most", "cut short", "failed"), rows, (note,))


def warm_verdicts(found: dict[str, Timed], tasks: int) -> tuple[Verdict, ...]:
    """The promises, judged by the slowest kind of search."""
    pages = {kind: one for kind, one in found.items() if kind not in BY_ID}
    by_id = {kind: one for kind, one in found.items() if kind in BY_ID}
    judged = zip(("any first page", "a task by its id"), (pages, by_id), BOUNDS, strict=True)
    return tuple(
        _verdict(f"{what}, {tasks:,} tasks stored", kinds, 0.95, bound, "p95")
        for what, kinds, bound in judged
    )


def cold_verdicts(found: dict[str, Timed], tasks: int) -> tuple[Verdict, ...]:
    if not found:
        return ()
    return (_verdict(f"any search, cold, {tasks:,} tasks stored", found, 1.0, COLD_S, "most"),)


def _verdict(
    promise: str, kinds: dict[str, Timed], share: float, bound: float, what: str
) -> Verdict:
    slow = max(kinds.values(), key=lambda one: quantile(one.seconds, share))
    seconds = quantile(slow.seconds, share)
    cut = sum(one.partial for one in kinds.values())
    failed = sum(one.failed for one in kinds.values())
    measured = f"{what} {milliseconds(seconds)} ({slow.kind})"
    measured += f"; {cut} cut short" if cut else ""
    measured += f"; {failed} failed" if failed else ""
    return Verdict(
        promise, f"{what} {milliseconds(bound)}", measured, seconds <= bound and not cut + failed
    )

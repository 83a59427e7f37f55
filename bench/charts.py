"""How long charts and lists of a span take with a long history stored: each question alone over
HTTP, and all that the overview asks at once, as a browser does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from bench.client import Client
from bench.copied_days import copied
from bench.latency import milliseconds
from bench.processes import cpu_s
from bench.report import Table, Verdict, quantile
from bench.subject_umbel import Umbel

WORKERS: Final = 200
#: Bounds of the promise: of one chart by hours of its span, and of a page of charts, seconds.
BOUNDS_S: Final = {24: 0.100, 720: 0.300}
PAGE_S: Final = 0.500
#: What the overview asks, in a sentence of the table.
OVERVIEW: Final = "all that the overview asks"
#: A browser asks one server so many questions at once.
_CONNECTIONS: Final = 6
_FIELDS: Final = ("", "name", "worker", "queue", "error")
_MEASURES: Final = {"count": "how tasks ended", "runtime": "run times", "wait": "waits"}


class Question(NamedTuple):
    """A question over a span; `is_chart` if it is one call of `series`."""

    kind: str
    path: str
    parameters: dict[str, object]
    is_chart: bool


class Asked(NamedTuple):
    """Seconds of each answer to it, the server's own CPU in seconds for one of them, and how many
    were cut short."""

    hours: int
    kind: str
    is_chart: bool
    seconds: list[float]
    cpu_s: float
    partial: int


def measured(broker: str, folder: Path, tasks: int, turns: int) -> list[Asked]:
    """Each question so many times, of a day and of 30 days with so many tasks each."""
    found: list[Asked] = []
    for hours in BOUNDS_S:
        data = copied(tasks, WORKERS, hours // 24)
        umbel = Umbel(broker, folder, data=data, keep=True, options=("--cluster-moved",))
        try:
            umbel.settle()
            found += _ask(umbel, hours, turns)
        finally:
            umbel.stop()
    return found


def _ask(umbel: Umbel, hours: int, turns: int) -> Iterator[Asked]:
    client = Client(umbel.port)
    newest = float(client.get("/api/v1/status").json()["store"]["newest"])
    span = newest - hours * 3_600, newest
    for question in (*_charts(*span), *_lists(*span)):
        client.get(question.path, **question.parameters)
        before_s = cpu_s(umbel.process.pid)
        answers = [client.get(question.path, **question.parameters) for _ in range(turns)]
        took_s = (cpu_s(umbel.process.pid) - before_s) / turns
        assert all(answer.status == 200 for answer in answers), answers[0]
        partial = sum(b'"complete":false' in answer.body for answer in answers)
        seconds = [answer.seconds for answer in answers]
        print(f"  {hours} h, {question.kind}: {milliseconds(took_s)} of CPU", flush=True)
        yield Asked(hours, question.kind, question.is_chart, seconds, took_s, partial)
    clients = [Client(umbel.port) for _ in range(_CONNECTIONS)]
    _at_once(clients, _overview(*span))
    before_s = cpu_s(umbel.process.pid)
    seconds = [_at_once(clients, _overview(*span)) for _ in range(turns)]
    took_s = (cpu_s(umbel.process.pid) - before_s) / turns
    yield Asked(hours, OVERVIEW, is_chart=False, seconds=seconds, cpu_s=took_s, partial=0)


def _charts(start: float, end: float) -> Iterator[Question]:
    for by in _FIELDS:
        for measure, what in _MEASURES.items():
            kind = f"{what} by {by}" if by else what
            grouped: dict[str, object] = {"by": by, "top": 8} if by else {}
            asked = {"measure": measure, "from": start, "to": end, **grouped}
            yield Question(kind, "/api/v1/series", asked, is_chart=True)


def _lists(start: float, end: float) -> Iterator[Question]:
    span: dict[str, object] = {"since": start, "until": end}
    yield Question("names, the busiest", "/api/v1/names", {**span, "limit": 8}, is_chart=False)
    yield Question("errors", "/api/v1/errors", {**span, "limit": 200}, is_chart=False)
    yield Question("health", "/api/v1/health", {"since": start}, is_chart=False)


def _overview(start: float, end: float) -> list[Question]:
    charts = [each for each in _charts(start, end) if "by" not in each.parameters]
    span: dict[str, object] = {"since": start, "until": end}
    others = [
        Question(path, f"/api/v1/{path}", parameters, is_chart=False)
        for path, parameters in (
            *(("queues", {}), ("workers", {})),
            *(("samples/queues", span), ("samples/workers", span)),
        )
    ]
    return [*charts, *_lists(start, end), *others]


def _at_once(clients: list[Client], questions: list[Question]) -> float:
    """Seconds until all are answered, each client asking one after the other."""
    left = iter(questions)

    def ask(client: Client) -> None:
        for question in left:
            client.get(question.path, **question.parameters)

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(ask, clients))
    return time.perf_counter() - begun


def table(found: list[Asked]) -> Table:
    rows = tuple(
        (
            one.kind,
            f"{one.hours} hours",
            milliseconds(one.cpu_s),
            *(milliseconds(quantile(one.seconds, share)) for share in (0.5, 0.95)),
            f"{one.partial} of {len(one.seconds)}",
        )
        for one in found
    )
    note = (
        f"{WORKERS} workers, fourteen names, seven queues. The tasks of each span are a twelfth of "
        "it whose file is copied and moved in time (`bench/copied_days.py`). *CPU* is that of web "
        "process and collector together for one answer: what an idle machine takes for it. *All "
        "that the overview asks* is ten questions on six connections, from the first byte asked to "
        "the last byte read. Where the machine is busy with others, answers run out of their time "
        "and are cut short, and CPU costs more, too."
    )
    head = ("", "span", "CPU", "p50", "p95", "cut short")
    return Table("Over HTTP, nothing coming in", head, rows, (note,))


def verdicts(found: list[Asked], tasks: int) -> tuple[Verdict, ...]:
    """By the CPU of an answer, which others at work on the machine do not lengthen."""
    if tasks < 10_000_000:
        return ()
    stored = "ten million tasks stored"
    made = []
    for hours, bound_s in BOUNDS_S.items():
        charts = [one for one in found if one.hours == hours and one.is_chart]
        slowest = max(charts, key=lambda one: one.cpu_s)
        whole = not any(one.partial for one in charts)
        promise = f"any chart of {hours} hours, {stored} (CPU of the server)"
        made.append(_verdict(promise, bound_s, slowest, whole, slowest.kind))
    page = next(one for one in found if one.hours == 24 and one.kind == OVERVIEW)
    promise = f"all that the overview asks of 24 hours, {stored} (CPU of the server)"
    made.append(_verdict(promise, PAGE_S, page, not page.partial, "ten questions"))
    return tuple(made)


def _verdict(promise: str, bound_s: float, one: Asked, whole: bool, what: str) -> Verdict:
    return Verdict(
        promise,
        f"under {bound_s * 1000:.0f} ms",
        f"{milliseconds(one.cpu_s)} ({what})",
        whole and one.cpu_s < bound_s,
    )

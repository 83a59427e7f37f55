"""How every store draws charts by group, and of any query: held against the tasks themselves."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest

from tests.contract import stories
from tests.contract.answers import everything
from tests.contract.conftest import URLS
from tests.contract.stories import BASE, uuid_of
from umbel.cluster.events import Event
from umbel.cluster.task import Task
from umbel.query.ast import EVERYTHING, Has, Node
from umbel.query.match import compile_query
from umbel.query.parse import parse
from umbel.store.base import Store
from umbel.store.capabilities import GROUPINGS, Grouping, Measure
from umbel.store.opening import open_store
from umbel.store.series import (
    CountLine,
    CountSeries,
    DurationLine,
    Durations,
    DurationSeries,
)

HOUR, DAY = 3_600.0, 86_400.0
NOW = BASE + DAY
#: A percentile may come from a histogram whose steps are so wide.
TOLERANCE = 0.10
TOP = 3

#: Start of a bucket, and how many were seen, succeeded, failed and were revoked.
Line = dict[float, tuple[int | None, int, int, int]]


def busy_day() -> list[list[Event]]:
    """Seven names of different frequency and length, over half a day, on three workers and three
    queues; some tasks without a name, some that never end."""
    tasks: list[list[Event]] = []
    for number in range(300):
        kind = min(number % 28 // 4, number % 7)
        name, at = f"shop.task{kind}", BASE + number * 137.0
        worker, queue = f"celery@w{number % 5 // 2}", ("mail", "money", "bulk")[number % 11 // 4]
        uuid, args = uuid_of(number), f"({number % 4},)"
        if number % 29 == 0:
            tasks.append(stories.failed(uuid, at)[-1:])
        elif number % 13 == 0:
            tasks.append(stories.begun(uuid, at, name=name, worker=worker, queue=queue, args=args))
        elif number % 9 == 0:
            tasks.append(stories.revoked(uuid, at))
        elif number % 7 == 3:
            tasks.append(
                stories.failed(uuid, at, name=name, worker=worker, queue=queue, runtime=kind + 2.0)
            )
        else:
            runtime, wait = 1.5**kind * (1 + number % 3), 0.5 + kind / 4
            tasks.append(
                stories.succeeded(
                    uuid, at, name=name, worker=worker, queue=queue, args=args, runtime=runtime,
                    wait=wait,
                )
            )  # fmt: skip
    return tasks


@pytest.fixture(scope="module", params=sorted(URLS))
def day_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The tasks of `busy_day` in partitions of 120."""
    url = URLS[request.param](tmp_path_factory.mktemp("day"))
    store = open_store(url, write=True, partition_tasks=120)
    for events in busy_day():
        store.apply(events)
    yield store
    store.close()


QUERIES = {
    "all": EVERYTHING,
    "names": parse("name:shop.*"),
    "states": parse("state:FAILURE,SUCCESS name:shop.*"),
    "not succeeded": parse("-state:SUCCESS"),
    "one worker": parse("worker:celery@w1"),
    "a queue": parse("queue:mail -name:shop.task1"),
    "slow": parse("runtime:>2"),
    "arguments": parse("args.0:3"),
    "text": parse("stock"),
    "text of a worker": parse("stock worker:w0"),
    "ids": parse(f"id:{uuid_of(3)},{uuid_of(250)},{uuid_of(999)}"),
    "either": parse("queue:bulk OR state:REVOKED"),
    "with a worker": Has("worker"),
    "nothing": parse("worker:nobody"),
}


def matching(store: Store, query: Node) -> list[Task]:
    matches = compile_query(query, NOW)
    return [task for task in everything(store).values() if matches(task)]


def bucket(time: float, bucket_s: float) -> float:
    return math.floor(time / bucket_s) * bucket_s


def counted(tasks: Iterable[Task], bucket_s: float, *, with_seen: bool) -> Line:
    """What each bucket holds, by looking at every task."""
    line: dict[float, Counter[str]] = defaultdict(Counter)
    for task in tasks:
        if with_seen:
            line[bucket(task.seen, bucket_s)]["SEEN"] += 1
        if task.finished is not None and task.state in {"SUCCESS", "FAILURE", "REVOKED"}:
            line[bucket(task.finished, bucket_s)][task.state] += 1
    return {
        start: (
            each["SEEN"] if with_seen else None,
            each["SUCCESS"],
            each["FAILURE"],
            each["REVOKED"],
        )
        for start, each in sorted(line.items())
    }


def line_of(line: CountLine) -> Line:
    return {
        each.start: (each.seen, each.succeeded, each.failed, each.revoked) for each in line.buckets
    }


def summed(line: Line) -> tuple[int, int]:
    """How many were seen, and how many ended."""
    return sum(each[0] or 0 for each in line.values()), sum(sum(e[1:]) for e in line.values())


def groups_of(tasks: Iterable[Task], by: Grouping) -> Mapping[str | None, list[Task]]:
    groups: dict[str | None, list[Task]] = defaultdict(list)
    for task in tasks:
        groups[getattr(task, by)].append(task)
    return groups


@pytest.mark.parametrize("by", [None, *GROUPINGS])
@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("bucket_s", [60.0, pytest.param(1_200.0, marks=pytest.mark.thorough)])
def test_counts_over_time_are_those_of_the_tasks(
    day_store: Store, text: str, by: Grouping | None, bucket_s: float
) -> None:
    query = QUERIES[text]
    tasks = matching(day_store, query)
    with_seen = by != "state" and "state" not in text and text not in {"not succeeded", "either"}

    series = day_store.series(
        query, now=NOW, measure="count", start=BASE, end=NOW, bucket_s=bucket_s, by=by, top=TOP,
        budget_s=60,
    )  # fmt: skip

    assert isinstance(series, CountSeries)
    assert series.complete
    assert series.by == by
    assert line_of(series) == counted(tasks, bucket_s, with_seen=with_seen)
    if by is None:
        assert (series.groups, series.other) == ((), None)
        return
    lines = {
        value: counted(found, bucket_s, with_seen=with_seen)
        for value, found in groups_of(tasks, by).items()
    }
    ranked = sorted(
        (value for value, line in lines.items() if value is not None and line),
        key=lambda value: (*(-n for n in summed(lines[value])), value),
    )
    assert [group.value for group in series.groups] == ranked[:TOP]
    for group in series.groups:
        assert line_of(group) == lines[group.value]
        total = group.total
        assert (
            total.seen or 0,
            total.succeeded + total.failed + total.revoked,
        ) == summed(lines[group.value])
    rest = [
        task
        for value, found in groups_of(tasks, by).items()
        if value not in ranked[:TOP]
        for task in found
    ]
    other = counted(rest, bucket_s, with_seen=with_seen)
    assert (line_of(series.other) if series.other is not None else {}) == other


def measured(tasks: Iterable[Task], measure: Measure) -> list[tuple[float, float]]:
    """Each time and duration that a task has of the measure."""
    pairs = (
        (task.finished, task.runtime) if measure == "runtime" else (task.started, task.wait)
        for task in tasks
    )
    return sorted((at, took) for at, took in pairs if at is not None and took is not None)


def assert_like(durations: Durations | None, took: list[float]) -> None:
    assert durations is not None
    assert durations.n == len(took)
    assert durations.mean == pytest.approx(sum(took) / len(took), rel=1e-6)
    ascending = sorted(took)
    for percentile, share in ((durations.p50, 0.5), (durations.p95, 0.95), (durations.p99, 0.99)):
        rank = max(0, math.ceil(share * len(took)) - 1)
        assert percentile == pytest.approx(ascending[rank], rel=TOLERANCE)


def assert_line(line: DurationLine, tasks: Iterable[Task], measure: Measure) -> None:
    pairs = measured(tasks, measure)
    by_bucket: dict[float, list[float]] = defaultdict(list)
    for at, took in pairs:
        by_bucket[bucket(at, HOUR)].append(took)
    assert [each.start for each in line.buckets] == sorted(by_bucket)
    for each in line.buckets:
        assert_like(each, by_bucket[each.start])
    if pairs:
        assert_like(line.total, [took for _, took in pairs])
    else:
        assert line.total is None


@pytest.mark.parametrize("by", [None, *GROUPINGS])
@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("measure", [each for each in get_args(Measure) if each != "count"])
def test_durations_over_time_are_those_of_the_tasks(
    day_store: Store, text: str, by: Grouping | None, measure: Measure
) -> None:
    tasks = matching(day_store, QUERIES[text])

    series = day_store.series(
        QUERIES[text], now=NOW, measure=measure, start=BASE - HOUR, end=NOW, bucket_s=HOUR, by=by,
        top=TOP, budget_s=60,
    )  # fmt: skip

    assert isinstance(series, DurationSeries)
    assert series.complete
    assert_line(series, tasks, measure)
    if by is None:
        assert (series.groups, series.other) == ((), None)
        return
    groups = {
        value: found for value, found in groups_of(tasks, by).items() if measured(found, measure)
    }
    means = {
        value: sum(took for _, took in measured(found, measure)) / len(measured(found, measure))
        for value, found in groups.items()
        if value is not None
    }
    slowest = sorted(means, key=lambda value: (-round(means[value], 6), value))[:TOP]
    assert [group.value for group in series.groups] == slowest
    for group in series.groups:
        assert_line(group, groups[group.value], measure)
    rest = [task for value, found in groups.items() if value not in slowest for task in found]
    assert (series.other is None) == (not rest)
    if series.other is not None:
        assert_line(series.other, rest, measure)


@pytest.mark.parametrize("by", [None, "name", "worker"])
def test_only_buckets_of_the_span_are_counted(day_store: Store, by: Grouping | None) -> None:
    start, end = BASE + 2 * HOUR + 90, BASE + 4 * HOUR + 30

    series = day_store.series(
        EVERYTHING, now=NOW, measure="count", start=start, end=end, bucket_s=60, by=by
    )

    assert isinstance(series, CountSeries)
    whole = counted(matching(day_store, EVERYTHING), 60, with_seen=True)
    assert line_of(series) == {
        at: each for at, each in whole.items() if bucket(start, 60) <= at < end
    }
    assert (series.total.seen or 0) == summed(line_of(series))[0]


def test_a_series_that_had_no_time_says_that_it_is_not_complete(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}", write=True)
    for events in busy_day():
        store.apply(events)

    for by in ("name", "worker", None):
        series = store.series(
            EVERYTHING, now=NOW, measure="count", start=BASE, end=NOW, bucket_s=60, by=by,
            budget_s=-1,
        )  # fmt: skip
        assert isinstance(series, CountSeries)
        assert series.complete == (series.total.seen == 300)
    assert not store.series(
        EVERYTHING, now=NOW, measure="count", start=BASE, end=NOW, bucket_s=60, by="queue",
        budget_s=-1,
    ).complete  # fmt: skip
    store.close()

"""Roll-ups by worker, queue and error: of older files, and where there are very many values."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, begun, failed, revoked, succeeded, uuid_of
from tests.support.value_rollups import assert_kept
from tests.support.waiting import wait_until
from umbel.query.parse import parse
from umbel.store.capabilities import Grouping, Measure
from umbel.store.series import CountSeries, Series
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.files.value_rollups import BY_MINUTE_MAX, VALUES_MAX, rolled_up_since
from umbel.store.sqlite.search.series_scan import SeriesScan
from umbel.store.sqlite.text import indexer
from umbel.store.sqlite.write import value_rollup

NOW = BASE + 10_000
TASKS = 30
#: What a file lacks that an earlier Umbel wrote.
EARLIER = """
    DROP TABLE value_roll; DROP TABLE value_roll_full; DROP TABLE value_roll_progress;
    DROP TABLE roll_longest; DROP TABLE canvas; DROP TABLE task_log;
    PRAGMA user_version = 3;
"""
FIELDS: tuple[Grouping, ...] = ("worker", "queue", "error")
MEASURES: tuple[Measure, ...] = ("count", "runtime", "wait")


def write(directory: Path) -> None:
    """Partitions of ten tasks on three workers and two queues; the last of each four runs."""
    store = SqliteStore(directory, write=True, index=False, partition_tasks=10)
    for n in range(TASKS):
        uuid, at, worker, queue = uuid_of(n), BASE + 40 * n, f"w{n % 3}", ("mail", "bulk")[n % 2]
        match n % 4:
            case 0:
                store.apply(succeeded(uuid, at, worker=worker, queue=queue, runtime=1.0 + n))
            case 1:
                store.apply(failed(uuid, at, worker=worker, queue=queue))
            case 2:
                store.apply(revoked(uuid, at))
            case _:
                store.apply(begun(uuid, at, worker=worker, queue=queue))
    store.close()


def run(directory: Path, sql: str) -> None:
    for path in sorted(directory.glob("tasks-*.db")):
        connection = apsw.Connection(str(path))
        connection.execute(sql)
        connection.close()


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A directory as an earlier Umbel left it."""
    write(tmp_path)
    run(tmp_path, EARLIER)
    return tmp_path


def answers(store: SqliteStore) -> list[Series]:
    return [
        store.series(
            parse(text), now=NOW, measure=measure, start=BASE, end=NOW, bucket_s=600, by=by,
            budget_s=60,
        )
        for by in FIELDS
        for measure in MEASURES
        for text in ("", f"has:{by}", "state:SUCCESS")
    ]  # fmt: skip


def is_whole(directory: Path) -> bool:
    since = []
    for path in directory.glob("tasks-*.db"):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        since.append(rolled_up_since(connection))
        connection.close()
    return max(since) <= 1


def test_who_only_reads_an_older_file_is_answered_from_its_tasks(
    older: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    today = tmp_path_factory.mktemp("today")
    write(today)
    reads, knows = SqliteStore(older, write=False), SqliteStore(today, write=False)

    assert answers(reads) == answers(knows)
    assert all(series.complete for series in answers(reads))
    reads.close()
    knows.close()


def test_older_tasks_are_rolled_up_behind_the_writes(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "_ROLLED_UP_TOGETHER", 3)
    store = SqliteStore(older, write=True, index=False, partition_tasks=10)
    # Meanwhile, an older task ends on another worker and a new one begins.
    store.apply(succeeded(uuid_of(3), BASE + 120, worker="w9", runtime=700.0))
    store.apply(begun(uuid_of(99), BASE + 2_000, worker="w9"))
    before = answers(store)
    store.close()
    assert not is_whole(older)

    store = SqliteStore(older, write=True, partition_tasks=10)
    wait_until(lambda: is_whole(older))

    assert answers(store) == before
    assert_kept(older, VALUES_MAX, BY_MINUTE_MAX)
    store.apply(failed(uuid_of(7), BASE + 280, worker="w9"))
    assert_kept(older, VALUES_MAX, BY_MINUTE_MAX)
    store.close()


def test_no_task_is_read_for_what_is_rolled_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)

    def scanned(*_: object) -> bool:
        pytest.fail("tasks are read")

    monkeypatch.setattr(SeriesScan, "add", scanned)
    store = SqliteStore(tmp_path, write=False)
    for by in FIELDS:
        for measure in MEASURES:
            for text in ("", f"has:{by}", f"-{by}:w1"):
                store.series(
                    parse(text), now=NOW, measure=measure, start=BASE, end=NOW, bucket_s=60, by=by
                )
    for text in ("worker:w1", "queue:mail state:FAILURE"):
        store.series(
            parse(text), now=NOW, measure="count", start=BASE, end=NOW, bucket_s=60, by="state"
        )
    store.close()


def drawn(store: SqliteStore, text: str, start: float, end: float) -> CountSeries:
    series = store.series(
        parse(text), now=NOW, measure="count", start=start, end=end, bucket_s=60, by="worker"
    )
    assert isinstance(series, CountSeries)
    return series


def test_more_workers_than_are_kept_in_an_hour_are_counted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_rollup, "VALUES_MAX", 3)
    hour = BASE - BASE % 3_600
    store = SqliteStore(tmp_path, write=True, index=False, costs=Costs(counted_rows=12))
    for n in range(12):
        store.apply(succeeded(uuid_of(n), hour + 60 * n, worker=f"w{n % 6}"))
    whole = drawn(store, "", hour, hour + 3_600)
    assert (whole.complete, len(whole.groups)) == (True, 6)
    # Of one task more it would take too long to count each.
    store.apply(succeeded(uuid_of(50), hour + 3_700, worker="w5"))

    crowded = drawn(store, "", hour, hour + 3_600)

    assert [(each.value, each.total.seen) for each in crowded.groups] == [
        ("w0", 2), ("w1", 2), ("w2", 2),
    ]  # fmt: skip
    assert crowded.other is not None
    assert crowded.other.total.succeeded == 6
    assert crowded.total.seen == 12
    assert not crowded.complete
    # Who asks for one that is not kept has its tasks counted, and another hour has its own.
    asked = drawn(store, "worker:w5", hour, hour + 3_600)
    assert (asked.complete, asked.total.seen) == (True, 2)
    later = drawn(store, "", hour + 3_600, hour + 7_200)
    assert (later.complete, [each.value for each in later.groups]) == (True, ["w5"])
    assert_kept(tmp_path, 3, BY_MINUTE_MAX)
    store.close()


def test_minutes_of_more_workers_than_have_them_are_counted_from_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_rollup, "BY_MINUTE_MAX", 2)
    hour = BASE - BASE % 3_600
    store = SqliteStore(tmp_path, write=True, index=False)
    for n in range(12):
        store.apply(succeeded(uuid_of(n), hour + 60 * n, worker=f"w{n % 6}"))

    crowded = drawn(store, "", hour, hour + 3_600)

    assert [(each.value, each.total.seen) for each in crowded.groups] == [
        (f"w{n}", 2) for n in range(6)
    ]
    assert (crowded.complete, crowded.other) == (True, None)
    assert_kept(tmp_path, VALUES_MAX, 2)
    store.close()

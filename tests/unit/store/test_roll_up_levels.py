"""Roll-ups by quarters of a day: months are drawn from them, also where older files have none."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, begun, failed, succeeded, uuid_of
from tests.support.value_rollups import assert_kept
from umbel.query.parse import parse
from umbel.store.capabilities import Grouping, Measure
from umbel.store.series import Series
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.value_rollups import BY_MINUTE_MAX, VALUES_MAX
from umbel.store.sqlite.search.series_ranking import pieces

DAY_S = 86_400
#: What a file lacks that has hours at most.
OF_HOURS = """
    DELETE FROM roll WHERE level = 21600; DELETE FROM value_roll WHERE level = 21600;
    ALTER TABLE value_roll DROP COLUMN runtimes_n; ALTER TABLE value_roll DROP COLUMN waits_n;
    DROP TABLE roll_longest; DROP TABLE canvas; DROP TABLE task_log; PRAGMA user_version = 4;
"""
GROUPS: tuple[Grouping | None, ...] = (None, "name", "state", "worker", "queue", "error")
MEASURES: tuple[Measure, ...] = ("count", "runtime", "wait")


def write(directory: Path, first: int = 0, last: int = 40) -> None:
    """Tasks of thirty days on five workers, forty to a file."""
    store = SqliteStore(directory, write=True, index=False, partition_tasks=40)
    for n in range(first, last):
        uuid, at, worker = uuid_of(n), BASE + n * 0.75 * DAY_S, f"w{n % 5}"
        match n % 4:
            case 0 | 1:
                store.apply(succeeded(uuid, at, worker=worker, queue="mail", runtime=1.0 + n))
            case 2:
                store.apply(failed(uuid, at, worker=worker, queue="bulk"))
            case _:
                store.apply(begun(uuid, at, worker=worker))
    store.close()


def months(directory: Path) -> list[Series]:
    """Charts of sixty days in all ways, of which the top three groups are shown."""
    store = SqliteStore(directory, write=False)
    end = BASE + 60 * DAY_S
    drawn = [
        store.series(
            parse(""), now=end, measure=measure, start=BASE - 3 * DAY_S, end=end,
            bucket_s=DAY_S / 4, by=by, top=3, budget_s=60,
        )
        for by in GROUPS
        for measure in MEASURES
    ]  # fmt: skip
    store.close()
    assert all(series.complete for series in drawn)
    return drawn


def as_of_hours(directory: Path) -> None:
    for path in sorted(directory.glob("tasks-*.db")):
        connection = apsw.Connection(str(path))
        connection.execute(OF_HOURS)
        connection.close()


def test_a_month_is_the_same_from_quarters_of_days_and_from_hours(tmp_path: Path) -> None:
    write(tmp_path)
    from_quarters = months(tmp_path)
    assert_kept(tmp_path, VALUES_MAX, BY_MINUTE_MAX)
    as_of_hours(tmp_path)

    assert months(tmp_path) == from_quarters


def test_a_file_that_goes_on_is_read_by_hours_and_the_next_by_quarters(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write(tmp_path, 0, 20)
    as_of_hours(tmp_path)
    write(tmp_path, 20, 60)  # 20 more in the file, the rest in the next
    today = tmp_path_factory.mktemp("today")
    write(today, 0, 60)

    assert len(list(tmp_path.glob("tasks-*.db"))) == 2
    assert months(tmp_path) == months(today)


def test_tasks_that_move_from_hour_to_hour_leave_nothing_behind(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, index=False)
    begin = BASE // 21_600 * 21_600 + 1_000
    for n in range(6):
        store.apply(begun(uuid_of(n), begin + n * 3_000, worker="w1"))
    # In one batch they move to another worker, hour by hour.
    store.apply([
        event
        for n in range(6)
        for event in succeeded(uuid_of(n), begin + n * 3_000, worker="w2", runtime=5_000.0)
    ])  # fmt: skip
    store.close()

    assert_kept(tmp_path, VALUES_MAX, BY_MINUTE_MAX)


@pytest.mark.parametrize(
    ("span", "level", "longest_s", "made"),
    [
        ((0, 21_600), 3_600, 21_600, [(21_600, 0, 21_600)]),
        ((0, 21_600), 3_600, 3_600, [(3_600, 0, 21_600)]),
        (
            (600, 30_000), 600, 21_600,
            [(3_600, 3_600, 28_800), (600, 600, 3_600), (600, 28_800, 30_000)],
        ),
        (
            (3_000, 48_000), 600, 21_600,
            [
                (21_600, 21_600, 43_200),
                (3_600, 3_600, 21_600), (600, 3_000, 3_600),
                (3_600, 43_200, 46_800), (600, 46_800, 48_000),
            ],
        ),
        ((600, 1_200), 600, 21_600, [(600, 600, 1_200)]),
        ((600, 600), 600, 21_600, []),
    ],
)  # fmt: skip
def test_a_span_is_made_of_the_longest_buckets_that_fit(
    span: tuple[int, int], level: int, longest_s: int, made: list[tuple[int, int, int]]
) -> None:
    assert list(pieces(*span, level, longest_s)) == made

"""Tasks that were stored without their error get it behind the writes, and are found before."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, begun, failed, retried, succeeded, uuid_of
from tests.support.waiting import wait_until
from umbel.cluster.error_fingerprint import VERSION
from umbel.query.ast import EVERYTHING, Node
from umbel.query.parse import parse
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files import value_dictionary
from umbel.store.sqlite.files.error_progress import error_progress
from umbel.store.sqlite.write import error_filler

NOW = BASE + 10_000
TASKS = 30
#: What a file has that an earlier Umbel wrote.
EARLIER = """
    DROP INDEX task_error; ALTER TABLE task DROP COLUMN error; DROP TABLE error_progress;
    DELETE FROM value WHERE kind = 'error';
    DROP TABLE value_roll; DROP TABLE value_roll_full; DROP TABLE value_roll_progress;
    DROP TABLE roll_longest; DROP TABLE canvas; DROP TABLE task_log;
    PRAGMA user_version = 2;
"""
OTHER_RULES = f"""
    UPDATE error_progress SET rules = {VERSION + 1};
    UPDATE value SET text = '0' || text || ' anew' WHERE kind = 'error';
"""  # noqa: S608  our own number


def fault(number: int) -> str:
    return ("ValueError('no stock of 3')", "TimeoutError('no answer')", "KeyError('x')")[number % 3]


def write(directory: Path) -> None:
    """Partitions of ten tasks: every third succeeded, one waits for another try."""
    store = SqliteStore(directory, write=True, index=False, partition_tasks=10)
    for n in range(TASKS):
        at = BASE + 10 * n
        if n % 3 == 2:
            store.apply(succeeded(uuid_of(n), at))
        else:
            store.apply(failed(uuid_of(n), at, exception=fault(n)))
    store.apply(retried(uuid_of(TASKS), BASE + 500))
    store.close()


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("tasks-*.db"))


def run(directory: Path, sql: str) -> None:
    for path in files(directory):
        connection = apsw.Connection(str(path))
        connection.execute(sql)
        connection.close()


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A directory as an earlier Umbel left it."""
    write(tmp_path)
    run(tmp_path, EARLIER)
    return tmp_path


@pytest.fixture
def other_rules(tmp_path: Path) -> Path:
    """A directory whose errors were worked out by other rules, under other labels."""
    write(tmp_path)
    run(tmp_path, OTHER_RULES)
    return tmp_path


@pytest.fixture(params=["older", "other_rules"])
def lacking(request: pytest.FixtureRequest) -> Path:
    directory: Path = request.getfixturevalue(request.param)
    return directory


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_filler, "_STEP_IDS", 3)
    monkeypatch.setattr(error_filler, "_STEP_ERRORS", 2)


QUERIES = [
    "error:stock", "error:Timeout", "-error:Timeout", "has:error", "-has:error",
    "error:anew", "error:stock runtime:>0s", "error:stock OR name:nothing", "error:*<n>",
]  # fmt: skip


def answers(store: SqliteStore) -> dict[str, list[str]]:
    return {
        text: [task.uuid for task in store.search(parse(text), now=NOW, limit=99).items]
        for text in QUERIES
    }


def expected(directory: Path) -> dict[str, list[str]]:
    """What is answered about a directory that was written today."""
    write(directory)
    store = SqliteStore(directory, write=False)
    found = answers(store)
    store.close()
    assert len(found["error:stock"]) == 10
    return found


def is_whole(directory: Path) -> bool:
    progress = []
    for path in files(directory):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        progress.append(error_progress(connection))
        connection.close()
    return all(each.is_whole and each.has_index for each in progress)


def test_who_only_reads_finds_them_all(
    lacking: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = SqliteStore(lacking, write=False)

    assert answers(store) == expected(tmp_path_factory.mktemp("today"))
    counted = store.count(EVERYTHING, now=NOW, by="error")
    assert counted.total == TASKS + 1
    assert not counted.groups_complete
    series = store.series(
        EVERYTHING, now=NOW, measure="count", start=BASE, end=NOW, bucket_s=600, by="error"
    )
    assert not series.complete
    store.close()


def test_a_writer_finds_them_before_it_has_worked_them_out(
    lacking: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = SqliteStore(lacking, write=True, index=False, partition_tasks=10)

    assert answers(store) == expected(tmp_path_factory.mktemp("today"))
    assert not is_whole(lacking)
    store.close()


@pytest.mark.usefixtures("small_steps")
def test_they_are_worked_out_behind_the_writes(
    lacking: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = SqliteStore(lacking, write=True, partition_tasks=10)

    wait_until(lambda: is_whole(lacking))

    assert answers(store) == expected(tmp_path_factory.mktemp("today"))
    counted = store.count(EVERYTHING, now=NOW, by="error")
    assert sorted(counted.groups.values()) == [1, 10, 10]
    assert counted.groups_complete
    assert [each.count for each in store.suggest("error", "stock")] == [10]
    store.close()


@pytest.mark.usefixtures("small_steps")
def test_a_task_that_was_open_and_ends_meanwhile_is_counted_once(lacking: Path) -> None:
    store = SqliteStore(lacking, write=True, partition_tasks=10)
    store.apply(begun(uuid_of(TASKS), BASE + 500)[:1])  # remembered as open
    wait_until(lambda: is_whole(lacking))

    store.apply(failed(uuid_of(TASKS), BASE + 900, exception=fault(0))[-1:])

    counted = store.count(EVERYTHING, now=NOW, by="error")
    assert sorted(counted.groups.values()) == [10, 11]
    store.close()


def test_more_errors_than_are_kept_are_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_dictionary, "ERRORS_MAX", 3)
    words = ["apple", "pear", "plum", "fig", "kiwi"]
    store = SqliteStore(tmp_path, write=True, index=False)
    for n, word in enumerate([*words, *words]):
        store.apply(failed(uuid_of(n), BASE + n, exception=f"ValueError('no {word}')"))

    def found(text: str) -> list[int]:
        node: Node = parse(text)
        return [int(task.uuid[-4:], 16) for task in store.search(node, now=NOW).items]

    assert found("error:kiwi") == [9, 4]
    assert found("error:apple") == [5, 0]
    assert found("-error:kiwi -error:apple") == [8, 7, 6, 3, 2, 1]
    assert len(found("has:error")) == 10
    counted = store.count(EVERYTHING, now=NOW, by="error")
    assert list(counted.groups.values()) == [2, 2, 2]
    assert not counted.groups_complete
    store.close()

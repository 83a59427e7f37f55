"""What the writer remembers is bounded, and what it forgot is found again."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, begun, heartbeat, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.cluster.worker import observe
from umbel.query.ast import EVERYTHING, Comparison, Matches
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files import catalog
from umbel.store.sqlite.files.migrations import migrate
from umbel.store.sqlite.files.value_dictionary import ValueDictionary, ValueDictionaryWriter
from umbel.store.sqlite.write.open_tasks_cache import OpenTasksCache


def test_ever_new_names_are_not_all_remembered_and_keep_their_numbers() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, "tasks")
    value_dictionary = ValueDictionaryWriter(connection, remembered=10)
    names = [f"shop.task_{number}" for number in range(100)]

    numbers = [value_dictionary.shared("name", name) for name in names]
    for number in numbers:
        value_dictionary.count(number, 1)
    value_dictionary.save(connection)
    remembered = len(value_dictionary.numbers_of("name"))
    again = [value_dictionary.shared("name", name) for name in names]
    value_dictionary.save(connection)

    assert remembered == 10
    assert again == numbers
    stored = ValueDictionary(connection)
    assert [stored.texts[number] for number in numbers if number is not None] == names
    assert {stored.counts[number] for number in numbers if number is not None} == {1}
    connection.close()


def test_a_question_after_a_write_reads_only_the_names_that_came_since(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, index=False)
    store.apply([e for n in range(300) for e in succeeded(uuid_of(n), BASE + n, name=f"a.{n}")])
    read: list[str] = []

    def rows(_: apsw.Cursor, row: tuple[apsw.SQLiteValue, ...]) -> object:
        if len(row) == 3 and str(row[2]).startswith("a."):
            read.append(str(row[2]))
        return row

    apsw.connection_hooks.append(lambda connection: setattr(connection, "row_trace", rows))
    try:
        reader = SqliteStore(tmp_path, write=False)
        assert len(reader.search(EVERYTHING, now=BASE, limit=5).items) == 5
        assert len(read) == 300
        read.clear()
        for n in (300, 301):
            store.apply(succeeded(uuid_of(n), BASE + n, name="a.300"))
        assert len(reader.search(EVERYTHING, now=BASE, limit=5).items) == 5
    finally:
        apsw.connection_hooks.pop()

    assert read == ["a.300"]
    found = reader.search(Matches("name", Comparison.EQUALS, ("a.300",)), now=BASE)
    assert [task.name for task in found.items] == ["a.300", "a.300"]
    assert reader.count(EVERYTHING, now=BASE, by="name").groups["a.300"] == 2
    reader.close()
    store.close()


def test_unfinished_tasks_of_many_bytes_give_way_and_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "umbel.store.sqlite.write.task_joiner.OpenTasksCache",
        lambda: OpenTasksCache(bytes_max=100_000),
    )
    store = SqliteStore(tmp_path, write=True)
    large = "x" * 20_000
    for number in range(10):
        store.apply(begun(uuid_of(number), BASE + number, args=large))

    recent = store._writing._joiner._open_tasks
    assert len(recent._tasks) == 2
    assert recent._size_bytes < 100_000
    for number in range(10):
        store.apply(succeeded(uuid_of(number), BASE + number, args=large))
    assert store.count(EVERYTHING, now=BASE, by="state").groups == {"SUCCESS": 10}
    assert (len(recent._tasks), recent._size_bytes) == (0, 0)
    store.close()


def test_ever_new_workers_are_not_all_remembered_and_are_still_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "WORKERS_MAX", 10)
    store = SqliteStore(tmp_path, write=True)
    online = Event(type="worker-online", timestamp=BASE, hostname="first@h", pid=7)
    beat = heartbeat("first@h", BASE + 2)
    store.apply([online])
    for number in range(5):
        store.apply([heartbeat(f"w{number}-{each}@h", BASE + 1) for each in range(10)])

    assert len(store._writing._workers) == 10
    store.apply([beat])

    assert observe(observe(None, online), beat) in store.workers()
    store.close()

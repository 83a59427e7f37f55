"""Batches of tasks by `limit` and `offset` go on where the last one ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from umbel import Events, iter_tasks
from umbel.cluster.task import Task
from umbel.errors import CursorError
from umbel.python.bookmarks import BEGINNING, BOOKMARKS_MAX, KEPT_S, Bookmark, Bookmarks
from umbel.python.local import LocalSource
from umbel.query.parse import parse
from umbel.services.search.task_page import TaskPage
from umbel.store.base import NEWEST_FIRST, Order
from umbel.store.sqlite import SqliteStore

EVERYTHING = parse("")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """250 tasks."""
    opened = SqliteStore(tmp_path, write=True)
    opened.apply([e for number in range(250) for e in succeeded(uuid_of(number), BASE + number)])
    yield opened
    opened.close()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tasks each page had that was asked of the source, without those for children."""
    counted: list[int] = []
    page = LocalSource.page

    def counting(self: LocalSource, query: Any, *args: Any) -> TaskPage[Task]:
        found = page(self, query, *args)
        if "parent" not in repr(query):
            counted.append(len(found.items))
        return found

    monkeypatch.setattr(LocalSource, "page", counting)
    return counted


def batches(events: Events, size: int, **more: Any) -> list[str]:
    """All tasks, batch after batch, until one is empty."""
    found: list[str] = []
    while batch := list(iter_tasks(events, limit=size, offset=len(found), **more)):
        found += [task["uuid"] for task in batch]
    return found


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("size", [10, 60, 125, 1_000])
@pytest.mark.parametrize("sort_by", [None, "received", "-runtime"])
def test_batches_are_the_list_and_each_task_is_fetched_once(
    tmp_path: Path, fetched: list[int], size: int, sort_by: str | None
) -> None:
    with Events(directory=tmp_path) as events:
        whole = [task["uuid"] for task in iter_tasks(events, sort_by=sort_by)]
        fetched.clear()

        assert batches(events, size, sort_by=sort_by) == whole

    # The last page is looked at again, whether more came.
    assert sum(fetched) <= 250 + max(size, 500) / 2 + 125


def test_the_next_batch_goes_on_though_newer_tasks_came(store: SqliteStore, tmp_path: Path) -> None:
    with Events(directory=tmp_path) as events:
        first = [task["uuid"] for task in iter_tasks(events, limit=5)]
        store.apply(succeeded(uuid_of(900), BASE + 900))
        second = [task["uuid"] for task in iter_tasks(events, limit=5, offset=5)]
        again = [task["uuid"] for task in iter_tasks(events, limit=5, offset=5)]

    assert first + second == [uuid_of(number) for number in range(249, 239, -1)]
    assert again == [uuid_of(number) for number in range(245, 240, -1)]


def test_what_comes_at_the_end_is_in_the_next_batch(store: SqliteStore, tmp_path: Path) -> None:
    with Events(directory=tmp_path) as events:
        found = batches(events, 100, sort_by="received")
        store.apply(succeeded(uuid_of(900), BASE + 900))
        more = list(iter_tasks(events, limit=100, offset=len(found), sort_by="received"))

    assert [task["uuid"] for task in more] == [uuid_of(900)]


@pytest.mark.usefixtures("store")
def test_a_cursor_that_is_gone_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Events(directory=tmp_path) as events:
        events.source.bookmarks.put(EVERYTHING, NEWEST_FIRST, Bookmark(4, "gone"))
        page = LocalSource.page

        def gone(self: LocalSource, query: Any, order: Order, cursor: Any, limit: int) -> Any:
            if cursor == "gone":
                raise CursorError("The rows of this cursor have expired.")
            return page(self, query, order, cursor, limit)

        monkeypatch.setattr(LocalSource, "page", gone)
        found = list(iter_tasks(events, limit=2, offset=5))

    assert [task["uuid"] for task in found] == [uuid_of(244), uuid_of(243)]


def test_the_nearest_bookmark_is_taken_once() -> None:
    bookmarks = Bookmarks()
    for offset in (10, 30, 20):
        bookmarks.put(EVERYTHING, NEWEST_FIRST, Bookmark(offset, f"c{offset}"))

    taken = [bookmarks.take(EVERYTHING, NEWEST_FIRST, offset) for offset in (25, 25, 5, 99)]

    assert [each.offset for each in taken] == [20, 10, 0, 30]
    assert bookmarks.take(EVERYTHING, NEWEST_FIRST, 99) == BEGINNING


def test_bookmarks_are_of_one_query_and_order_and_expire() -> None:
    now = 0.0
    bookmarks = Bookmarks(lambda: now)
    bookmarks.put(EVERYTHING, NEWEST_FIRST, Bookmark(10, "c"))

    assert bookmarks.take(parse("state:FAILURE"), NEWEST_FIRST, 10) == BEGINNING
    assert bookmarks.take(EVERYTHING, Order("received"), 10) == BEGINNING
    now = KEPT_S
    assert bookmarks.take(EVERYTHING, NEWEST_FIRST, 10) == BEGINNING


def test_only_the_latest_bookmarks_are_remembered() -> None:
    bookmarks = Bookmarks()
    for offset in range(1, BOOKMARKS_MAX + 2):
        bookmarks.put(EVERYTHING, NEWEST_FIRST, Bookmark(offset, "c"))

    assert bookmarks.take(EVERYTHING, NEWEST_FIRST, 1) == BEGINNING
    assert bookmarks.take(EVERYTHING, NEWEST_FIRST, 2).offset == 2

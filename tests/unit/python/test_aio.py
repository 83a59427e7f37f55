"""The same names as coroutines."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

import umbel
from tests.contract.stories import BASE, shop, uuid_of
from tests.unit.python.test_info import celery_state
from umbel import aio
from umbel.errors import ServerUnreachable
from umbel.store.sqlite import SqliteStore


def test_the_names_are_the_same() -> None:
    assert aio.__all__ == umbel.__all__


def test_every_function_is_a_coroutine() -> None:
    functions = [name for name in umbel.__all__ if inspect.isfunction(getattr(umbel, name))]

    assert len(functions) == 57
    for name in functions:
        found = getattr(aio, name)
        asynchronous = inspect.iscoroutinefunction(found) or inspect.isasyncgenfunction(found)
        assert asynchronous, name


def test_tasks_are_iterated_without_blocking(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True)
    store.apply(shop())

    async def look() -> tuple[list[str], umbel.TaskInfo | None]:
        async with aio.Events(directory=tmp_path) as events:
            names = [task["uuid"] async for task in aio.iter_tasks(events, sort_by="name", limit=2)]
            return names, await aio.get_task_by_id(events, uuid_of(2))

    names, task = asyncio.run(look())
    store.close()

    assert names == [uuid_of(3), uuid_of(2)]
    assert task is not None
    assert task["name"] == "shop.charge"


def test_series_are_counted_without_blocking(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True)
    store.apply(shop())

    async def busiest() -> list[tuple[str, int | None]]:
        async with aio.Events(directory=tmp_path) as events:
            series = await aio.task_series(events, by="name", top=1, start=BASE, end=BASE + 600)
            return [(group.value, group.total.seen) for group in series.groups]

    found = asyncio.run(busiest())
    store.close()

    assert found == [("shop.send", 3)]


def test_wrong_arguments_and_lost_servers_raise_the_same() -> None:
    async def sort() -> None:
        async for _ in aio.iter_tasks(celery_state(), sort_by="size"):
            pass

    with pytest.raises(ValueError, match="sort_by is one of name"):
        asyncio.run(sort())
    with pytest.raises(ServerUnreachable):
        asyncio.run(aio.connect("http://127.0.0.1:1"))


def test_events_must_be_opened_before_they_are_asked(tmp_path: Path) -> None:
    async def ask() -> None:
        await aio.get_task_by_id(aio.Events(directory=tmp_path), "x")

    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(ask())


def test_pure_functions_are_there_too() -> None:
    terms = asyncio.run(aio.parse_search_terms("state:FAILURE"))

    assert terms == {"state": ["FAILURE"]}
    assert asyncio.run(aio.satisfies_search_terms({"state": "FAILURE"}, terms))

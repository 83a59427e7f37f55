"""Answers are bounded in bytes, not only in rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from tests.api.world import World
from tests.contract.stories import BASE, succeeded
from umbel.services.fair_shares import reset_asker, set_asker
from umbel.services.search.page_bytes import PAGE_BYTES, cut_rows, fitting
from umbel.services.search.rows import TaskRow, task_row
from umbel.store.memory import MemoryStore
from umbel.web.http.problems import Refusal
from umbel.web.serving.response_memory import PIECE, ResponseMemory, ResponseMemoryMiddleware
from umbel.web.thread_pools import Share

pytestmark = pytest.mark.anyio

TEXT = "x" * 65_536


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def world_of(tasks: int, text: str = TEXT) -> World:
    store = MemoryStore()
    for number in range(tasks):
        store.apply(succeeded(f"t{number}", BASE + number, args=text, kwargs=text, result="1"))
    return World(store=store)


def row(**texts: str) -> TaskRow:
    store = MemoryStore()
    store.apply(succeeded("t", BASE))
    task = store.task("t")
    assert task is not None
    return msgspec.structs.replace(task_row(task), **{"args": None, "kwargs": None, **texts})


async def test_a_page_of_the_longest_texts_has_all_rows_and_says_what_is_cut() -> None:
    answer = await world_of(100).get("/api/v1/tasks", limit=200)

    items = answer.json()["items"]
    assert len(items) == 100
    assert len(answer.content) < 1.1 * PAGE_BYTES
    assert {tuple(item["cut"]) for item in items} == {("args", "kwargs")}
    assert items[0]["args"].endswith("x…")
    assert items[0]["result"] == "1"


async def test_the_task_itself_has_its_texts_whole() -> None:
    answer = await world_of(100).get("/api/v1/tasks/t7")

    assert answer.json()["args"] == TEXT


async def test_a_page_that_is_small_enough_is_as_it_was() -> None:
    answer = await world_of(10).get("/api/v1/tasks")

    assert {item["args"] for item in answer.json()["items"]} == {TEXT}
    assert {tuple(item["cut"]) for item in answer.json()["items"]} == {()}


async def test_whole_texts_come_on_shorter_pages_one_after_the_other() -> None:
    world = world_of(40)
    found: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"texts": "whole", "limit": 200} | ({"cursor": cursor} if cursor else {})
        answer = await world.get("/api/v1/tasks", asked)
        items = answer.json()["items"]
        assert all(item["args"] == TEXT for item in items)
        assert len(answer.content) < 1.1 * PAGE_BYTES
        found += [item["uuid"] for item in items]
        cursor = answer.json()["next"]
        if cursor is None:
            break

    assert sorted(found) == sorted(f"t{number}" for number in range(40))


async def test_flowers_list_is_whole_however_long_the_texts_are() -> None:
    answer = await world_of(40).get("/api/tasks")

    assert len(answer.json()) == 40
    assert {task["args"] for task in answer.json().values()} == {TEXT}


def test_short_texts_leave_their_part_to_long_ones() -> None:
    rows = cut_rows([row(args="a" * 10), row(args="b" * 1_000), row(args="c" * 1_000)], 1_000)

    assert [each.cut for each in rows] == [(), ("args",), ("args",)]
    assert rows[0].args == "a" * 10
    assert 480 < len(rows[1].args or "") <= 500


def test_no_character_is_cut_in_two() -> None:
    (cut,) = cut_rows([row(args="日" * 1_000)], 100)

    assert set(cut.args or "") == {"日", "…"}


def test_one_row_fits_however_long_it_is() -> None:
    assert fitting([row(args=TEXT)] * 3, 10) == 1
    assert fitting([], 10) == 0


class Reader:
    """Takes pieces of an answer when told."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.messages)


@contextmanager
def asked_by(who: str) -> Iterator[None]:
    before = set_asker(who)
    try:
        yield
    finally:
        reset_asker(before)


async def answer(memory: ResponseMemory, reader: Reader, body: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    await ResponseMemoryMiddleware(app, memory=memory)({}, _nothing, reader.send)


async def _nothing() -> Any:
    raise AssertionError


async def test_a_large_answer_goes_out_in_pieces_and_whole() -> None:
    reader, body = Reader(), bytes(range(256)) * 1_000

    await answer(ResponseMemory(), reader, body)

    assert reader.body == body
    assert max(len(each.get("body", b"")) for each in reader.messages) == PIECE
    assert [each.get("more_body") for each in reader.messages[1:]] == [True, True, True, False]


async def test_answers_that_nobody_reads_leave_room_to_others_and_give_it_back() -> None:
    memory, stalled, others = ResponseMemory(4 * PIECE, 3 * PIECE), Reader(), Reader()
    stalled.reads.clear()
    large = b"x" * 2 * PIECE
    with asked_by("name vera"):
        waiting = asyncio.ensure_future(answer(memory, stalled, large))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            await answer(memory, others, large)
    with asked_by("name ada"):
        await answer(memory, others, large)
    stalled.reads.set()
    await waiting
    with asked_by("name vera"):
        await answer(memory, others, large)

    assert caught.value.problem.status == 503
    assert others.body == large * 2


async def test_an_answer_to_somebody_gone_gives_its_room_back() -> None:
    memory, gone, there = ResponseMemory(2 * PIECE, 2 * PIECE), Reader(), Reader()
    gone.reads.clear()
    waiting = asyncio.ensure_future(answer(memory, gone, b"x" * 2 * PIECE))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await answer(memory, there, b"x" * 2 * PIECE)

    assert len(there.body) == 2 * PIECE


async def test_so_many_lists_of_one_person_are_on_their_way() -> None:
    lists = Share(3, 2, "Too many.")

    with asked_by("name vera"), lists.one(), lists.one():
        with pytest.raises(Refusal):
            lists.one().__enter__()
        with asked_by("name ada"), lists.one(), asked_by("name otto"), pytest.raises(Refusal):
            lists.one().__enter__()
    with lists.one():
        pass


async def test_a_refused_list_is_a_sentence_as_flower_has_it() -> None:
    world = world_of(120)
    world.app.state.thread_pools.lists = Share(0, 0, "Too many lists.")

    answer = await world.get("/api/tasks")

    assert answer.status_code == 503
    assert answer.text == "Too many lists. Try again soon."

"""How every store searches: what it finds, in which order, page by page."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from msgspec.structs import replace

from tests.contract import stories
from tests.contract.answers import NOW, row
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, uuid_of
from umbel.cluster.task import Task
from umbel.errors import CursorError
from umbel.query.ast import (
    EVERYTHING,
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Moment,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.match import match
from umbel.query.orders import ORDERS, READ_ORDERS, SORTED_CHARACTERS
from umbel.store.base import Order, Retention, Store
from umbel.store.capabilities import Grouping

CONTAINS, EQUALS, GLOB = Comparison.CONTAINS, Comparison.EQUALS, Comparison.GLOB


def is_(state: str) -> Matches:
    return Matches("state", EQUALS, (state,))


QUERIES: tuple[Node, ...] = (
    EVERYTHING,
    Or(()),
    is_("SUCCESS"),
    is_("STARTED"),
    Matches("state", EQUALS, ("FAILURE", "REVOKED")),
    Not(is_("SUCCESS")),
    Matches("name", GLOB, ("shop.*",)),
    Matches("name", GLOB, ("*.SEND", "etl.l?ad")),
    Matches("name", CONTAINS, ("HOP",)),
    Matches("name", EQUALS, ("Shop.Send",)),
    Matches("name", EQUALS, ("shop",)),
    Not(Matches("name", GLOB, ("*",))),
    Matches("worker", CONTAINS, ("eu",)),
    Matches("queue", EQUALS, ("mail", "bulk")),
    Matches("uuid", EQUALS, (uuid_of(3),)),
    Matches("uuid", GLOB, ("*000000000003",)),
    Matches("uuid", EQUALS, ("nobody",)),
    Matches("root", EQUALS, (uuid_of(1),)),
    Matches("root", EQUALS, (uuid_of(4),)),
    Matches("parent", EQUALS, (uuid_of(1),)),
    Matches("args", CONTAINS, ("eur",)),
    Matches("kwargs", CONTAINS, ("order_id",)),
    Matches("result", CONTAINS, ("sent",)),
    Matches("result", EQUALS, ("none",)),
    Matches("exception", CONTAINS, ("no stock",)),
    Matches("exception", GLOB, ("ValueError(*",)),
    Matches("traceback", CONTAINS, ("shop.py",)),
    Matches("routing_key", EQUALS, ("money",)),
    Matches("client", CONTAINS, ("gen7",)),
    Between("runtime", low=5.0),
    Between("runtime", high=5.0),
    Between("runtime", low=1.0, low_open=True),
    Between("runtime", low=1.0, high=9.0, high_open=True),
    Between("wait", low=0.5, high=0.5),
    Between("retries", low=1.0),
    Between("retries", high=0.0),
    During("received", low=Moment(absolute=BASE + 60)),
    During("received", low=Moment(relative=-3_600.0), high=Moment(absolute=BASE + 120)),
    During("finished", high=Moment(relative=0.0)),
    During("seen", low=Moment(absolute=BASE + 120), high=Moment(absolute=BASE + 240)),
    Argument("0", "7"),
    Argument("1", "eur"),
    Argument("order_id", "4711"),
    Argument("order_id", "471"),
    Argument("email", "*@example.org", GLOB),
    Argument("email", "ann", CONTAINS),
    Has("traceback"),
    Has("name"),
    Has("parent"),
    Matches("group", EQUALS, (uuid_of(90),)),
    Matches("group", EQUALS, (uuid_of(90), "other")),
    Matches("group", GLOB, ("*0090",)),
    Or((Matches("chord", EQUALS, (uuid_of(91),)), Matches("uuid", EQUALS, (uuid_of(1),)))),
    Not(Matches("chord", EQUALS, (uuid_of(91),))),
    And((Matches("chord", EQUALS, (uuid_of(91),)), Has("group"))),
    Not(Has("chord")),
    Has("runtime"),
    Not(Has("received")),
    Has("partial"),
    Has("expired"),
    Has("redelivered"),
    Words("SHOP"),
    Words("4711"),
    Words("no stock"),
    Words("us-1"),
    Words("failure"),
    Words("x"),
    Words("sent"),
    Words("%"),
    Words("nothing like it"),
    And((Words("shop"), Not(Words("charge")))),
    And((is_("SUCCESS"), Matches("name", GLOB, ("shop.*",)), Between("runtime", low=5.0))),
    Or((is_("REVOKED"), And((is_("FAILURE"), Matches("worker", CONTAINS, ("eu",)))))),
    Not(Or((is_("REVOKED"), Words("shop.charge")))),
)


def uuid_of_task(task: Task) -> str:
    return task.uuid


def walk(store: Store, query: Node, order: Order, limit: int) -> list[Task]:
    """Every page, one after the other."""
    found: list[Task] = []
    cursor: str | None = None
    while True:
        page = store.search(query, now=NOW, order=order, cursor=cursor, limit=limit)
        assert page.complete
        assert len(page.items) <= limit
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
        assert page.items, "a page before the last one is never empty"


def in_order(tasks: list[Task], order: Order) -> list[Task]:
    """The rule in words: by value, missing last, ties newest first. `tasks` come as they
    first arrived, each apart from the others, oldest first."""
    newest = list(reversed(tasks))
    assert all(task.changed is not None for task in tasks)
    if order.field == "seen":
        return newest if order.descending else tasks
    known = [task for task in newest if getattr(task, order.field) is not None]
    missing = [task for task in newest if getattr(task, order.field) is None]
    known.sort(key=lambda task: getattr(task, order.field), reverse=order.descending)
    return known + missing


@pytest.mark.parametrize("query", QUERIES, ids=repr)
def test_a_search_finds_what_matches_and_nothing_else(shop_store: Store, query: Node) -> None:
    store = shop_store
    tasks = [store.task(uuid_of(number)) for number in range(1, 7)]
    expected = [row(task) for task in tasks if task is not None and match(query, task, NOW)]

    page = store.search(query, now=NOW)

    assert sorted(page.items, key=uuid_of_task) == expected
    assert page.complete
    assert page.cursor is None
    assert store.count(query, now=NOW).total == len(expected)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("field", ORDERS)
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_in_any_order_give_every_task_once(
    varied_store: Store, field: str, descending: bool, limit: int
) -> None:
    order = Order(field, descending)
    tasks = [varied_store.task(uuid_of(number)) for number in range(40)]
    expected = in_order([row(task) for task in tasks if task is not None], order)

    assert walk(varied_store, EVERYTHING, order, limit) == expected


@pytest.mark.parametrize("field", sorted(READ_ORDERS))
def test_of_long_texts_the_beginning_is_compared(store: Store, field: str) -> None:
    for number, end in enumerate(("b" * 100, "a", "c")):
        text = "x" * SORTED_CHARACTERS + end
        uuid, at = uuid_of(number), BASE + number
        events = stories.failed(uuid, at, exception=text, args=text, kwargs=text, queue=text)
        if field == "result":
            events = stories.succeeded(uuid, at, result=text)
        store.apply([replace(events[0], exchange=text), *events[1:]])

    found = walk(store, EVERYTHING, Order(field, descending=False), 1)

    assert [task.uuid for task in found] == [uuid_of(2), uuid_of(1), uuid_of(0)]


def test_a_filter_is_paged_like_everything(varied_store: Store) -> None:
    store = varied_store
    query = And((Matches("name", GLOB, ("*o*",)), Not(is_("FAILURE"))))

    whole = store.search(query, now=NOW, limit=100).items

    assert len(whole) > 9
    for order in (Order("seen", True), Order("seen", False), Order("runtime", True)):
        found = walk(store, query, order, 3)
        assert sorted(task.uuid for task in found) == sorted(task.uuid for task in whole)


def test_thousands_of_ids_are_found_in_the_time_of_a_page(store: Store) -> None:
    """`is:repeated` and `action:ID` stand for as many."""
    store.apply([event for number in range(5) for event in stories.failed(uuid_of(number), BASE)])
    ids = tuple(uuid_of(number) for number in range(3, 10_003))
    query = Matches("uuid", EQUALS, ids)

    page = store.search(query, now=NOW, budget_s=2.0)
    counted = store.count(query, now=NOW, by="state", budget_s=2.0)

    assert (page.complete, {task.uuid for task in page.items}) == (True, {uuid_of(3), uuid_of(4)})
    assert (counted.complete, counted.total, counted.groups) == (True, 2, {"FAILURE": 2})


def test_what_comes_while_paging_neither_shifts_nor_repeats_rows(
    store_factory: StoreFactory,
) -> None:
    store = store_factory(partition_tasks=9)
    for number in range(20):
        store.apply(stories.begun(uuid_of(number), BASE + number))
    first = store.search(EVERYTHING, now=NOW, limit=5)
    for number in range(20, 30):
        store.apply(stories.begun(uuid_of(number), BASE + number))
    store.apply(stories.succeeded(uuid_of(3), BASE + 3))

    found = [task.uuid for task in first.items]
    cursor = first.cursor
    while cursor is not None:
        page = store.search(EVERYTHING, now=NOW, cursor=cursor, limit=5)
        found += [task.uuid for task in page.items]
        cursor = page.cursor

    assert found == [uuid_of(number) for number in range(19, -1, -1)]


def test_paging_goes_on_over_what_was_trimmed(store_factory: StoreFactory) -> None:
    store = store_factory(partition_tasks=5)
    for number in range(30):
        store.apply(stories.begun(uuid_of(number), BASE + number))
    first = store.search(EVERYTHING, now=NOW, limit=4)
    store.trim(Retention(max_tasks=12), NOW)

    rest = store.search(EVERYTHING, now=NOW, cursor=first.cursor, limit=50)

    found = [task.uuid for task in (*first.items, *rest.items)]
    assert found == [task.uuid for task in store.search(EVERYTHING, now=NOW, limit=50).items]


@pytest.mark.parametrize("query", [EVERYTHING, Words("zoo"), Not(is_("FAILURE"))], ids=repr)
def test_without_any_time_pages_still_come_to_an_end(varied_store: Store, query: Node) -> None:
    store = varied_store
    expected = [task.uuid for task in store.search(query, now=NOW, limit=100, budget_s=60).items]
    found: list[str] = []
    cursor: str | None = None

    for _ in range(200):
        page = store.search(query, now=NOW, cursor=cursor, limit=10, budget_s=0.0)
        found += [task.uuid for task in page.items]
        cursor = page.cursor
        assert page.complete or cursor is not None
        assert page.complete or page.reached is not None
        if cursor is None:
            break

    assert found == expected


@pytest.mark.parametrize("field", ["args", "routing_key"])
def test_without_any_time_a_page_in_the_order_of_a_long_text_says_how_far_it_is_sorted(
    varied_store: Store, field: str
) -> None:
    page = varied_store.search(EVERYTHING, now=NOW, order=Order(field), limit=100, budget_s=0.0)

    found = [getattr(task, field) for task in page.items]
    assert [*filter(None, found)] == sorted(filter(None, found), reverse=True)
    assert page.complete or (page.cursor is None and page.reached is not None)


def test_a_page_that_is_just_full_has_no_next_one(shop_store: Store) -> None:
    store = shop_store

    assert store.search(EVERYTHING, now=NOW, limit=6).cursor is None
    assert store.search(EVERYTHING, now=NOW, limit=5).cursor is not None


def test_a_search_in_an_empty_store_finds_nothing(store: Store) -> None:
    page = store.search(EVERYTHING, now=NOW)

    assert page.items == ()
    assert page.cursor is None
    assert page.complete


def test_relative_times_go_with_the_clock(shop_store: Store) -> None:
    store = shop_store
    last_minute = During("seen", low=Moment(relative=-60.0))

    assert len(store.search(last_minute, now=BASE + 301).items) == 1
    assert len(store.search(last_minute, now=BASE + 900).items) == 0


def test_a_change_shows_in_the_next_search(store: Store) -> None:
    events = stories.succeeded(uuid_of(1), BASE)
    store.apply(events[:-1])
    assert store.search(is_("SUCCESS"), now=NOW).items == ()

    store.apply(events[-1:])

    assert [task.uuid for task in store.search(is_("SUCCESS"), now=NOW).items] == [uuid_of(1)]
    assert store.search(is_("STARTED"), now=NOW).items == ()


def test_text_that_comes_later_is_found_too(store: Store) -> None:
    store.apply(stories.begun(uuid_of(1), BASE))
    assert store.search(Words("quite unheard of"), now=NOW).items == ()

    store.apply(stories.succeeded(uuid_of(1), BASE, result="'quite unheard of'"))

    assert len(store.search(Words("Unheard"), now=NOW).items) == 1


@pytest.mark.parametrize(
    "text",
    ["ÄHRE", "ähre", "straße", "STRASSE", "\N{GRINNING FACE}", "it's", 'q"', "a\nb", "*", "?"],
)
def test_text_beyond_ascii_and_odd_characters_are_found(store: Store, text: str) -> None:
    odd = """{'n': 'Ähre', 's': 'Straße', 'e': '\N{GRINNING FACE}', 'q"': "it's", 'x': 'a\nb'}"""
    store.apply(stories.succeeded(uuid_of(1), BASE, kwargs=odd))
    store.apply(stories.succeeded(uuid_of(2), BASE))
    task = store.task(uuid_of(1))
    assert task is not None

    for query in (Words(text), Matches("kwargs", CONTAINS, (text,))):
        found = [task.uuid for task in store.search(query, now=NOW).items]
        assert found == ([uuid_of(1)] if match(query, task, NOW) else [])


def test_readers_in_threads_see_whole_tasks_while_events_are_applied(store: Store) -> None:
    stop = threading.Event()

    def read() -> int:
        seen = 0
        while not stop.is_set():
            page = store.search(is_("SUCCESS"), now=NOW, limit=20)
            assert all(task.result == "'done'" for task in page.items)
            total = store.count(EVERYTHING, now=NOW).total
            assert total >= seen
            seen = total
            store.follow(0, limit=5)
            store.suggest("name", "shop")
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            for number in range(60):
                store.apply(stories.succeeded(uuid_of(number), BASE + number, result="'done'"))
        finally:
            stop.set()
        for reader in readers:
            reader.result()

    assert store.count(EVERYTHING, now=NOW).total == 60


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "garbage!", "AAAA", "eyJ4IjoxfQ", "W10", "bnVsbA", "é", "A" * 100_000, "\x00", "[]"],
)
def test_a_cursor_that_is_none_of_ours_is_refused(shop_store: Store, cursor: str) -> None:
    store = shop_store

    with pytest.raises(CursorError):
        store.search(EVERYTHING, now=NOW, cursor=cursor)


def test_a_cursor_of_another_order_is_refused(shop_store: Store) -> None:
    store = shop_store
    cursor = store.search(EVERYTHING, now=NOW, order=Order("name", True), limit=2).cursor
    assert cursor is not None

    with pytest.raises(CursorError):
        store.search(EVERYTHING, now=NOW, order=Order("name", False), cursor=cursor)
    with pytest.raises(CursorError):
        store.search(EVERYTHING, now=NOW, order=Order("state", True), cursor=cursor)


def test_a_cursor_is_safe_in_a_url(varied_store: Store) -> None:
    for field in ORDERS:
        cursor = varied_store.search(EVERYTHING, now=NOW, order=Order(field), limit=3).cursor
        assert cursor is not None
        assert cursor.isascii()
        assert cursor.replace("-", "").replace("_", "").isalnum()


def test_an_unknown_order_grouping_or_field_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="cannot sort by traceback"):
        store.search(EVERYTHING, now=NOW, order=Order("traceback"))
    with pytest.raises(ValueError, match="cannot group by kwargs"):
        store.count(EVERYTHING, now=NOW, by=cast("Grouping", "kwargs"))
    with pytest.raises(ValueError, match="suggested"):
        store.suggest("traceback", "")
    with pytest.raises(ValueError, match="at least one"):
        store.search(EVERYTHING, now=NOW, limit=0)

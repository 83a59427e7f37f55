"""Bodies that are told many together, and the cache of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.stories import BASE, begun, succeeded, uuid_of
from umbel.query.ast import Argument, Words
from umbel.store.base import Order
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.text import joined_bodies
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodies, JoinedBodiesCache, Rows
from umbel.store.sqlite.text.joined_prefilter import joined_prefilter
from umbel.store.sqlite.text.text_filter import AllOf, AnyOf, Edge, InState, Literal, TextFilter


def passes(text_filter: TextFilter, bodies: str) -> bool:
    test = joined_prefilter(text_filter)
    return test is None or test(JoinedBodies(bodies.encode().lower()))


@pytest.mark.parametrize(
    ("text_filter", "bodies", "passing"),
    [
        (Literal("zebra"), "a Zebra", True),
        (Literal("zebra"), "zebr", False),
        # Only the folded text tells, so another test may.
        (Literal("strasse"), "die Straße", True),
        (Literal("strasse"), "die strase", False),
        (Literal("ж"), "nothing", True),
        (Edge("42", first=True, last=True), "{'a': 42}", True),
        (Edge("42", first=True, last=True), "{'a': 142}", False),
        (InState(("FAILURE",)), "nothing", True),
        (AnyOf((Literal("zebra"), InState(("FAILURE",)))), "nothing", True),
        (AnyOf((Literal("zebra"), Literal("quartz"))), "quart", False),
        (AllOf((Literal("zebra"), InState(("FAILURE",)))), "nothing", False),
        (AllOf((Literal("zebra"), Literal("quartz"))), "quartz, zebra", True),
    ],
)
def test_what_many_bodies_pass(text_filter: TextFilter, bodies: str, passing: bool) -> None:
    assert passes(text_filter, bodies) == passing


def test_joined_bodies_are_those_of_exactly_these_rows() -> None:
    cache, joined = JoinedBodiesCache(), JoinedBodies(b"bodies")
    cache.put(("file", 1), [(1, b"a"), (2, b"b")], joined)

    assert cache.get(("file", 1), [(1, b"a"), (2, b"b")]) is joined
    assert cache.get(("file", 1), [(1, b"a"), (2, b"changed")]) is None
    assert cache.get(("file", 1), [(1, b"a")]) is None
    assert cache.get(("another file", 1), [(1, b"a"), (2, b"b")]) is None


def test_the_cache_holds_no_more_than_it_may() -> None:
    cache = JoinedBodiesCache(10_000)
    for number in range(100):
        cache.put((None, number), [(number, b"z")], JoinedBodies(bytes(1_000)))
        cache.put((None, number), [(number, b"z")], JoinedBodies(bytes(1_000)))
        cache.get((None, 0), [(0, b"z")])

    held = [n for n in range(100) if cache.get((None, n), [(n, b"z")]) is not None]

    assert cache.size_bytes <= 10_000
    assert held[0] == 0  # which was used
    assert held[1:] == list(range(101 - len(held), 100))
    cache.clear()
    assert cache.size_bytes == 0


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """All texts are looked for in what is not indexed yet: tasks that have not ended."""
    return SqliteStore(tmp_path, write=True, costs=Costs(few_rows=0, read_first=1_000))


def found(store: SqliteStore, query: Words | Argument, order: Order) -> list[str]:
    page = store.search(query, now=BASE, order=order, limit=500, budget_s=60)
    assert page.complete
    return [task.uuid for task in page.items]


@pytest.mark.parametrize("descending", [True, False])
def test_a_task_that_changes_between_two_searches_is_found_by_what_it_is_now(
    store: SqliteStore, *, descending: bool
) -> None:
    order = Order("seen", descending=descending)
    for number in range(200):
        store.apply(begun(uuid_of(number), BASE + number, name="shop.send"))
    assert found(store, Words("zebra"), order) == []

    store.apply(succeeded(uuid_of(77), BASE + 77, kwargs="{'q': 'Zebra'}", result="'x'"))
    store.apply(succeeded(uuid_of(190), BASE + 190, kwargs="{'q': 'Zebra'}", result="'x'"))

    wanted = [uuid_of(77), uuid_of(190)]
    assert found(store, Words("zebra"), order) == (wanted[::-1] if descending else wanted)
    assert found(store, Argument("q", "Zebra"), order) == (wanted[::-1] if descending else wanted)
    store.close()


def test_long_bodies_are_read_one_by_one(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_bodies, "_GROUP_BYTES", 20_000)
    for number in range(130):
        text = "long " * 2_000 if number == 70 else "short"
        store.apply(begun(uuid_of(number), BASE + number, kwargs=repr({"q": text})))

    assert found(store, Words("long long"), Order()) == [uuid_of(70)]
    assert found(store, Words("nothing"), Order()) == []
    assert len(found(store, Words("short"), Order())) == 129
    store.close()


@pytest.mark.parametrize("descending", [True, False])
def test_a_search_leaves_the_next_what_it_joined_however_many_tasks_it_reads(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, *, descending: bool
) -> None:
    joined: list[Rows] = []
    put = JoinedBodiesCache.put

    def noted(
        self: JoinedBodiesCache, key: tuple[object, int], rows: Rows, each: JoinedBodies
    ) -> None:
        joined.append(rows)
        put(self, key, rows, each)

    monkeypatch.setattr(JoinedBodiesCache, "put", noted)
    for number in range(900):
        kwargs = repr({"q": f"mark{number:04}" + "long " * 700})
        store.apply(begun(uuid_of(number), BASE + number, kwargs=kwargs))
    order = Order("seen", descending=descending)

    assert found(store, Words("nothing"), order) == []
    first = len(joined)
    assert found(store, Words("nobody"), order) == []

    assert 5 < first == len(joined)
    for number in (0, 63, 64, 500, 899):
        assert found(store, Words(f"mark{number:04}"), order) == [uuid_of(number)]
    store.close()

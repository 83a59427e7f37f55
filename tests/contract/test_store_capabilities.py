"""Every store does what it declares, and refuses the rest with what it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from tests.contract.answers import NOW
from tests.contract.stories import BASE, shop
from umbel.errors import CapabilityMissing
from umbel.query.ast import EVERYTHING, Words
from umbel.query.fields import FIELDS
from umbel.query.orders import ORDERS
from umbel.query.parse import parse
from umbel.store.base import Order, Store
from umbel.store.capabilities import (
    GROUPINGS,
    MEASURES,
    Grouping,
    Measure,
    SeriesCapabilities,
    StoreCapabilities,
)
from umbel.store.memory import MemoryStore

#: What a store of roll-ups alone might have.
FEW = StoreCapabilities(
    groupings=("state", "name"),
    orders=("seen", "changed"),
    series=SeriesCapabilities(measures=("count",), groupings=("name",), fields=("name", "state")),
)


def chart(
    store: Store, query: str = "", measure: Measure = "count", by: Grouping | None = None
) -> None:
    store.series(parse(query), now=NOW, measure=measure, start=BASE, end=NOW, bucket_s=60, by=by)


@pytest.fixture
def lesser() -> MemoryStore:
    """A store that has less than there is."""
    store = MemoryStore(capabilities=FEW)
    store.apply(shop())
    return store


def test_what_is_declared_is_there_and_nothing_else(shop_store: Store, lesser: Store) -> None:
    for store in (shop_store, lesser):
        can = store.capabilities
        assert {*can.groupings} <= {*GROUPINGS}
        assert {"seen"} <= {*can.orders} <= {*ORDERS}
        for field in ORDERS:
            if field in can.orders:
                store.search(EVERYTHING, now=NOW, order=Order(field))
            else:
                with pytest.raises(CapabilityMissing):
                    store.search(EVERYTHING, now=NOW, order=Order(field))
        for by in GROUPINGS:
            if by in can.groupings:
                store.count(EVERYTHING, now=NOW, by=by)
            else:
                with pytest.raises(CapabilityMissing):
                    store.count(EVERYTHING, now=NOW, by=by)
            if by in can.series.groupings:
                chart(store, by=by)
            else:
                with pytest.raises(CapabilityMissing):
                    chart(store, by=by)
        for measure in MEASURES:
            if measure in can.series.measures:
                chart(store, measure=measure)
            else:
                with pytest.raises(CapabilityMissing):
                    chart(store, measure=measure)
        for field in FIELDS:
            if can.series.fields is None or field in can.series.fields:
                chart(store, f"has:{field}")
            else:
                with pytest.raises(CapabilityMissing):
                    chart(store, f"has:{field}")


@pytest.mark.parametrize(
    ("parameter", "refused", "sentence"),
    [
        (
            "order",
            lambda: FEW.check_order("runtime"),
            "This store cannot sort by runtime. It can sort by seen or changed.",
        ),
        (
            "by",
            lambda: FEW.check_grouping("worker"),
            "This store cannot group by worker. It can group by state or name.",
        ),
        (
            "measure",
            lambda: FEW.check_series(EVERYTHING, "wait", None),
            "This store cannot chart wait. It can chart count.",
        ),
        (
            "q",
            lambda: FEW.check_series(Words("x"), "count", "name"),
            "This store cannot chart searches over free text. It can chart searches over name or "
            "state.",
        ),
    ],
)
def test_a_refusal_says_what_can_be_had_instead(
    parameter: str, refused: Callable[[], None], sentence: str
) -> None:
    with pytest.raises(CapabilityMissing) as raised:
        refused()

    assert str(raised.value) == sentence
    assert raised.value.parameter == parameter


def test_a_store_that_has_less_answers_what_it_has(lesser: Store) -> None:
    assert lesser.count(EVERYTHING, now=NOW, by="name").groups["shop.send"] == 3
    assert lesser.search(EVERYTHING, now=NOW, order=Order("changed")).items
    chart(lesser, "name:shop.* -state:FAILURE", by="name")


def test_each_word_stands_once() -> None:
    assert get_args(Grouping) == GROUPINGS
    assert get_args(Measure) == MEASURES
    assert StoreCapabilities().orders == ORDERS

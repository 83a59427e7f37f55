"""How every store counts, suggests and gathers workflows."""

from __future__ import annotations

import pytest

from tests.contract import stories
from tests.contract.answers import NOW, row
from tests.contract.stories import BASE, uuid_of
from umbel.query.ast import (
    EVERYTHING,
    Words,
)
from umbel.store.base import Store
from umbel.store.capabilities import Grouping


def test_a_count_stops_at_its_cap_and_says_so(shop_store: Store) -> None:
    store = shop_store

    capped = store.count(EVERYTHING, now=NOW, cap=5)
    exact = store.count(EVERYTHING, now=NOW, cap=6)

    assert (capped.total, capped.capped) == (5, True)
    assert (exact.total, exact.capped) == (6, False)
    assert exact.complete


def test_groups_say_whether_they_tell_of_all_that_match(shop_store: Store) -> None:
    counted = shop_store.count(Words("shop."), now=NOW, by="state")

    assert counted.groups_complete
    assert sum(counted.groups.values()) == counted.total
    assert not shop_store.count(Words("shop."), now=NOW).groups_complete


def test_groups_of_a_capped_count_are_complete_only_when_all_were_counted(
    shop_store: Store,
) -> None:
    for query, everything in ((EVERYTHING, 6), (Words("shop."), 4)):
        counted = shop_store.count(query, now=NOW, by="state", cap=2)

        assert counted.capped
        assert not counted.groups_complete or sum(counted.groups.values()) == everything


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("state", {"SUCCESS": 2, "FAILURE": 2, "STARTED": 1, "REVOKED": 1}),
        ("name", {"shop.send": 3, "shop.charge": 1, "etl.load": 1}),
        ("worker", {"celery@eu-1": 5, "celery@us-1": 1}),
        ("queue", {"mail": 3, "money": 1, "bulk": 1}),
    ],
)
def test_counts_by_a_field_leave_out_what_is_unknown(
    shop_store: Store, by: Grouping, groups: dict[str, int]
) -> None:
    store = shop_store

    counted = store.count(EVERYTHING, now=NOW, by=by)

    assert counted.groups == groups
    assert counted.total == 6


def test_counts_by_a_field_count_only_what_matches(shop_store: Store) -> None:
    store = shop_store

    counted = store.count(Words("shop."), now=NOW, by="state")

    assert counted.groups == {"SUCCESS": 2, "FAILURE": 1, "REVOKED": 1}
    assert store.count(EVERYTHING, now=NOW).groups == {}


def values(store: Store, field: str, prefix: str, limit: int = 10) -> list[str]:
    return [suggestion.value for suggestion in store.suggest(field, prefix, limit)]


def test_suggestions_that_begin_so_stand_before_those_that_contain_it(store: Store) -> None:
    store.apply(stories.shop())
    store.apply(stories.begun(uuid_of(20), BASE, name="send.invoice"))

    assert values(store, "name", "send") == ["send.invoice", "shop.send"]
    assert values(store, "name", "SEND") == ["send.invoice", "shop.send"]
    assert values(store, "name", "zzz") == []


def test_suggestions_come_most_frequent_first_with_counts(shop_store: Store) -> None:
    store = shop_store

    suggestions = store.suggest("name", "shop")

    assert [(each.value, each.count) for each in suggestions] == [
        ("shop.send", 3),
        ("shop.charge", 1),
    ]
    assert values(store, "name", "")[0] == "shop.send"
    assert values(store, "name", "shop", limit=1) == ["shop.send"]


@pytest.mark.parametrize(
    ("field", "prefix", "expected"),
    [
        ("worker", "celery@", ["celery@eu-1", "celery@us-1"]),
        ("queue", "m", ["mail", "money"]),
        ("state", "fail", ["FAILURE"]),
        ("key", "o", ["order_id"]),
        ("key", "e", ["email", "order_id"]),
    ],
)
def test_suggestions_know_every_field_that_they_promise(
    shop_store: Store, field: str, prefix: str, expected: list[str]
) -> None:
    store = shop_store

    assert values(store, field, prefix) == expected


def test_a_workflow_is_its_root_and_all_tasks_of_that_root_oldest_first(store: Store) -> None:
    root, ids = uuid_of(1), [uuid_of(n) for n in (1, 2, 3, 4)]
    store.apply(stories.succeeded(ids[3], BASE + 30, root=root, parent=ids[1]))
    store.apply(stories.succeeded(root, BASE))
    store.apply(stories.failed(ids[2], BASE + 20, root=root, parent=root))
    store.apply(stories.succeeded(ids[1], BASE + 10, root=root, parent=root))
    store.apply(stories.succeeded(uuid_of(9), BASE + 5))

    workflow = store.workflow(root)

    assert [task.uuid for task in workflow.tasks] == ids
    assert workflow.root_id == root
    assert workflow.complete
    assert [row(task) for task in workflow.tasks] == list(workflow.tasks)


def test_a_workflow_beyond_the_limit_says_that_it_is_not_complete(store: Store) -> None:
    for number in range(5):
        store.apply(stories.begun(uuid_of(number), BASE + number, root=uuid_of(0)))

    workflow = store.workflow(uuid_of(0), limit=3)

    assert [task.uuid for task in workflow.tasks] == [uuid_of(n) for n in range(3)]
    assert not workflow.complete
    assert store.workflow(uuid_of(0), limit=5).complete


def test_a_workflow_that_nobody_knows_is_empty(store: Store) -> None:
    assert store.workflow(uuid_of(1)).tasks == ()

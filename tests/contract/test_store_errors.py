"""How every store knows which error a task has."""

from __future__ import annotations

import pytest

from tests.contract.stories import BASE, WORKER, begun, failed, retried, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.cluster.task import SUCCESS
from umbel.query.ast import EVERYTHING, And, Comparison, Has, Matches, Node, Not, Words
from umbel.query.parse import parse
from umbel.store.base import Store
from umbel.store.series import CountSeries

NOW = BASE + 3_600
NO_STOCK, TIMEOUT = "ValueError: no stock of <text>", "TimeoutError: no answer in <n> s"


def timed_out(number: int, seconds: int) -> list[Event]:
    return failed(
        uuid_of(number), BASE + 60 * number, exception=f"TimeoutError('no answer in {seconds} s')"
    )


def out_of_stock(number: int, sku: str) -> list[Event]:
    return failed(
        uuid_of(number), BASE + 60 * number, exception=f'ValueError("no stock of {sku!r}")'
    )


@pytest.fixture
def errors(store: Store) -> Store:
    """Tasks 1, 2, 3 time out, 4 and 5 are out of stock, 6 succeeds and 7 runs."""
    store.apply(
        [
            *timed_out(1, 3),
            *timed_out(2, 17),
            *timed_out(3, 4),
            *out_of_stock(4, "A 7"),
            *out_of_stock(5, "B"),
            *succeeded(uuid_of(6), BASE + 360),
            *begun(uuid_of(7), BASE + 420),
        ]
    )
    return store


def found(store: Store, query: Node | str) -> list[int]:
    node = parse(query) if isinstance(query, str) else query
    return sorted(int(task.uuid[-4:], 16) for task in store.search(node, now=NOW, limit=50).items)


def label_of(store: Store, number: int) -> str:
    task = store.task(uuid_of(number))
    assert task is not None
    assert task.error is not None
    return task.error


def id_of(store: Store, number: int) -> str:
    return label_of(store, number).partition(" ")[0]


def test_a_task_that_fails_has_the_error_that_others_of_its_kind_have(errors: Store) -> None:
    assert label_of(errors, 1) == label_of(errors, 2) == label_of(errors, 3)
    assert label_of(errors, 1).partition(" ")[2] == TIMEOUT
    assert label_of(errors, 4).partition(" ")[2] == NO_STOCK
    for number in (6, 7):
        task = errors.task(uuid_of(number))
        assert task is not None
        assert task.error is None


def test_lists_have_it_too(errors: Store) -> None:
    labels = {task.uuid: task.error for task in errors.search(EVERYTHING, now=NOW).items}

    assert labels[uuid_of(2)] == label_of(errors, 1)
    assert labels[uuid_of(6)] is None


def test_an_error_is_found_by_its_id_and_by_a_part_of_its_title(errors: Store) -> None:
    assert found(errors, f"error:{id_of(errors, 2)}") == [1, 2, 3]
    assert found(errors, f"error:{id_of(errors, 2).upper()}") == [1, 2, 3]
    assert found(errors, 'error:"no stock"') == [4, 5]
    assert found(errors, "error:*answer*") == [1, 2, 3]
    assert found(errors, f'error:"{label_of(errors, 4)}"') == [4, 5]
    assert found(errors, f'error:="{NO_STOCK}"') == [4, 5]
    assert found(errors, "error:nothing") == []
    assert found(errors, f"error:{id_of(errors, 1)},{id_of(errors, 4)}") == [1, 2, 3, 4, 5]


def test_a_piece_of_an_id_finds_nothing(errors: Store) -> None:
    assert found(errors, f"error:{id_of(errors, 1)[:6]}") == []


def test_it_is_combined_with_everything_else(errors: Store) -> None:
    assert found(errors, f"-error:{id_of(errors, 1)}") == [4, 5, 6, 7]
    assert found(errors, "has:error") == [1, 2, 3, 4, 5]
    assert found(errors, "-has:error") == [6, 7]
    assert found(errors, "error:TimeoutError exception:17") == [2]
    assert found(errors, f"error:{id_of(errors, 1)} state:SUCCESS") == []


def test_free_text_is_not_looked_for_in_titles(errors: Store) -> None:
    assert found(errors, Words("<text>")) == []
    assert found(errors, Words("no stock")) == [4, 5]


def test_tasks_are_counted_by_their_errors(errors: Store) -> None:
    counted = errors.count(EVERYTHING, now=NOW, by="error")

    assert counted.groups == {label_of(errors, 1): 3, label_of(errors, 4): 2}
    assert counted.groups_complete
    assert counted.total == 7
    some = errors.count(parse("exception:17 OR exception:stock"), now=NOW, by="error")
    assert some.groups == {label_of(errors, 1): 1, label_of(errors, 4): 2}


def test_series_have_a_line_for_each_error(errors: Store) -> None:
    series = errors.series(
        Has("error"), now=NOW, measure="count", start=BASE, end=BASE + 600, bucket_s=60, by="error"
    )

    assert isinstance(series, CountSeries)
    assert [(line.value, line.total.failed) for line in series.groups] == [
        (label_of(errors, 1), 3), (label_of(errors, 4), 2),
    ]  # fmt: skip
    assert series.complete
    assert series.other is None


def test_errors_are_suggested_by_any_part_of_their_titles(errors: Store) -> None:
    suggested = errors.suggest("error", "no ")

    assert [(each.value, each.count) for each in suggested] == [
        (label_of(errors, 1), 3),
        (label_of(errors, 4), 2),
    ]
    assert [each.value for each in errors.suggest("error", "STOCK")] == [label_of(errors, 4)]
    assert [each.value for each in errors.suggest("error", id_of(errors, 4)[:5])] == [
        label_of(errors, 4)
    ]


def test_a_task_keeps_the_error_that_it_was_tried_again_for(store: Store) -> None:
    store.apply([*retried(uuid_of(1), BASE), *succeeded(uuid_of(1), BASE + 100)[1:]])

    task = store.task(uuid_of(1))

    assert task is not None
    assert task.state == SUCCESS
    assert task.exception is not None
    assert task.error is not None
    assert found(store, "error:OSError state:SUCCESS") == [1]


def test_an_error_that_is_told_later_takes_the_place_of_the_first(store: Store) -> None:
    store.apply([*retried(uuid_of(1), BASE)])
    before = label_of(store, 1)

    store.apply(timed_out(1, 3)[1:])

    assert label_of(store, 1) != before
    assert found(store, And((Matches("error", Comparison.CONTAINS, ("OSError",)),))) == []
    assert store.count(EVERYTHING, now=NOW, by="error").groups == {label_of(store, 1): 1}


def test_tasks_without_texts_of_an_error_have_none(store: Store) -> None:
    store.apply(
        [Event(type="task-failed", timestamp=BASE, hostname=WORKER, uuid=uuid_of(1)),
         Event(type="task-failed", timestamp=BASE, hostname=WORKER, uuid=uuid_of(2), exception="")]
    )  # fmt: skip

    assert found(store, "has:error") == []
    assert found(store, Not(Has("error"))) == [1, 2]

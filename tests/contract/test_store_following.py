"""What every store tells of changes and of itself: `follow`, `collectors`, `status`."""

from __future__ import annotations

import pytest

from tests.contract import stories
from tests.contract.stories import BASE, uuid_of
from umbel.store.base import COLLECTORS_MAX, CollectorStatus, MetricCounts, Retention, Store


def test_follow_gives_each_changed_task_once_as_it_is_now(store: Store) -> None:
    store.apply(stories.succeeded(uuid_of(1), BASE)[:2])
    begun = store.seq()
    store.apply(stories.succeeded(uuid_of(2), BASE + 1))
    store.apply(stories.succeeded(uuid_of(1), BASE))

    changes = store.follow(0)

    assert [change.task.uuid for change in changes.items] == [uuid_of(2), uuid_of(1)]
    assert [change.task for change in changes.items] == [
        store.task(uuid_of(2)),
        store.task(uuid_of(1)),
    ]
    assert changes.skipped == 0
    assert changes.seq > begun
    seqs = [change.seq for change in changes.items]
    assert seqs == sorted(seqs)
    assert all(begun < seq <= changes.seq for seq in seqs)


def test_follow_tells_what_each_task_was_at_the_number_asked_with(store: Store) -> None:
    slow, quick, steady = (
        stories.failed(uuid_of(1), BASE),
        stories.succeeded(uuid_of(2), BASE),
        stories.succeeded(uuid_of(3), BASE),
    )
    store.apply([*slow[:2], *steady[:1]])
    store.apply(slow[:3])
    began = store.seq()
    store.apply([*slow[3:], *quick[:2]])
    store.apply(quick[2:])

    changes = store.follow(began)

    assert [(change.task.uuid, change.was, change.task.state) for change in changes.items] == [
        (uuid_of(1), "STARTED", "FAILURE"),
        (uuid_of(2), None, "SUCCESS"),
    ]
    assert {change.task.uuid: change.was for change in store.follow(0).items} == {
        uuid_of(1): None, uuid_of(2): None, uuid_of(3): None,
    }  # fmt: skip


def test_following_on_gives_only_what_is_new(store: Store) -> None:
    store.apply(stories.shop())
    known = store.follow(0)
    assert store.follow(known.seq).items == ()
    assert store.follow(known.seq).seq == known.seq

    store.apply(stories.begun(uuid_of(9), BASE))

    after = store.follow(known.seq)
    assert [change.task.uuid for change in after.items] == [uuid_of(9)]
    assert after.seq > known.seq
    assert store.follow(after.seq).items == ()


def test_follow_keeps_the_newest_and_counts_what_it_left_out(store: Store) -> None:
    for number in range(5):
        store.apply(stories.begun(uuid_of(number), BASE + number))

    changes = store.follow(0, limit=2)

    assert [change.task.uuid for change in changes.items] == [uuid_of(3), uuid_of(4)]
    assert changes.skipped == 3


def test_follow_with_a_number_never_given_says_begin_anew(store: Store) -> None:
    store.apply(stories.shop())

    for never_given in (store.seq() + 1_000_000, -1):
        changes = store.follow(never_given)

        assert changes.items == ()
        assert changes.skipped is None
        assert changes.seq == store.seq()


def test_the_watermark_is_where_following_begins(store: Store) -> None:
    assert store.seq() == store.follow(0).seq == 0

    store.apply(stories.shop())

    assert store.seq() == store.follow(0).seq == store.status().seq > 0
    assert store.follow(store.seq()).items == ()


def test_tasks_that_changed_together_are_followed_together(store: Store) -> None:
    store.apply([e for n in range(3) for e in stories.begun(uuid_of(n), BASE + n)])

    changes = store.follow(0)

    assert {change.task.uuid for change in changes.items} == {uuid_of(n) for n in range(3)}
    assert store.follow(changes.seq).items == ()


def collector(name: str, events: int) -> CollectorStatus:
    return CollectorStatus(
        collector=name, pid=1, started=BASE, at=BASE + events, broker="connected",
        broker_url="redis://localhost", transport="redis", events=events,
        gaps=((BASE, BASE + 1),), faults={"not-json": 1}, samples=(("a", "b", "c"),),
    )  # fmt: skip


def test_each_collector_is_known_by_what_it_said_last(store: Store) -> None:
    assert store.collectors() == ()

    store.report(collector("two", 1))
    store.report(collector("one", 2))
    store.report(collector("two", 3))

    assert store.collectors() == (collector("one", 2), collector("two", 3))


def test_a_thousand_restarts_leave_the_last_few_collectors_and_what_they_counted(
    store: Store,
) -> None:
    for number in range(1_000):
        store.report(collector(f"eu-1-{number}", number))
        store.keep_metric_counts(MetricCounts(collector=f"eu-1-{number}", started=1.0, bounds=()))
        if number % 100 == 0:
            store.trim(Retention(), BASE)
    store.trim(Retention(), BASE)

    left = {f"eu-1-{number}" for number in range(1_000 - COLLECTORS_MAX, 1_000)}
    assert {each.collector for each in store.collectors()} == left
    assert {each.collector for each in store.metric_counts()} == left


def test_the_status_counts_what_is_stored(store: Store) -> None:
    empty = store.status()
    assert (empty.tasks, empty.oldest, empty.newest) == (0, None, None)

    store.apply(stories.shop())

    status = store.status()
    assert status.tasks == 6
    assert status.seq == store.seq()
    assert status.oldest == pytest.approx(BASE, abs=61)
    assert status.newest == pytest.approx(BASE + 300, abs=61)
    assert status.size_bytes > 0
    assert status.kind
    assert status.location

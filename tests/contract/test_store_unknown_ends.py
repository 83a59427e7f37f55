"""Tasks of which nobody knows the end are found, counted and followed like all others."""

from __future__ import annotations

from tests.contract.stories import BASE, begun, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.cluster.reconciled import Provenance, detail_of
from umbel.query.ast import Comparison, Matches
from umbel.query.parse import parse
from umbel.store.base import Store


def unknown(uuid: str, at: float, known: int) -> Event:
    detail = detail_of(Provenance(source="worker", at=at, why="worker-lost", sources=("worker",)))
    return Event(
        type="reconciled-unknown",
        timestamp=at,
        hostname="",
        uuid=uuid,
        processed=known,
        detail=detail,
    )


def test_an_unknown_end_is_found_and_counted(store: Store) -> None:
    store.apply([*begun(uuid_of(1), BASE), *succeeded(uuid_of(2), BASE), *begun(uuid_of(3), BASE)])
    seq = store.seq()

    store.apply([unknown(uuid_of(1), BASE + 0.5, 3)])

    lost = Matches("state", Comparison.EQUALS, ("UNKNOWN",))
    assert [task.uuid for task in store.search(lost, now=BASE).items] == [uuid_of(1)]
    every = store.count(parse(""), now=BASE, by="state")
    assert every.groups == {"UNKNOWN": 1, "SUCCESS": 1, "STARTED": 1}
    changes = store.follow(seq).items
    assert [(each.task.state, each.was) for each in changes] == [("UNKNOWN", "STARTED")]
    assert [each.value for each in store.suggest("state", "unk")] == ["UNKNOWN"]
    assert [task.uuid for task in store.search(parse("is:reconciled"), now=BASE).items] == [
        uuid_of(1)
    ]


def test_what_is_heard_after_all_takes_it_back(store: Store) -> None:
    events = succeeded(uuid_of(1), BASE)
    store.apply([*events[:-1], unknown(uuid_of(1), BASE + 0.5, 3)])
    seq = store.seq()

    store.apply(events)

    task = store.task(uuid_of(1))
    assert task is not None
    assert (task.state, task.flags) == ("SUCCESS", ())
    assert [each.was for each in store.follow(seq).items] == ["UNKNOWN"]
    assert store.count(parse("state:UNKNOWN"), now=BASE).total == 0


def test_an_unknown_end_is_not_among_those_that_ended(store: Store) -> None:
    store.apply([*begun(uuid_of(1), BASE), unknown(uuid_of(1), BASE + 0.5, 3)])

    series = store.series(
        parse(""), now=BASE, measure="count", start=BASE, end=BASE + 60, bucket_s=60.0
    )

    assert (series.total.seen, series.total.succeeded, series.total.failed) == (1, 0, 0)  # type: ignore[union-attr]

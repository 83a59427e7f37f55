"""What every store does with events: `apply`, `task`, `workers`, `close`."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract import stories
from tests.contract.answers import everything, known, truth, unchanged
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, uuid_of
from umbel.cluster.events import Event
from umbel.cluster.worker import SignOfLife, observe
from umbel.store.base import Store


def test_a_task_is_what_its_events_say(store: Store) -> None:
    events = stories.shop()

    assert store.apply(events)

    assert everything(store) == truth(events)


def test_an_unknown_task_is_none(store: Store) -> None:
    store.apply(stories.shop())

    assert store.task(uuid_of(99)) is None
    assert store.task("") is None
    assert store.task("no uuid at all ' \" %") is None


def test_events_that_are_known_change_nothing(store: Store) -> None:
    store.apply(stories.shop())
    seq = store.seq()
    tasks = everything(store)

    store.apply(stories.shop())

    assert everything(store) == tasks
    assert store.follow(seq).items == ()


def test_the_same_event_twice_in_one_batch_counts_once(store: Store) -> None:
    events = stories.succeeded(uuid_of(1), BASE)

    store.apply([*events, *events])

    assert store.status().tasks == 1
    assert everything(store) == truth(events)


def test_what_was_known_is_told_apart_from_what_is_new(store: Store) -> None:
    first, second, third = stories.succeeded(uuid_of(1), BASE)[:3]
    new = store.apply([first, second])

    again = store.apply([second, third, third])

    assert new.repeated == []
    assert again.changed
    assert sorted(map(id, again.repeated)) == sorted([id(second), id(third)])


def test_nothing_at_all_can_be_applied(store: Store) -> None:
    store.apply([])

    assert store.status().tasks == 0
    assert store.workers() == ()


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 12))
def test_any_order_in_any_batches_gives_the_same_tasks(
    store_factory: StoreFactory, seed: int, size: int
) -> None:
    events = stories.shop()
    shuffled = [*events, *random.Random(seed).sample(events, 8)]
    random.Random(seed).shuffle(shuffled)
    store = store_factory()

    for start in range(0, len(shuffled), size):
        store.apply(shuffled[start : start + size])

    assert everything(store) == truth(events)


def test_a_late_event_finds_its_task_in_an_old_partition(store_factory: StoreFactory) -> None:
    store = store_factory(partition_tasks=2)
    tasks = [stories.succeeded(uuid_of(n), BASE + n) for n in range(9)]
    for events in tasks:
        store.apply(events[:-1])

    assert store.apply(tasks[0][-1:])

    assert known(store, uuid_of(0)) == truth(tasks[0])[uuid_of(0)]
    assert store.status().tasks == 9


def test_text_of_every_kind_is_kept_as_it_is(store: Store) -> None:
    odd = "{'é': '\N{GRINNING FACE}', 'q': \"it's\", 'line': 'a\nb', 'pct': '%_\\\\'}"
    events = stories.succeeded(uuid_of(1), BASE, name="ünï.çödé 'x'", kwargs=odd, queue="a b")

    store.apply(events)

    assert known(store, uuid_of(1)) == truth(events)[uuid_of(1)]


@pytest.mark.parametrize("uuid", ["1", "A" * 255, "not-a-uuid", "ünï", uuid_of(1).upper()])
def test_a_task_id_may_be_any_text(store: Store, uuid: str) -> None:
    events = stories.succeeded(uuid, BASE)

    store.apply(events)

    assert known(store, uuid) == truth(events)[uuid]


def test_ids_that_differ_in_case_are_two_tasks(store: Store) -> None:
    lower = "abcdefab-0000-4000-8000-000000000001"
    store.apply([*stories.succeeded(lower, BASE), *stories.failed(lower.upper(), BASE)])

    assert store.status().tasks == 2
    assert [store.task(uuid).state for uuid in (lower, lower.upper())] == ["SUCCESS", "FAILURE"]  # type: ignore[union-attr]


def test_events_of_the_applications_own_are_notes(store: Store) -> None:
    progress = Event(
        type="task-progress", timestamp=BASE + 1, hostname="gen9@w", uuid=uuid_of(1),
        detail='{"percent": 50}',
    )  # fmt: skip
    events = [*stories.begun(uuid_of(1), BASE), progress]

    store.apply(events)

    task = store.task(uuid_of(1))
    assert task is not None
    assert unchanged(task) == truth(events)[uuid_of(1)]
    assert [note.type for note in task.notes] == ["task-progress"]


def test_events_about_no_task_and_no_worker_are_passed_over(store: Store) -> None:
    odd = [
        Event(type="task-custom", timestamp=BASE, hostname="w"),
        Event(type="worker-lunch", timestamp=BASE, hostname="w"),
        Event(type="weather", timestamp=BASE, hostname="w"),
    ]

    store.apply([*odd, *stories.begun(uuid_of(1), BASE)])

    assert store.status().tasks == 1
    assert store.workers() == ()


def test_workers_are_what_their_events_say_by_name(store: Store) -> None:
    beats = [
        stories.heartbeat("celery@b", BASE, active=1, processed=5),
        stories.heartbeat("celery@a", BASE + 1),
        stories.heartbeat("celery@b", BASE + 2, active=2, processed=7),
    ]

    assert store.apply([beats[2], beats[1], beats[0]])

    expected = observe(observe(None, beats[2]), beats[0])
    assert store.workers() == (observe(None, beats[1]), expected)
    store.apply(beats)
    assert store.workers() == (observe(None, beats[1]), expected)


def test_a_store_may_be_closed_twice(store: Store) -> None:
    store.apply(stories.shop())

    store.close()
    store.close()


def test_values_that_leave_the_store_cannot_be_changed(store: Store) -> None:
    store.apply(stories.shop())
    task = store.task(uuid_of(1))
    assert task is not None

    with pytest.raises(AttributeError):
        task.state = "FAILURE"  # type: ignore[misc]
    assert msgspec.structs.replace(task, state="FAILURE") != store.task(uuid_of(1))


def test_signs_of_life_date_what_workers_say_and_are_kept(store: Store) -> None:
    beat = stories.heartbeat(stories.WORKER, BASE + 3_600, active=1, processed=1)
    signs = [
        SignOfLife(hostname=stories.WORKER, heard=BASE, skew_s=3_600),
        SignOfLife(hostname="quiet@h", heard=BASE),
    ]

    store.apply([beat], signs=signs)
    store.apply([], signs=[SignOfLife(hostname="quiet@h", heard=BASE - 1, takes=True)])

    found = {worker.hostname: worker for worker in store.workers()}
    assert (found[stories.WORKER].heartbeat, found[stories.WORKER].skew_s) == (BASE, 3_600)
    assert (found["quiet@h"].heard, found["quiet@h"].took) == (BASE, BASE - 1)

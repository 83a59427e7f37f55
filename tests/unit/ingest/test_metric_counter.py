"""What a collector counts for `/metrics`, by worker and task name."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.support.captures import CAPTURES
from tests.support.captures import events as captured
from umbel.cluster.events import Event
from umbel.cluster.task import Task
from umbel.errors import StoreUnwritable
from umbel.services.ingest import metric_counter
from umbel.services.ingest.metric_counter import OTHER, MetricCounter
from umbel.store.base import TaskCounts
from umbel.store.memory import MemoryStore

NOW = 1_795_000_000.0
W = "w@h"


def knows_none(_: str) -> Task | None:
    return None


def event(kind: str, uuid: str = "u", worker: str = W, at: float = 0.0, **more: Any) -> Event:
    return Event(type=kind, timestamp=NOW + at, hostname=worker, uuid=uuid, **more)


def received(uuid: str = "u", name: str = "add", worker: str = W, **more: Any) -> Event:
    return event("task-received", uuid, worker, name=name, **more)


def life(uuid: str = "u", name: str = "add", worker: str = W, runtime: float = 0.2) -> list[Event]:
    return [
        received(uuid, name, worker),
        event("task-started", uuid, worker, at=1.5),
        event("task-succeeded", uuid, worker, at=2, runtime=runtime),
    ]


def counted(
    events: Sequence[Event], task_of: Callable[[str], Task | None] = knows_none
) -> dict[tuple[str, str], TaskCounts]:
    found = MetricCounter(task_of)
    found.count(events, 1.0, NOW)
    return told(found)


def told(found: MetricCounter) -> dict[tuple[str, str], TaskCounts]:
    return {(each.worker, each.task): each for each in found.metric_counts("c", NOW).items}


def changed(found: MetricCounter) -> bool:
    return found.changed


def test_every_task_event_counts_for_its_worker_and_the_name_of_its_task() -> None:
    sent = event("task-sent", "b", "gen7@web", name="mul")

    found = counted([*life("a"), sent, *life("b", "mul", "other@h"), event("task-progress", "x")])

    once = {"task-received": 1, "task-started": 1, "task-succeeded": 1}
    assert {key: each.events for key, each in found.items()} == {
        (W, "add"): once,
        ("gen7@web", "mul"): {"task-sent": 1},
        ("other@h", "mul"): once,
        (W, ""): {"task-progress": 1},
    }


def test_workers_own_events_count_for_no_task() -> None:
    assert counted([event("worker-heartbeat", "", active=1)]) == {}


@pytest.mark.parametrize("end", ["task-failed", "task-revoked", "task-rejected", "task-retried"])
def test_ends_of_every_kind_have_the_name_of_their_task(end: str) -> None:
    found = counted([received(), event("task-started"), event(end)])

    assert found[W, "add"].events == {"task-received": 1, "task-started": 1, end: 1}


def test_events_of_a_task_that_moved_count_for_who_sent_them() -> None:
    found = counted([received(), event("task-started", worker="v@h"), event("task-failed")])

    assert found[W, "add"].events == {"task-received": 1, "task-failed": 1}
    assert found["v@h", "add"].events == {"task-started": 1}


def test_a_runtime_falls_into_the_bucket_that_ends_at_it_or_above() -> None:
    found = MetricCounter(knows_none, (0.1, 1.0))
    runtimes = (0.05, 0.1, 0.5, 1.0, 7.0)

    for number, runtime in enumerate(runtimes):
        found.count(life(str(number), runtime=runtime), 1.0, NOW)

    events_seen = told(found)[W, "add"]
    assert events_seen.runtimes == (2, 2, 1)
    assert events_seen.runtime_s == pytest.approx(sum(runtimes))


def test_without_a_runtime_there_is_no_histogram() -> None:
    assert counted([received(), event("task-started")])[W, "add"].runtimes == ()


def test_the_wait_is_that_of_the_task_that_began_last_until_one_ends() -> None:
    found = MetricCounter(knows_none)
    first, second = life("a"), life("b")

    found.count(first[:1], 1.0, NOW)
    assert told(found)[W, "add"].waited_s is None
    found.count([*second[:1], *first[1:2]], 2.0, NOW)
    assert told(found)[W, "add"].waited_s == 1.5
    found.count(first[2:], 3.0, NOW)
    assert told(found)[W, "add"].waited_s == 0.0


def test_tasks_with_an_eta_wait_on_purpose() -> None:
    later = received(eta="2030-01-01T00:00:00")

    found = counted([later, event("task-started", at=900)])[W, "add"]

    assert (found.waited_s, found.is_due) == (None, False)


def test_a_clock_that_goes_back_makes_no_wait_negative() -> None:
    assert counted([received(), event("task-started", at=-5)])[W, "add"].waited_s == 0.0


def test_after_a_restart_names_are_asked_of_the_store_once_for_each_task() -> None:
    store = MemoryStore()
    store.apply(life("a", "old"))
    asked: list[str] = []

    def task_of(uuid: str) -> Task | None:
        asked.append(uuid)
        return store.task(uuid)

    found = counted([*life("a")[1:], *life("b")[1:]], task_of)

    assert found[W, "old"].events == {"task-started": 1, "task-succeeded": 1}
    assert found[W, ""].events == {"task-started": 1, "task-succeeded": 1}
    assert asked == ["a", "b"]


def test_the_store_is_asked_only_so_much_for_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_counter, "LOOKUPS_MAX", 3)
    asked: list[str] = []

    found = counted([event("task-started", str(n)) for n in range(9)], asked.append)

    assert len(asked) == 3
    assert found[W, ""].events == {"task-started": 9}


def test_a_store_that_cannot_be_read_costs_the_name_alone() -> None:
    def broken(_: str) -> Task | None:
        raise StoreUnwritable("The disk is gone.")

    assert counted([event("task-started")], broken)[W, ""].events == {"task-started": 1}


def test_many_tasks_in_flight_are_remembered_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metric_counter, "IN_FLIGHT_MAX", 10)
    asked: list[str] = []
    found = MetricCounter(asked.append)

    for number in range(40):
        found.count([received(str(number))], 1.0, NOW)
    found.count([event("task-started", str(n)) for n in range(40)], 2.0, NOW)

    assert 20 <= len(asked) < 40
    assert found._in_flight.keys() | found._older.keys() <= {str(n) for n in range(40)}
    assert told(found)[W, "add"].events["task-started"] == 40 - len(asked)


def test_pairs_beyond_the_bound_are_counted_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_counter, "PAIRS_MAX", 5)

    found = counted([each for n in range(20) for each in life(str(n), f"task-{n}")])

    assert len(found) == 6
    assert found[OTHER, OTHER].events["task-succeeded"] == 15
    assert sum(found[OTHER, OTHER].runtimes) == 15
    assert all(each.events["task-succeeded"] == 1 for each in found.values() if each.task != OTHER)


def test_types_of_events_beyond_the_bound_are_counted_as_one() -> None:
    kinds = [f"task-custom-{n}" for n in range(100)]

    events = counted([received(), *map(event, kinds), event("task-failed")])[W, "add"].events

    assert len(events) <= metric_counter.TYPES_MAX + 3
    assert events["task-failed"] == 1
    assert sum(events.values()) == 102
    assert events[OTHER] > 0


def test_a_worker_that_is_silent_for_a_day_leaves_and_one_that_beats_stays() -> None:
    found = MetricCounter(knows_none)
    found.count([*life("a"), *life("b", worker="idle@h")], 100.0, NOW)

    for hour in range(1, 26):
        found.count([event("worker-heartbeat", "", "idle@h")], 100.0 + hour * 3_600, NOW)

    assert told(found).keys() == {("idle@h", "add")}


def test_workers_that_come_and_go_make_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_counter, "PAIRS_MAX", 5)
    found = MetricCounter(knows_none)
    for number in range(6):
        found.count(life("a", worker=f"pod-{number}@h"), 100.0, NOW)

    found.count(life("a", worker="new@h"), 900.0, NOW)
    found.count(life("b", worker="new@h"), 901.0, NOW)

    assert ("new@h", "add") in told(found)
    assert not any(worker.startswith("pod") for worker, _ in told(found))


def test_a_worker_that_left_begins_again_at_zero() -> None:
    found = MetricCounter(knows_none)
    found.count([*life("a"), *life("b")[:1]], 100.0, NOW)

    found.count(
        [event("worker-heartbeat", "", "v@h")], 100.0 + 2 * metric_counter.GONE_AFTER_S, NOW
    )
    found.count(life("b")[1:], 200.0 + 2 * metric_counter.GONE_AFTER_S, NOW + 9)

    events_seen = told(found)[W, "add"]
    assert events_seen.events == {"task-started": 1, "task-succeeded": 1}
    assert events_seen.since == NOW + 9


def test_only_what_changed_is_to_be_told() -> None:
    found = MetricCounter(knows_none)
    assert changed(found)

    found.changed = False
    found.count([event("worker-heartbeat", "")], 1.0, NOW)
    assert not changed(found)
    found.count(life(), 2.0, NOW)
    assert changed(found)


@pytest.mark.parametrize("capture", CAPTURES)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_real_clusters_are_counted_alike_in_batches_of_any_size(capture: str, size: int) -> None:
    events = captured(capture)
    store = MemoryStore()
    found = MetricCounter(store.task)

    for at in range(0, len(events), size):
        store.apply(events[at : at + size])
        found.count(events[at : at + size], 1.0, NOW)

    names: dict[str, str] = {}  # a task that is replaced goes on under another name
    expected: Counter[tuple[str, str, str]] = Counter()
    for each in events:
        if each.is_task:
            names[each.uuid] = each.name or names.get(each.uuid, "")
            expected[each.hostname, names[each.uuid], each.type] += 1
    assert expected == {
        (*key, kind): count
        for key, events_seen in told(found).items()
        for kind, count in events_seen.events.items()
    }
    runtimes = [each.runtime for each in events if each.runtime]
    assert sum(sum(each.runtimes) for each in told(found).values()) == len(runtimes)


def test_tasks_that_have_ended_are_forgotten() -> None:
    found = MetricCounter(knows_none)
    lives = [life(str(number)) for number in range(500)]
    random.Random(1).shuffle(lives)

    found.count([each for one in lives for each in one], 1.0, NOW)

    assert not found._in_flight

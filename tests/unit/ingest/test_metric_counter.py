"""What a collector counts for `/metrics`, by worker and task name."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.captures import CAPTURES
from tests.support.captures import events as captured
from umbel.cluster.events import Event
from umbel.cluster.task import Task
from umbel.errors import StoreUnwritable
from umbel.services.ingest import metric_counter
from umbel.services.ingest.metric_counter import WAIT_BOUNDS, MetricCounter
from umbel.services.ingest.metric_pair import OTHER, TYPES_MAX
from umbel.services.metric_sums import both
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
    """What was counted in all queues together."""
    by_pair: dict[tuple[str, str], TaskCounts] = {}
    for each in found.metric_counts("c", NOW).items:
        key = each.worker, each.task
        by_pair[key] = both(by_pair[key], each) if key in by_pair else each
    return by_pair


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


def test_workers_beyond_the_bound_are_one_and_names_beyond_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metric_counter, "PAIRS_MAX", 5)
    monkeypatch.setattr(metric_counter, "OTHERS_MAX", 3)

    found = counted([each for n in range(20) for each in life(str(n), f"task-{n}")])

    assert len(found) == 9
    assert {task for worker, task in found if worker == OTHER} == {
        "task-5", "task-6", "task-7", OTHER,
    }  # fmt: skip
    assert found[OTHER, OTHER].events["task-succeeded"] == 12
    assert sum(found[OTHER, OTHER].runtimes) == 12


def test_labels_that_are_left_out_tell_nothing_apart() -> None:
    found = MetricCounter(knows_none, without=("worker", "exception"))
    failed = event("task-failed", "b", exception="ValueError('x')")
    found.count([*life("a"), *life("b", worker="v@h")[:2], failed], 1.0, NOW)

    [pair] = found.metric_counts("c", NOW).items
    assert (pair.worker, pair.task, pair.failures) == ("", "add", {"": 1})
    assert pair.events == {
        "task-received": 2, "task-started": 2, "task-succeeded": 1, "task-failed": 1,
    }  # fmt: skip


def sent(uuid: str = "u", name: str = "add", queue: str = "mail", **more: Any) -> Event:
    return event("task-sent", uuid, "gen1@web", name=name, queue=queue, **more)


def queues(found: MetricCounter) -> dict[tuple[str, str], TaskCounts]:
    return {(each.worker, each.queue): each for each in found.metric_counts("c", NOW).items}


def test_a_task_counts_for_the_queue_in_which_it_was_sent() -> None:
    found = MetricCounter(knows_none)
    found.count([sent("a", at=-3), *life("a"), *life("b")], 1.0, NOW)

    counts = queues(found)
    assert counts["gen1@web", "mail"].events == {"task-sent": 1}
    assert counts[W, "mail"].events["task-succeeded"] == 2


def test_the_wait_is_from_being_sent_or_a_later_eta_to_the_start() -> None:
    found = MetricCounter(knows_none)
    at_once = [sent("a", at=-3), *life("a")]
    eta = datetime.fromtimestamp(NOW + 1, UTC).isoformat()
    later = [sent("b", at=-60), received("b", eta=eta), event("task-started", "b", at=1.25)]

    found.count([*at_once, *later], 1.0, NOW)

    pair = queues(found)[W, "mail"]
    assert dict(zip((*WAIT_BOUNDS, "more"), pair.waits, strict=True)).items() >= {
        (0.25, 1), (5.0, 1), (60.0, 0),
    }  # fmt: skip
    assert pair.wait_s == pytest.approx(4.75)
    assert {each.uuid for each in pair.wait_examples.values()} == {"a", "b"}


def test_a_sending_that_is_heard_late_tells_the_wait_all_the_same() -> None:
    found = MetricCounter(knows_none)
    found.count([received("a"), sent("a", at=-3), event("task-started", "a", at=0)], 1.0, NOW)

    assert sum(sum(each.waits) for each in found.metric_counts("c", NOW).items) == 1


def test_when_a_task_was_sent_before_the_collector_began_is_read_from_the_store() -> None:
    store = MemoryStore()
    events = [sent("a", at=-30), received("a"), event("task-started", "a")]
    store.apply(events)
    found = MetricCounter(store.task)

    found.count([sent("z"), *events[1:]], 1.0, NOW)

    assert queues(found)[W, "mail"].wait_s == 30


@pytest.mark.parametrize(
    ("exception", "name"),
    [
        ("ValueError('x')", "ValueError"),
        ("ConnectionError()", "ConnectionError"),
        ("requests.exceptions.ReadTimeout('x')", "ReadTimeout"),
        ("shop.Broken: no", "Broken"),
        ("<Broken>", "UnknownException"),
        ("", "UnknownException"),
        (None, "UnknownException"),
    ],
)
def test_failures_are_counted_by_the_class_of_the_exception(
    exception: str | None, name: str
) -> None:
    found = counted([received(), event("task-failed", exception=exception)])

    assert found[W, "add"].failures == {name: 1}


def test_classes_of_exceptions_beyond_the_bound_are_one() -> None:
    failed = [event("task-failed", str(n), exception=f"Error{n}()") for n in range(40)]
    failures = counted([*(received(str(n)) for n in range(40)), *failed])[W, "add"].failures

    assert len(failures) == TYPES_MAX + 1
    assert failures[OTHER] == 40 - TYPES_MAX


def test_a_collector_goes_on_with_the_counts_of_the_one_before_it() -> None:
    before, after = MetricCounter(knows_none), MetricCounter(knows_none)
    whole = MetricCounter(knows_none)
    lives = [[sent(str(n), at=-n), *life(str(n))] for n in range(8)]
    lives[3][-1] = event("task-failed", "3", exception="ValueError()")
    for each in lives:
        whole.count(each, 1.0, NOW)
    for each in lives[:4]:
        before.count(each, 1.0, NOW)

    after.resume(before.metric_counts("eu-1", NOW, {"events": 3}), 2.0)
    for each in lives[4:]:
        after.count(each, 3.0, NOW)

    assert after.metric_counts("c", NOW).items == whole.metric_counts("c", NOW).items
    assert after.metric_counts("c", NOW, {"events": 4}).totals == {"events": 7}


def test_other_buckets_begin_anew_and_counts_go_on() -> None:
    before, after = MetricCounter(knows_none, (1.0,)), MetricCounter(knows_none, (1.0, 2.0))
    before.count(life(), 1.0, NOW)

    after.resume(before.metric_counts("c", NOW), 2.0)

    pair = told(after)[W, "add"]
    assert (pair.events["task-succeeded"], pair.runtimes, pair.runtime_s) == (1, (), 0.0)


def test_types_of_events_beyond_the_bound_are_counted_as_one() -> None:
    kinds = [f"task-custom-{n}" for n in range(100)]

    events = counted([received(), *map(event, kinds), event("task-failed")])[W, "add"].events

    assert len(events) <= TYPES_MAX + 3
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

"""What comes into a queue and leaves it, over time."""

from __future__ import annotations

from collections.abc import Sequence

from tests.contract.stories import BASE, begun, heartbeat
from tests.support.clocks import SetClock
from umbel.services.cluster.queue_rates import QueueRateSeries, RateBucket, rate_buckets
from umbel.services.samples.queue_trends import DepthPoint
from umbel.store.memory import MemoryStore
from umbel.store.memory_samples import MemorySamples

STARTS = [0.0, 60.0, 120.0]


def depths(*numbers: float | None) -> list[DepthPoint]:
    """Every ten seconds from 0 on."""
    return [DepthPoint(10.0 * at, number) for at, number in enumerate(numbers)]


def out(found: Sequence[RateBucket]) -> list[float | None]:
    return [each.out_per_min for each in found]


def test_what_leaves_is_what_came_in_less_what_the_queue_grew_by() -> None:
    growing = depths(*range(0, 180, 5))

    found = rate_buckets({0.0: 40, 60.0: 30, 120.0: 50}, growing, STARTS, 60.0, 180.0, [])

    assert [each.in_per_min for each in found] == [40.0, 30.0, 50.0]
    assert out(found) == [10.0, 0.0, 20.0]


def test_more_growth_than_came_in_is_told_of_neither() -> None:
    found = rate_buckets({0.0: 5}, depths(*range(0, 70, 10)), [0.0], 60.0, 60.0, [])

    assert found == [RateBucket(0.0, None, None)]


def test_without_samples_at_both_ends_only_what_came_in_is_told() -> None:
    late = [DepthPoint(100.0, 4.0), DepthPoint(130.0, 4.0)]

    found = rate_buckets({0.0: 60, 60.0: 6}, late, [0.0, 60.0], 60.0, 120.0, [])

    assert found == [RateBucket(0.0, 60.0, None), RateBucket(60.0, 6.0, None)]


def test_nothing_is_told_of_a_time_that_nobody_saw_or_that_has_just_begun() -> None:
    flat = depths(*[3.0] * 19)

    found = rate_buckets({}, flat, STARTS, 60.0, 130.0, [(70.0, 75.0)])

    assert found == [
        RateBucket(0.0, 0.0, 0.0),
        RateBucket(60.0, None, None),
        RateBucket(120.0, None, None),
    ]
    assert rate_buckets(None, flat, [0.0], 60.0, 60.0, []) == [RateBucket(0.0, None, None)]


def test_a_bucket_that_is_not_over_counts_by_the_time_that_it_lasted() -> None:
    found = rate_buckets({120.0: 30}, depths(*[3.0] * 19), [120.0], 60.0, 150.0, [])

    assert found == [RateBucket(120.0, 60.0, 60.0)]


class Scene:
    def __init__(self) -> None:
        self.clock = SetClock(BASE + 1_800)
        self.store, self.samples = MemoryStore(), MemorySamples()
        self.rates = QueueRateSeries(self.store, self.samples, self.clock)


def test_a_queue_has_its_own_tasks_counted() -> None:
    scene = Scene()
    scene.store.apply([heartbeat("w@a", BASE, active=0, processed=0)])
    for number in range(60):
        queue = "mail" if number % 3 == 0 else "other"
        scene.store.apply(begun(f"t{number}", BASE + 30 * number, queue=queue))
    for at in range(0, 1_800, 10):
        scene.samples.keep("queue", BASE + at, {"mail": (7.0, 7.0, None, 1.0, 0.0)})

    found = scene.rates.of("mail", BASE, BASE + 1_800)

    assert (found.came_in, found.unknown) == (20, None)
    middle = found.buckets[3:-3]
    assert {each.out_per_min for each in middle} <= {0.0, 1.0, 2.0, 0.67}
    assert all(each.in_per_min == each.out_per_min for each in middle)


def test_a_queue_that_grows_by_what_nobody_tells_of_has_no_rates() -> None:
    scene = Scene()
    scene.store.apply(begun("t", BASE + 900, queue="mail"))
    for at in range(0, 1_800, 10):
        scene.samples.keep("queue", BASE + at, {"mail": (at / 10, at / 10, None, 1.0, None)})

    found = scene.rates.of("mail", BASE, BASE + 1_800)

    assert (found.came_in, found.since) == (None, BASE + 900)
    assert "grew by more than events tell of" in (found.unknown or "")


def test_tasks_that_do_not_tell_their_queue_leave_it_unknown() -> None:
    scene = Scene()
    for number in range(10):
        events = begun(f"t{number}", BASE + number, queue="mail")
        scene.store.apply(events if number else events[1:])

    found = scene.rates.of("mail", BASE, BASE + 1_800)

    assert found.came_in is None
    assert "task_send_sent_event" in (found.unknown or "")
    assert {each.in_per_min for each in found.buckets} == {None}

"""Loss, by the workers' own count."""

from __future__ import annotations

import pytest

from tests.support.captures import CAPTURES, events
from umbel.cluster.events import Event
from umbel.services.loss import PROCESSES_MAX, LossEstimate

NOW = 1_795_000_000.0


def beat(processed: int | None, hostname: str = "w1@h", pid: int = 1) -> Event:
    return Event(
        type="worker-heartbeat", timestamp=NOW, hostname=hostname, pid=pid, processed=processed
    )


def started(count: int = 1, hostname: str = "w1@h", pid: int = 1) -> list[Event]:
    one = Event(type="task-started", timestamp=NOW, hostname=hostname, pid=pid, uuid="u")
    return [one] * count


def flat(told: object) -> list[Event]:
    if isinstance(told, Event):
        return [told]
    assert isinstance(told, list)
    return told


def lost(*told: object) -> int:
    estimate = LossEstimate()
    for one in told:
        estimate.see(flat(one))
    return estimate.lost


def test_nothing_is_lost_when_the_counts_agree() -> None:
    assert lost(beat(10), started(5), beat(15), started(2), beat(17), beat(17), beat(17)) == 0


def test_what_came_before_the_first_heartbeat_is_not_judged() -> None:
    assert lost(started(3), beat(1000), started(1), beat(1001), beat(1001), beat(1001)) == 0


def test_a_lasting_difference_is_a_loss() -> None:
    assert lost(beat(0), started(5), beat(8), beat(8), beat(8)) == 3


@pytest.mark.parametrize("processed", [-5, 2**63 - 1])
def test_a_count_that_no_worker_can_reach_is_none(processed: int) -> None:
    assert lost(beat(0), started(1), *[beat(processed)] * 5, beat(1), beat(1), beat(1)) == 0


def test_events_overtaken_by_a_heartbeat_are_no_loss() -> None:
    assert lost(beat(0), started(1), beat(5), started(4), beat(5), beat(5), beat(5)) == 0


def test_late_events_take_a_loss_back() -> None:
    assert lost(beat(0), started(1), beat(5), beat(5), beat(5), started(4), beat(5)) == 0


def test_duplicates_do_not_hide_a_later_loss() -> None:
    again = [beat(0), started(5), beat(5), started(5), beat(5), started(1)]

    assert lost(*again, beat(9), beat(9), beat(9)) == 3


def test_a_worker_that_sends_no_task_events_loses_none() -> None:
    assert lost(*(beat(count * 10) for count in range(20))) == 0


def test_task_events_switched_off_are_no_loss() -> None:
    on = [beat(0), started(5), beat(5), started(5), beat(10)]

    assert lost(*on, *(beat(10 + count * 7) for count in range(10))) == 0


def test_task_events_switched_off_on_a_slow_worker_are_no_loss() -> None:
    slow = [beat(11)] * 5 + [beat(12)] * 5 + [beat(13)] * 5

    assert lost(beat(9), started(1), beat(10), *slow) == 0


def test_a_loss_is_seen_after_task_events_were_switched_on() -> None:
    off = [beat(0), beat(50), beat(100)]

    assert lost(*off, started(5), beat(105), started(1), beat(108), beat(108), beat(108)) == 2


def test_processes_are_told_apart() -> None:
    both = [beat(0), beat(0, pid=2), started(3), started(1, pid=2)]
    after = [beat(3), beat(4, pid=2)] * 3

    assert lost(*both, *after) == 3


def test_a_heartbeat_without_a_count_says_nothing() -> None:
    assert lost(beat(0), started(1), beat(None), beat(1), beat(1), beat(1)) == 0


def test_memory_is_bounded_by_forgetting_who_was_not_heard_of() -> None:
    estimate = LossEstimate()

    estimate.see(beat(0, pid=number) for number in range(PROCESSES_MAX + 10))

    assert len(estimate._processes) == PROCESSES_MAX


def test_no_loss_is_seen_in_captures_of_real_workers() -> None:
    for capture in CAPTURES:
        estimate = LossEstimate()
        estimate.see(events(capture))
        assert estimate.lost == 0, capture


def test_a_third_left_out_of_a_real_capture_is_seen_as_lost() -> None:
    kept = [event for event in events("events_redis") if event.type != "task-started"]
    some = [event for event in events("events_redis") if event.type == "task-started"][::3]
    estimate = LossEstimate()

    estimate.see(sorted(kept + some, key=lambda event: event.timestamp))

    assert estimate.lost > 0

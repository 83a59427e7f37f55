"""Loss, by the workers' own count."""

from __future__ import annotations

import pytest

from tests.support.captures import CAPTURES, events
from umbel.cluster.events import Event
from umbel.cluster.losses import Loss, ProcessCount
from umbel.services.ingest.loss import PROCESSES_MAX, SETTLED_S, LossEstimate

NOW = 1_795_000_000.0


INTERRUPTION = "interruption"


def beat(processed: int | None, hostname: str = "w1@h", pid: int = 1, at: float = NOW) -> Event:
    return Event(
        type="worker-heartbeat", timestamp=at, hostname=hostname, pid=pid, processed=processed
    )


def started(count: int = 1, hostname: str = "w1@h", pid: int = 1, at: float = NOW) -> list[Event]:
    one = Event(type="task-started", timestamp=at, hostname=hostname, pid=pid, uuid="u")
    return [one] * count


def tell(estimate: LossEstimate, *told: object) -> LossEstimate:
    for one in told:
        if one == INTERRUPTION:
            estimate.interrupt()
        elif isinstance(one, Event):
            estimate.see([one])
        else:
            assert isinstance(one, list)
            estimate.see(one)
    return estimate


def lost(*told: object) -> int:
    return tell(LossEstimate(), *told).lost


class Kept:
    """What a store keeps of an estimate."""

    def __init__(self) -> None:
        self.processes: dict[tuple[str, int], ProcessCount] = {}
        self.losses: dict[tuple[str, int, float], Loss] = {}

    def keep(self, estimate: LossEstimate) -> None:
        changes = estimate.changes()
        if changes is None:
            return
        self.processes |= {(each.hostname, each.pid): each for each in changes.processes}
        self.losses |= {(each.hostname, each.pid, each.end): each for each in changes.losses}
        estimate.saved()

    def again(self) -> LossEstimate:
        """The estimate of the next collector."""
        return LossEstimate(self.processes.values(), self.losses.values())


def test_nothing_is_lost_when_the_counts_agree() -> None:
    assert lost(beat(10), started(5), beat(15), started(2), beat(17), beat(17), beat(17)) == 0


def test_what_came_before_the_first_heartbeat_is_not_judged() -> None:
    assert lost(started(3), beat(1000), started(1), beat(1001), beat(1001), beat(1001)) == 0


def test_a_lasting_difference_is_a_loss() -> None:
    assert lost(beat(0), started(5), INTERRUPTION, beat(8), beat(8), beat(8)) == 3


def test_without_an_interruption_what_is_missing_was_never_told() -> None:
    """Tasks with send_events=False."""
    estimate = tell(LossEstimate(), beat(0), started(5), beat(8), beat(8), beat(8))

    assert estimate.lost == 0
    changes = estimate.changes()
    assert changes is not None
    assert changes.processes[0].untold == 3


def test_the_usual_share_of_untold_tasks_is_none_of_a_loss() -> None:
    usual = [beat(0), started(10), beat(20), beat(20), beat(20)]

    assert lost(*usual, INTERRUPTION, beat(40), started(1), beat(41), beat(41), beat(41)) == 10


@pytest.mark.parametrize("processed", [-5, 2**63 - 1])
def test_a_count_that_no_worker_can_reach_is_none(processed: int) -> None:
    assert lost(beat(0), started(1), *[beat(processed)] * 5, beat(1), beat(1), beat(1)) == 0


def test_events_overtaken_by_a_heartbeat_are_no_loss() -> None:
    assert lost(beat(0), started(1), beat(5), started(4), beat(5), beat(5), beat(5)) == 0


def test_events_that_every_heartbeat_overtakes_are_no_loss() -> None:
    estimate = tell(LossEstimate(), beat(1, at=NOW), started(1, at=NOW - 0.1), beat(1, at=NOW + 2))
    estimate.interrupt()

    for count in range(2, 12):
        at = NOW + 2 * count
        tell(estimate, beat(count, at=at), started(1, at=at - 0.1))

    assert estimate.lost == 0


def test_late_events_take_a_loss_back() -> None:
    late = [beat(5), beat(5), beat(5), started(4), beat(5)]

    assert lost(beat(0), started(1), INTERRUPTION, *late) == 0


def test_duplicates_do_not_hide_a_later_loss() -> None:
    again = [beat(0), started(5), beat(5), started(5), beat(5), started(1)]

    assert lost(*again, INTERRUPTION, beat(9), beat(9), beat(9)) == 3


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

    on = [started(5), beat(105), INTERRUPTION, started(1), beat(108), beat(108), beat(108)]

    assert lost(*off, *on) == 2


def test_processes_are_told_apart() -> None:
    both = [beat(0), beat(0, pid=2), started(3), started(1, pid=2)]
    after = [beat(3), beat(4, pid=2)] * 3

    assert lost(*both, INTERRUPTION, *after) == 3


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


def test_what_is_left_out_of_a_real_capture_after_an_interruption_is_seen_as_lost() -> None:
    told = sorted(events("events_redis"), key=lambda event: event.timestamp)
    starts = [event for event in told if event.type == "task-started"]
    missed = starts[len(starts) // 3 : len(starts) // 2]
    cut = told.index(missed[-1])
    before = [event for event in told[:cut] if event not in missed]

    estimate = tell(LossEstimate(), before, INTERRUPTION, told[cut + 1 :])

    assert 0 < estimate.lost <= len(missed)


def test_a_collector_that_was_killed_goes_on_where_it_was() -> None:
    saved = Kept()
    first = tell(LossEstimate(), beat(0), started(5), beat(5))
    saved.keep(first)

    second = saved.again()
    tell(second, beat(500), started(2), beat(502), beat(502), beat(502))
    saved.keep(second)

    assert second.lost == 495
    assert saved.again().lost == 495


def test_what_was_seen_and_not_kept_is_at_most_told_as_lost_with_its_events() -> None:
    """The counts are kept with the events that they count: what is not kept is not stored."""
    saved = Kept()
    first = tell(LossEstimate(), beat(0), started(5), beat(5))
    saved.keep(first)
    tell(first, started(3), beat(8))  # never stored: killed before

    second = saved.again()
    tell(second, started(3), beat(8), beat(8), beat(8))  # delivered again

    assert second.lost == 0


def test_losses_tell_between_which_heartbeats() -> None:
    saved = Kept()
    told = [beat(0, at=NOW), started(5), beat(5, at=NOW + 2), INTERRUPTION]
    after = [
        beat(25, at=NOW + 60),
        started(1, at=NOW + 61),
        beat(26, at=NOW + 62),
        beat(26, at=NOW + 64),
    ]
    saved.keep(tell(LossEstimate(), *told, *after))

    (loss,) = saved.losses.values()

    assert (loss.hostname, loss.pid, loss.count) == ("w1@h", 1, 20)
    assert (loss.start, loss.end) == (NOW + 2, NOW + 60)


def test_redelivery_takes_a_loss_back_and_invents_none() -> None:
    """A half-open connection: newer messages come first, the older ones again and later."""
    before = [beat(0, at=NOW), started(5), beat(5, at=NOW + 2), INTERRUPTION]
    newer = [
        beat(2605, at=NOW + 20), started(5), beat(2610, at=NOW + 22), beat(2610, at=NOW + 24),
        beat(2610, at=NOW + 26),
    ]  # fmt: skip
    again = [beat(0, at=NOW), started(5), beat(5, at=NOW + 2), started(2600)]
    estimate = tell(LossEstimate(), *before, *newer)
    assert estimate.lost == 2600

    tell(estimate, *again, beat(2610, at=NOW + 28), beat(2610, at=NOW + 30))

    assert estimate.lost == 0


def test_a_loss_that_is_old_is_not_taken_back() -> None:
    told = [beat(0, at=NOW), started(5), beat(5, at=NOW + 2), INTERRUPTION]
    after = [
        beat(25, at=NOW + 4),
        started(1, at=NOW + 5),
        beat(26, at=NOW + 6),
        beat(26, at=NOW + 8),
    ]
    later = [beat(26, at=NOW + 8 + SETTLED_S), started(9), beat(26, at=NOW + 10 + SETTLED_S)]

    assert lost(*told, *after, *later) == 20


def test_a_worker_that_begins_anew_with_the_same_pid_loses_nothing() -> None:
    first = [beat(0, at=NOW), started(50), beat(50, at=NOW + 2)]
    second = [beat(0, at=NOW + 9), started(3), *(beat(3, at=NOW + at) for at in (11, 13, 15))]

    assert lost(*first, *second) == 0


def test_a_process_that_began_while_nobody_listened_has_lost_what_it_counted() -> None:
    first = [beat(0), started(50), beat(50), INTERRUPTION]

    assert lost(*first, started(2, pid=2), beat(100, pid=2), *[beat(100, pid=2)] * 3) == 98


def test_the_first_heartbeat_of_a_worker_that_nobody_knows_is_no_loss() -> None:
    known = [beat(0), started(50), beat(50), INTERRUPTION]
    other = [beat(100, "w2@h", 2)] * 4

    assert lost(*known, started(2, "w2@h", 2), *other) == 0

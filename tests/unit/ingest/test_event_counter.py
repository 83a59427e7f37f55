"""What a collector counts."""

from __future__ import annotations

import pytest

from umbel.cluster.events import Event, Fault
from umbel.services.ingest.event_counter import KINDS_MAX, OTHER, SAMPLES_MAX, EventCounter

NOW = 1_795_000_000.0


def event(kind: str = "task-started", timestamp: float = NOW) -> Event:
    return Event(type=kind, timestamp=timestamp, hostname="w@h", uuid="u")


def test_events_are_counted_by_kind() -> None:
    events_seen = EventCounter(0.0)

    events_seen.add_committed([event(), event(), event("task-progress")], 2, now=1.0, wall=NOW)

    counts = events_seen.counts(1.0)
    assert (counts.events, counts.messages) == (3, 2)
    assert counts.kinds == {"task-started": 2, "task-progress": 1}


def test_kinds_beyond_the_bound_are_counted_as_one() -> None:
    events_seen = EventCounter(0.0)
    many = [event(f"custom-{number}") for number in range(KINDS_MAX * 3)]

    events_seen.add_committed([*many, *[event()] * 50], 1, now=1.0, wall=NOW)

    kinds = events_seen.counts(1.0).kinds
    assert len(kinds) <= KINDS_MAX
    assert kinds["task-started"] == 50
    assert sum(kinds.values()) == len(many) + 50
    assert kinds[OTHER] > 0


def test_lag_is_the_age_of_the_newest_event() -> None:
    events_seen = EventCounter(0.0)

    events_seen.add_committed(
        [event(timestamp=NOW - 9), event(timestamp=NOW - 3)], 1, now=1.0, wall=NOW
    )

    assert events_seen.counts(1.0).lag_s == 3.0


def test_a_clock_ahead_does_not_hide_the_lag() -> None:
    events_seen = EventCounter(0.0)

    events_seen.add_committed(
        [event(timestamp=NOW + 60), event(timestamp=NOW - 3)], 1, now=1.0, wall=NOW
    )

    assert events_seen.counts(1.0).lag_s == 3.0


def test_a_slow_clock_makes_nothing_older_than_the_wait_at_the_broker() -> None:
    """It keeps nothing at `empty_at`, so what came later has waited less than since then."""
    events_seen = EventCounter(0.0)

    events_seen.add_committed([event(timestamp=NOW - 60)], 1, now=700.0, wall=NOW, empty_at=699.5)

    assert events_seen.counts(1.0).lag_s == 0.5


def test_a_backlog_is_as_old_as_its_newest_event() -> None:
    """The broker was empty long ago: the events' own stamps say more."""
    events_seen = EventCounter(0.0)

    events_seen.add_committed([event(timestamp=NOW - 60)], 1, now=700.0, wall=NOW, empty_at=100.0)

    assert events_seen.counts(1.0).lag_s == 60.0


@pytest.mark.parametrize("jump_s", [-7_200.0, 7_200.0])
def test_a_clock_that_is_set_meanwhile_makes_nothing_late(jump_s: float) -> None:
    """Events stamped just before, committed just after."""
    events_seen = EventCounter(0.0)
    events_seen.add_committed([event(timestamp=NOW - 60)], 1, now=1.0, wall=NOW, empty_at=0.0)

    events_seen.add_committed([event(timestamp=NOW)], 1, now=9.0, wall=NOW + jump_s, empty_at=8.5)

    assert 0.0 <= events_seen.counts(9.0).lag_s <= 0.5


def test_events_that_are_all_ahead_of_the_clock_are_not_late() -> None:
    events_seen = EventCounter(0.0)
    events_seen.add_committed([event(timestamp=NOW - 60)], 1, now=1.0, wall=NOW)

    events_seen.add_committed([event(timestamp=NOW)], 1, now=2.0, wall=NOW - 7_200)

    assert events_seen.counts(2.0).lag_s == 0.0


def test_rate_is_of_the_last_ten_seconds() -> None:
    events_seen = EventCounter(0.0)
    for second in range(1, 31):
        events_seen.add_committed([event()] * 100, 1, now=second - 0.5, wall=NOW)

    assert events_seen.counts(30.0).rate == 100.0
    assert events_seen.counts(100.0).rate == 0.0


def test_the_last_faults_are_kept_as_samples() -> None:
    events_seen = EventCounter(0.0)

    events_seen.add_faults([Fault("not-json", f"No {number}.", "{") for number in range(30)], 1.0)

    counts = events_seen.counts(1.0)
    assert counts.malformed == counts.faults["not-json"] == 30
    assert len(counts.samples) == SAMPLES_MAX
    assert counts.samples[-1] == ("not-json", "No 29.", "{")

"""What a collector makes of the reports of others on the same store."""

from __future__ import annotations

from typing import Any

from tests.api.world import NOW, collector
from umbel.broker.base import SourceHealth
from umbel.services.ingest.gaps import Gaps
from umbel.services.ingest.other_collectors import OtherCollectors
from umbel.store.base import CollectorStatus

US = SourceHealth("connected", "redis", since=NOW - 100)


def other(**changes: Any) -> CollectorStatus:
    return collector(**{"collector": "b", "connected_since": NOW - 500, **changes})


def beside(*others: CollectorStatus, now: float = NOW) -> OtherCollectors:
    found = OtherCollectors("a")
    found.note([collector(collector="a"), *others], now)
    return found


def test_a_collector_that_was_connected_all_the_time_heard_it_all() -> None:
    assert beside(other()).listened_through(NOW - 60, NOW - 50)


def test_one_that_connected_later_or_was_cut_off_meanwhile_did_not() -> None:
    assert not beside(other()).listened_through(NOW - 600, NOW - 50)
    assert not beside(other(gaps=((NOW - 55, NOW - 52),))).listened_through(NOW - 60, NOW - 50)


def test_one_that_is_not_connected_or_has_ended_says_nothing() -> None:
    assert not beside(other(broker="connecting")).listened_through(NOW - 60, NOW - 50)
    assert not beside(other(ended=NOW - 1)).listened_through(NOW - 60, NOW - 50)


def test_the_one_that_has_been_connected_longest_keeps_the_counts() -> None:
    assert beside(other()).are_connected_longer(NOW - 100)
    assert not beside(other()).are_connected_longer(NOW - 900)
    assert not beside().are_connected_longer(None)


def test_of_two_that_connected_at_once_exactly_one_keeps_the_counts() -> None:
    assert not beside(other()).are_connected_longer(NOW - 500)
    assert beside(other(collector="0")).are_connected_longer(NOW - 500)


def test_who_comes_to_one_that_listens_has_missed_nothing() -> None:
    gaps = Gaps("a")
    gaps.look_back(other(at=NOW - 101))

    assert gaps.new(US, beside(other())) == []
    assert gaps.new(US, OtherCollectors("a")) == []


def test_whether_one_still_listened_is_known_once_it_reports_again_or_falls_silent() -> None:
    gaps = Gaps("a")
    killed = other(at=NOW - 101)
    gaps.look_back(killed)

    assert gaps.new(US, beside(killed, now=NOW - 99)) == []
    (absence,) = gaps.new(US, beside(killed, now=NOW - 90))
    assert (absence.start, absence.end, absence.cause) == (NOW - 101, NOW - 100, "collector-away")

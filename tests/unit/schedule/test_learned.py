"""Entries that are learned from history."""

from __future__ import annotations

from umbel.beat.base import Interval
from umbel.services.schedule.learned import learned_entry
from umbel.services.schedule.runs import EntryRun


def runs(*times: float) -> list[EntryRun]:
    return [EntryRun(uuid=str(at), at=at, is_sent=True, state="SUCCESS") for at in times]


def test_a_name_that_comes_regularly_is_an_entry() -> None:
    found = learned_entry("t", runs(*(59.9 * each + each % 2 * 0.4 for each in range(12))))

    assert found is not None
    assert (found.schedule, found.source, found.can) == (Interval(60.0), "learned", ())


def test_what_comes_by_chance_seldom_or_in_bursts_is_none() -> None:
    assert learned_entry("t", runs(*(each**2 for each in range(20)))) is None
    assert learned_entry("t", runs(0, 60, 120)) is None
    assert learned_entry("t", runs(*(0.1 * each for each in range(50)))) is None

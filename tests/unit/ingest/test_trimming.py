"""Old tasks that cannot be removed for a while are told in the log, and do not fill it."""

from __future__ import annotations

import pytest

from tests.support.clocks import SetClock, SetWallClock
from umbel.cluster.worker import SignOfLife
from umbel.errors import StoreFull
from umbel.services.ingest.trimming import Trimming
from umbel.store.base import Retention
from umbel.store.memory import MemoryStore

NOW = 1.8e9
HOUR, DAY = 3_600.0, 86_400.0


class Full(MemoryStore):
    """A store on a disk that may be full."""

    is_full = True

    def trim(self, retention: Retention, now: float) -> int:
        if self.is_full:
            raise StoreFull("The disk is full.")
        return super().trim(retention, now)


def test_a_disk_that_stays_full_is_said_once_and_again_when_it_is_full_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Full()
    trimming = Trimming(store, Retention(max_age_s=1.0), None, SetWallClock(NOW))

    for is_full in (True, True, True, False, True, True):
        store.is_full = is_full
        trimming.trim()

    assert caplog.messages == ["Old tasks cannot be removed: The disk is full."] * 2


class Aged(MemoryStore):
    """A store that tells by which time its tasks were judged last."""

    def trim(self, retention: Retention, now: float) -> int:
        self.judged_at = now
        return super().trim(retention, now)


def judged_at(trimming: Trimming, store: Aged) -> float:
    trimming.trim()
    return store.judged_at


def test_a_clock_that_is_wrong_for_a_while_takes_no_history_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock = Aged(), SetClock(NOW)
    trimming = Trimming(store, Retention(max_age_s=30 * DAY), None, clock)
    assert judged_at(trimming, store) == pytest.approx(NOW, abs=1)

    clock.ahead_s = 40 * DAY
    assert judged_at(trimming, store) == pytest.approx(NOW, abs=1)
    clock.time += 23 * HOUR
    assert judged_at(trimming, store) == pytest.approx(NOW + 23 * HOUR, abs=1)
    assert "The clock was set on by 960.0 hours" in "".join(caplog.messages)
    clock.ahead_s = 0.0
    clock.time += 10 * DAY
    assert judged_at(trimming, store) == pytest.approx(NOW + 23 * HOUR + 10 * DAY, abs=1)


def test_a_clock_that_stays_where_it_was_set_is_believed_after_a_day() -> None:
    store, clock = Aged(), SetClock(NOW)
    trimming = Trimming(store, Retention(max_age_s=30 * DAY), None, clock)
    clock.ahead_s = 40 * DAY
    assert judged_at(trimming, store) == pytest.approx(NOW, abs=1)

    clock.time += 25 * HOUR

    assert judged_at(trimming, store) == pytest.approx(NOW + 40 * DAY + 25 * HOUR, abs=1)


def test_the_workers_clocks_are_believed_where_this_one_was_wrong_before_it_began() -> None:
    store, clock = Aged(), SetClock(NOW + 40 * DAY)
    sign = SignOfLife(hostname="quiet@h", heard=clock.now(), takes=True, skew_s=-40 * DAY)
    store.apply([], signs=[sign])

    trimming = Trimming(store, Retention(max_age_s=30 * DAY), None, clock)

    assert judged_at(trimming, store) == pytest.approx(NOW, abs=1)

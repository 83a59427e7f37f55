"""Old tasks that cannot be removed for a while are told in the log, and do not fill it."""

from __future__ import annotations

import pytest

from tests.support.clocks import SetWallClock
from umbel.errors import StoreFull
from umbel.services.ingest.trimming import Trimming
from umbel.store.base import Retention
from umbel.store.memory import MemoryStore

NOW = 1.8e9


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

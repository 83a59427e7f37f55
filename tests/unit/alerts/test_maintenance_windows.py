"""When silences and maintenance windows hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from umbel.services.alerts.maintenance_windows import DAY_S, holds, occurrence
from umbel.store.alerts import Silence

BERLIN = ZoneInfo("Europe/Berlin")


def window(start: float, until: float, **given: Any) -> Silence:
    return Silence(
        id="s", rule="", subject="*", start=start, until=until, actor="ada", reason="", **given
    )


def berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def test_a_silence_holds_once() -> None:
    silence = window(100, 200)

    assert [holds(silence, now) for now in (99, 100, 199, 200)] == [False, True, True, False]
    assert occurrence(silence, 50) == (100, 200)
    assert occurrence(silence, 200) is None


def test_a_window_comes_again_every_day_until_its_last() -> None:
    silence = window(100, 200, repeat_s=DAY_S, last=3 * DAY_S)

    times = (99, 100, 199, 200, DAY_S + 99, DAY_S + 150, 2 * DAY_S + 150, 3 * DAY_S + 150)
    assert [holds(silence, now) for now in times] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert occurrence(silence, 200) == (DAY_S + 100, DAY_S + 200)
    assert occurrence(silence, 2 * DAY_S + 300) is None


@pytest.mark.parametrize("day", ["2026-03-30", "2026-07-06", "2026-10-26", "2026-12-07"])
def test_a_weekly_window_is_at_the_same_hour_in_summer_and_in_winter(day: str) -> None:
    silence = window(
        berlin("2026-01-05T02:00"), berlin("2026-01-05T04:00"), repeat_s=7 * DAY_S,
        zone="Europe/Berlin",
    )  # fmt: skip

    assert not holds(silence, berlin(f"{day}T01:59"))
    assert holds(silence, berlin(f"{day}T02:00"))
    assert holds(silence, berlin(f"{day}T03:59"))
    assert not holds(silence, berlin(f"{day}T04:00"))


def test_a_window_over_the_hour_that_comes_twice_lasts_as_long_as_ever() -> None:
    silence = window(
        berlin("2026-10-24T01:30"), berlin("2026-10-24T03:30"), repeat_s=DAY_S,
        zone="Europe/Berlin",
    )  # fmt: skip

    start = berlin("2026-10-25T01:30")
    assert occurrence(silence, start - 60) == (start, start + 7_200)
    assert holds(silence, start + 7_199)
    assert not holds(silence, start + 7_200)


def test_the_zone_of_another_machine_is_read_as_utc() -> None:
    silence = window(100, 200, repeat_s=DAY_S, zone="Mars/Olympus")

    assert occurrence(silence, 300) == (DAY_S + 100, DAY_S + 200)


def test_a_window_that_begins_in_the_hour_that_comes_twice_holds_from_its_beginning() -> None:
    again = datetime.fromisoformat("2026-10-25T02:30").replace(tzinfo=BERLIN, fold=1).timestamp()
    silence = window(again, again + 3_600, repeat_s=DAY_S, zone="Europe/Berlin")

    assert holds(silence, again)
    assert occurrence(silence, again + 60) == (again, again + 3_600)
    assert not holds(silence, again + 3_600)
    assert holds(silence, berlin("2026-10-26T02:30"))

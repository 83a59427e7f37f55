"""Where a queue is going, by its samples."""

from __future__ import annotations

import pytest

from umbel.services.samples.queue_trends import DepthPoint, QueueTrend, Trend, trend_of

NOW = 1_000_000.0


def points(*depths: float | None, step_s: float = 120.0) -> list[DepthPoint]:
    """One each two minutes, the last of them a moment ago."""
    first = NOW - 10 - step_s * (len(depths) - 1)
    return [DepthPoint(first + number * step_s, depth) for number, depth in enumerate(depths)]


@pytest.mark.parametrize(
    ("depths", "ready", "trend"),
    [
        ((0, 0, 0, 0, 20, 40, 60), 80, "growing"),
        ((1_000, 1_010, 1_020, 1_030, 1_040, 1_050, 1_060), 1_070, "steady"),
        ((80, 70, 60, 50, 30, 20, 10), 0, "draining"),
        ((0, 2, 1, 0, 3, 1, 2), 1, "steady"),
        ((10, 10, 10, 10, 500, 400, 10), 0, "steady"),
        ((500, 0, 0, 0, 0, 0, 0), 300, "steady"),
        ((0, 0, 0, 0, 0, 0, 0), 0, "steady"),
    ],
)
def test_halves_of_a_quarter_of_an_hour_are_compared(
    depths: tuple[float, ...], ready: int, trend: Trend
) -> None:
    assert trend_of(points(*depths), ready, NOW).trend == trend


@pytest.mark.parametrize(
    "known",
    [
        [],
        points(5, 50),
        points(5, 50, 500),
        points(None, None, None, None, None, 5, 50),
        [DepthPoint(each.at - 600, each.depth) for each in points(0, 0, 0, 50, 60, 70, 80)],
    ],
    ids=["none", "two", "young", "unknown", "stopped"],
)
def test_too_few_or_old_samples_make_no_trend(known: list[DepthPoint]) -> None:
    assert trend_of(known, 100, NOW).trend is None


def test_a_queue_whose_length_is_not_known_has_no_trend() -> None:
    assert trend_of(points(0, 0, 0, 50, 60, 70, 80), None, NOW).trend is None


def test_samples_each_five_minutes_are_enough() -> None:
    assert trend_of(points(0, 50, 90, step_s=300), 100, NOW).trend == "growing"


def test_an_hour_ago_is_the_nearest_sample_within_five_minutes() -> None:
    def told(*ago_s: float) -> int | None:
        known = [DepthPoint(NOW - each, each) for each in ago_s]
        return trend_of(known, 1, NOW).hour_ago

    assert told(3_900, 3_700, 3_400, 60) == 3_700
    assert told(3_290, 60) is None
    assert told() is None


def test_nothing_known_is_nothing_told() -> None:
    assert trend_of([], None, NOW) == QueueTrend(None, None)

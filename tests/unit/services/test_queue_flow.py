"""What comes into a queue and leaves it, and when it will be empty."""

from __future__ import annotations

import pytest

from umbel.services.cluster.queue_flow import QueueFlow, flow_of
from umbel.services.samples.queue_trends import DepthPoint, Trend

NOW = 1_000_000.0
SINCE = NOW - 900


def flow(
    first: float | None, ready: int | None, sent: int | None, trend: Trend | None = "steady"
) -> QueueFlow:
    """Of a queue in which `first` waited ten minutes ago."""
    points = [DepthPoint(NOW - 660, first), DepthPoint(NOW - 540, 1e9), DepthPoint(NOW - 120, 7.0)]
    return flow_of(points, ready, sent, SINCE, NOW, trend)


@pytest.mark.parametrize(
    ("first", "ready", "sent", "found"),
    [
        (0, 100, 300, QueueFlow(20.0, 10.0)),
        (100, 0, 300, QueueFlow(20.0, 30.0)),
        (0, 0, 0, QueueFlow(0.0, 0.0)),
        (0, 5, 0, QueueFlow(0.0, 0.0)),
    ],
    ids=["grows", "drains", "still", "within what samples are exact"],
)
def test_what_leaves_is_what_was_sent_less_the_growth(
    first: float, ready: int, sent: int, found: QueueFlow
) -> None:
    assert flow(first, ready, sent) == found


@pytest.mark.parametrize(
    ("first", "ready", "sent", "found"),
    [
        (0, 100, None, QueueFlow()),
        (0, 100, 15, QueueFlow()),
        (0, None, 300, QueueFlow(20.0, None)),
    ],
    ids=["nobody tells of the queue", "others send as well", "its depth is not known"],
)
def test_what_does_not_fit_or_is_not_told_is_unknown(
    first: float, ready: int | None, sent: int | None, found: QueueFlow
) -> None:
    assert flow(first, ready, sent) == found


def test_samples_that_begin_late_or_a_moment_ago_say_nothing_of_what_leaves() -> None:
    late = [DepthPoint(NOW - 420, 3.0), DepthPoint(NOW - 60, 3.0)]
    young = [DepthPoint(NOW - 60, 3.0)]

    assert flow_of(late, 3, 300, SINCE, NOW, None) == QueueFlow(20.0)
    assert flow_of(young, 3, 300, NOW - 100, NOW, None).out_per_min is None


def test_a_queue_that_drains_says_when_it_is_empty_even_if_nobody_tells_what_is_sent() -> None:
    assert flow(200, 100, None, "draining").drain_s == 600
    assert flow(200, 100, None, "steady").drain_s is None
    assert flow(100, 100, 0, "draining").drain_s is None
    assert flow(100, 0, 0, "draining").drain_s is None

"""Which time names are compared with, and when there is none."""

from __future__ import annotations

import pytest

from umbel.services.deploys.marks import DeployMark, marks_of
from umbel.services.errors.trend import TimeSpan
from umbel.services.names.earlier_time import Compared, compared
from umbel.services.names.rows import Against
from umbel.store.ledger import Deploy

HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S
NOW = 1_795_348_800.0
SPAN = TimeSpan(NOW - HOUR_S, NOW)
LONG_AGO = NOW - 30 * DAY_S


def deploy(ago_s: float) -> DeployMark:
    at = NOW - ago_s
    (mark,) = marks_of([Deploy(id="d", kind="announced", at=at, until=at, version="5.7")])
    return mark


def earlier(found: Compared) -> tuple[float, float] | None:
    """How long before now, seconds."""
    if found.earlier is None:
        return None
    return NOW - found.earlier.since, NOW - found.earlier.until


@pytest.mark.parametrize(
    ("against", "ago_s"),
    [
        ("before", (2 * HOUR_S, HOUR_S)),
        ("yesterday", (25 * HOUR_S, 24 * HOUR_S)),
        ("last-week", (7 * DAY_S + HOUR_S, 7 * DAY_S)),
    ],
)
def test_each_is_as_long_as_the_time(against: Against, ago_s: tuple[float, float]) -> None:
    found = compared(against, SPAN, None, LONG_AGO)

    assert (found.span, earlier(found)) == (SPAN, ago_s)


def test_a_deploy_within_the_time_divides_it() -> None:
    found = compared("last-deploy", SPAN, deploy(600), LONG_AGO)

    assert found.span == TimeSpan(NOW - 600, NOW)
    assert earlier(found) == (1_200, 600)
    assert found.earlier is not None
    assert found.earlier.deploy is not None
    assert found.earlier.deploy.title == "Deploy of 5.7"


def test_a_deploy_before_the_time_leaves_it_whole() -> None:
    found = compared("last-deploy", SPAN, deploy(DAY_S), LONG_AGO)

    assert (found.span, earlier(found)) == (SPAN, (DAY_S + HOUR_S, DAY_S))


@pytest.mark.parametrize(
    ("against", "why_not"),
    [
        ("before", "The history does not reach back to as long a time before."),
        ("yesterday", "The history does not reach back to the same time yesterday."),
        ("last-week", "The history does not reach back to the same time a week ago."),
        (
            "last-deploy",
            "The history does not reach back to as long a time before the last deploy.",
        ),
    ],
)
def test_what_the_history_does_not_reach_is_said(against: Against, why_not: str) -> None:
    found = compared(against, SPAN, deploy(3_000), NOW - 1.5 * HOUR_S)

    assert found == Compared(SPAN, None, why_not)


def test_without_a_deploy_nothing_is_compared() -> None:
    found = compared("last-deploy", SPAN, None, LONG_AGO)

    assert found == Compared(SPAN, None, "No deploy before this time is known.")


def test_a_time_does_not_overlap_with_what_it_is_compared_with() -> None:
    week = TimeSpan(NOW - 7 * DAY_S, NOW)

    found = compared("yesterday", week, None, LONG_AGO)

    assert found.why_not == "This time is longer than 24 h and would overlap with the other."
    assert compared("last-week", week, None, LONG_AGO).earlier is not None

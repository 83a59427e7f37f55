"""What health asked itself is remembered for an hour."""

from __future__ import annotations

from umbel.services.health.recent_samples import REMEMBERED_S, SUBJECTS_MAX, RecentSamples


def test_it_is_remembered_for_an_hour() -> None:
    recent = RecentSamples()
    for at in (0.0, 1_000.0, REMEMBERED_S + 500):
        recent.keep("queue", at, {"mail": (at,), "etl": (1.0,)})

    assert recent.points("queue", 0, 9_999, ["mail"]) == {
        "mail": {1_000: (1_000.0,), 4_100: (4_100.0,)}
    }
    assert recent.points("queue", 1_000, 4_100, None).keys() == {"mail", "etl"}
    assert recent.points("worker", 0, 9_999, None) == {}


def test_looks_that_follow_each_other_quickly_are_one() -> None:
    recent = RecentSamples()
    for at in range(100):
        recent.keep("queue", float(at), {"mail": (at,)})

    (points,) = recent.points("queue", 0, 9_999, None).values()

    assert len(points) == 10
    assert points[90] == (99,)


def test_a_clock_that_was_set_back_begins_anew_and_names_are_bounded() -> None:
    recent = RecentSamples()
    recent.keep("queue", 1_000.0, {"mail": (1,)})
    recent.keep("queue", 10.0, {f"q{n}": (1,) for n in range(SUBJECTS_MAX + 5)})

    assert len(recent.points("queue", 0, 9_999, None)) == SUBJECTS_MAX

"""Failures, waits and runtimes against the same hour of the days before."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec
import pytest

from tests.unit.health.examples import NOW, count, counts, duration, durations, found, only
from umbel.services.health.facts import CountFact, DeployFact
from umbel.store.series import Counts

USUAL = (counts(100, 2), counts(100, 4), counts(80, 1))


def test_failures_that_have_risen_are_told_with_what_was_usual() -> None:
    one = only("failures-risen", counts=(count("shop.charge", counts(60, 15), *USUAL),))

    assert one.sentence == (
        "25 % of shop.charge failed in the last 15 min (15 of 60); at this hour of the days before "
        "it was 4.0 % at most."
    )
    assert (one.severity, one.since) == ("warning", NOW - 60)
    assert one.evidence is not None
    assert one.evidence.usual == 0.04
    assert one.action.address is not None
    query = unquote(one.action.address.removeprefix("tasks?q="))
    assert query == "state:FAILURE name:=shop.charge finished:-20m.."


@pytest.mark.parametrize(
    ("ago_s", "title", "sentence"),
    [
        (60 + 240, "Deploy of 5.7", " It began 4 min after the deploy of 5.7."),
        (60 + 240, "Workers restarted", " It began 4 min after a deploy (workers restarted)."),
        (60 + 240, "Celery 5.6.0", " It began 4 min after a deploy (Celery 5.6.0)."),
        (40, "Deploy of 5.7", " It began with the deploy of 5.7."),
        (60 + 1_801, "Deploy of 5.7", ""),  # long before
        (0, "Deploy of 5.7", ""),  # after it began
    ],
)
def test_a_deploy_shortly_before_is_told(ago_s: float, title: str, sentence: str) -> None:
    deploys = (DeployFact(NOW - ago_s - 3_600, "Deploy of 5.6"), DeployFact(NOW - ago_s, title))
    slow = duration("shop.mail", durations(50, 12.0), *(durations(50, 1.0),) * 3)
    failing = count("shop.charge", counts(60, 15), *USUAL)
    failed = only("failures-risen", counts=(failing,), deploys=deploys)
    waited = only("wait-risen", waits=(slow,), deploys=deploys)
    ran = only("runtime-risen", runtimes=(slow,), deploys=deploys)

    for one in (failed, waited, ran):
        assert one.sentence.endswith(f" at most.{sentence}")


def test_a_deploy_before_a_rise_of_which_nobody_knows_when_it_began() -> None:
    fact = msgspec.structs.replace(
        count("a", counts(60, 15), *USUAL), steps=((NOW - 900, counts(60, 15)),) * 2
    )
    deploys = (DeployFact(NOW - 1_000, "Deploy of 5.7"), DeployFact(NOW - 500, "Deploy of 5.8"))

    one = only("failures-risen", counts=(fact,), deploys=deploys)

    assert one.since is None
    assert one.sentence.endswith(
        " Within half an hour before this time there was the deploy of 5.7."
    )


def test_half_of_them_is_critical() -> None:
    assert (
        only("failures-risen", counts=(count("a", counts(60, 30), *USUAL),)).severity == "critical"
    )


@pytest.mark.parametrize(
    ("ended", "failed", "usual"),
    [
        (19, 19, USUAL),  # too few of now
        (60, 4, (counts(100, 0),) * 3),  # too few failures
        (60, 7, (counts(100, 10), *USUAL)),  # one day was as bad
        (60, 15, USUAL[:2]),  # too few days before
        (60, 15, (counts(5, 0),) * 7),  # days with hardly anything
        (10_000, 600, (counts(10_000, 200),) * 7),  # less than 5 percentage points more
    ],
)
def test_thin_data_and_what_is_usual_say_nothing(
    ended: int, failed: int, usual: tuple[object, ...]
) -> None:
    assert found("failures-risen", counts=(count("a", counts(ended, failed), *usual),)) == ()  # type: ignore[arg-type]


def test_a_name_without_history_is_told_when_half_of_it_fails() -> None:
    one = only("failures-risen", counts=(count("new", counts(40, 22)),))

    assert one.sentence == "55 % of new failed in the last 15 min (22 of 40)."


def young(recent: Counts, *hours: Counts) -> CountFact:
    return msgspec.structs.replace(count("new", recent), hours=hours)


def test_a_name_without_days_is_compared_with_most_of_the_hours_before() -> None:
    rising = (counts(100, 40), counts(100, 2), counts(90, 4), counts(80, 1))
    one = only("failures-risen", counts=(young(counts(60, 15), *rising),))
    never = only("failures-risen", counts=(young(counts(60, 15), *(counts(50, 0),) * 3),))

    assert one.sentence == (
        "25 % of new failed in the last 15 min (15 of 60); in most of the 4 hours before it was "
        "4.4 % at most."
    )
    assert one.severity == "warning"
    assert one.evidence is not None
    assert one.evidence.usual == pytest.approx(4 / 90)
    assert never.sentence.endswith("; in most of the 3 hours before none did.")


@pytest.mark.parametrize(
    ("ended", "failed", "hours"),
    [
        (60, 15, (counts(100, 2),) * 2),  # too few hours
        (60, 15, (counts(19, 0),) * 6),  # hours with hardly anything
        (60, 15, (counts(100, 20),) * 4),  # most hours were as bad
        (20, 5, (counts(100, 9),) * 6),  # five of twenty may be chance
    ],
)
def test_hours_say_nothing_of_a_rise_that_may_be_none(
    ended: int, failed: int, hours: tuple[Counts, ...]
) -> None:
    assert found("failures-risen", counts=(young(counts(ended, failed), *hours),)) == ()


def test_days_that_are_known_count_more_than_hours() -> None:
    fact = msgspec.structs.replace(
        count("a", counts(60, 15), *(counts(100, 20),) * 3), hours=(counts(100, 0),) * 6
    )

    assert found("failures-risen", counts=(fact,)) == ()


def test_where_half_always_fails_all_failing_is_told() -> None:
    usual = (counts(100, 60),) * 5

    assert found("failures-risen", counts=(count("a", counts(40, 30), *usual),)) == ()
    assert found("failures-risen", counts=(count("a", counts(40, 39), *usual),))


def test_failures_near_the_threshold_do_not_flap() -> None:
    was = only("failures-risen", counts=(count("a", counts(100, 10), *USUAL),))

    def at(failed: int) -> bool:
        fact = count("a", counts(100, failed), *USUAL)
        return bool(found("failures-risen", counts=(fact,), open=frozenset([was.id])))

    assert found("failures-risen", counts=(count("a", counts(100, 8), *USUAL),)) == ()
    assert at(8)
    assert not at(7)


def test_many_names_are_the_gravest_and_a_sum() -> None:
    facts = [count(f"n{n}", counts(60, 15 + n * 5), *USUAL) for n in range(6)]

    assert [each.subject for each in found("failures-risen", counts=tuple(facts))] == [
        "n3", "n4", "n5", "",
    ]  # fmt: skip


def test_waits_that_have_risen() -> None:
    usual = (durations(50, 1.0), durations(90, 2.0), durations(40, 0.5))

    one = only("wait-risen", waits=(duration("shop.mail", durations(50, 12.0), *usual),))
    grave = only("wait-risen", waits=(duration("shop.mail", durations(50, 400.0), *usual),))

    assert one.sentence == (
        "shop.mail now waits up to 12 s (95 in 100, of 50 tasks); at this hour of the days before "
        "it was 2.0 s at most."
    )
    assert (one.severity, grave.severity) == ("warning", "critical")


def test_short_waits_and_few_tasks_or_days_say_nothing() -> None:
    usual = (durations(50, 0.1),) * 3

    for fact in (
        duration("a", durations(50, 4.0), *usual),
        duration("a", durations(19, 40.0), *usual),
        duration("a", durations(50, 40.0), *usual[:2]),
        duration("a", durations(50, 40.0), *usual, durations(30, 20.0)),
    ):
        assert found("wait-risen", waits=(fact,)) == ()


def test_runtimes_that_have_risen() -> None:
    usual = (durations(50, 1.0), durations(90, 1.2), durations(40, 0.5))

    one = only("runtime-risen", runtimes=(duration("etl", durations(50, 3.0), *usual),))

    assert one.sentence.startswith("etl now runs up to 3.0 s")
    assert found("runtime-risen", runtimes=(duration("etl", durations(50, 2.0), *usual),)) == ()

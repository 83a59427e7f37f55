"""Facts about deploys, folded to marks."""

from __future__ import annotations

from typing import Any

from umbel.services.deploys.marks import FOLD_S, SPAN_MAX_S, marks_of
from umbel.store.ledger import Deploy, DeployKind


def fact(kind: DeployKind, at: float, until: float | None = None, **more: Any) -> Deploy:
    name = f"{kind}-{at:.0f}"
    return Deploy(id=name, kind=kind, at=at, until=at if until is None else until, **more)


def announced(at: float, version: str = "5.7", **more: Any) -> Deploy:
    return fact("announced", at, version=version, actor="token:ci", **more)


def test_what_comes_with_a_deploy_is_one_mark_with_its_span() -> None:
    (mark,) = marks_of(
        [
            fact("restart", 100.0, 700.0, workers=50),
            fact("names", 120.0, added=("shop.refund",), added_count=1),
            fact("celery", 130.0, version="5.6.0", before="5.5.3"),
            announced(720.0, note="hotfix"),
        ]
    )

    assert (mark.at, mark.until, mark.id) == (100.0, 720.0, "announced-720")
    assert mark.kinds == ("announced", "names", "celery", "restart")
    assert mark.title == "Deploy of 5.7"
    assert mark.by == "token:ci"
    assert mark.changes == (
        "hotfix",
        "1 new name: shop.refund.",
        "Workers run Celery 5.6.0, it was 5.5.3.",
        "50 workers restarted.",
    )


def test_what_is_minutes_apart_is_two_deploys_the_newest_first() -> None:
    apart = fact("names", 100.0 + FOLD_S + 1, removed=("a", "b"), removed_count=2)
    late, early = marks_of([fact("restart", 100.0, workers=1), apart])

    assert (early.title, early.changes) == ("Workers restarted", ("1 worker restarted.",))
    assert (late.title, late.changes) == ("Names of tasks changed", ("2 names gone: a and b.",))


def test_two_announced_versions_are_two_deploys() -> None:
    marks = marks_of([announced(100.0, "5.7"), announced(110.0, "5.8"), fact("restart", 130.0)])

    assert [(each.version, each.kinds) for each in marks] == [
        ("5.8", ("announced", "restart")),
        ("5.7", ("announced",)),
    ]


def test_a_version_that_was_announced_twice_is_one_deploy() -> None:
    assert len(marks_of([announced(100.0), announced(160.0)])) == 1


def test_names_that_came_and_went_within_a_deploy_are_not_told() -> None:
    (mark,) = marks_of(
        [
            fact("names", 100.0, added=("new",), removed=("b",), added_count=1, removed_count=1),
            fact("names", 160.0, added=("b",), added_count=1),
        ]
    )

    assert (mark.added, mark.removed) == (("new",), ())
    assert mark.changes == ("1 new name: new.",)


def test_many_names_are_counted_and_some_told() -> None:
    added = tuple(f"shop.{letter}" for letter in "abcdefghij")
    (mark,) = marks_of([fact("names", 100.0, added=added, added_count=64)])

    assert mark.changes == ("64 new names: shop.a, shop.b, shop.c and 61 more.",)


def test_no_deploy_lasts_longer_than_an_hour() -> None:
    steps = [fact("names", at * 240.0) for at in range(40)]
    spans = [mark.until - mark.at for mark in marks_of(steps)]

    assert len(spans) > 1
    assert max(spans) <= SPAN_MAX_S


def test_without_facts_there_is_no_mark() -> None:
    assert marks_of([]) == ()

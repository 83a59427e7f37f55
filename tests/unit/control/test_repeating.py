"""Tasks that were sent again already: found, counted, and not sent once more by the way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.contract.stories import BASE, failed, uuid_of
from tests.unit.control.scene import ADA, Scene
from umbel.errors import ActionRefused
from umbel.query.parse import parse
from umbel.services.control.argument_recovery import REPEATED_MEANWHILE
from umbel.services.control.types import ActionRequest
from umbel.services.search.outside_terms import LISTED_MAX, OutsideTerms
from umbel.services.search.search import Search
from umbel.store.ledger import Repeat

FIRST, SECOND, THIRD = map(uuid_of, (91, 92, 93))


@pytest.fixture
def scene() -> Scene:
    """Three failures, the first of which was sent again."""
    scene = Scene(
        *(event for n, uuid in enumerate((FIRST, SECOND, THIRD))
          for event in failed(uuid, BASE + n, args="(1,)"))
    )  # fmt: skip
    scene.do("retry", ids=[FIRST])
    scene.cluster.sent.clear()
    return scene


def ids_of(scene: Scene, text: str) -> set[str]:
    search = Search(scene.store, scene.clock, scene.ledger)
    return {task.uuid for task in search.page(text, "-seen", None, 50).items}


def repeated_by(scene: Scene) -> set[object]:
    return {sent.headers["umbel_repeats"] for sent in scene.cluster.sent}


@pytest.mark.parametrize("chosen", [{"q": "state:FAILURE"}, {"ids": [FIRST, SECOND, THIRD]}])
def test_of_several_those_that_were_sent_again_are_left_out_and_told(
    scene: Scene, chosen: dict[str, object]
) -> None:
    plan = scene.plan("retry", **chosen)
    report = scene.do("retry", **chosen)

    assert plan.count == 2
    assert plan.skipped == {"These were sent again already.": 1}
    assert repeated_by(scene) == {SECOND, THIRD}
    assert (report.done, report.skipped) == (2, 1)
    assert report.left_out == {"These were sent again already.": 1}


def test_two_who_retry_the_same_at_once_send_each_task_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads which were sent again before the other has written it down."""
    read = scene.ledger.repeats

    def read_too_early(task_ids: Sequence[str]) -> tuple[Repeat, ...]:
        found = read(task_ids)
        scene.ledger.repeat([Repeat("new", SECOND, scene.clock.now(), "bo", "its", maybe=True)])
        return found

    plan = scene.plan("retry", ids=[SECOND, THIRD])
    monkeypatch.setattr(scene.ledger, "repeats", read_too_early)
    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 10)

    assert repeated_by(scene) == {THIRD}
    assert report.left_out == {REPEATED_MEANWHILE: 1}


@pytest.mark.parametrize("chosen", [{"ids": [SECOND]}, {"q": "state:FAILURE", "again": True}])
def test_what_somebody_sent_again_since_the_plan_was_shown_is_not_sent_twice(
    scene: Scene, chosen: dict[str, object]
) -> None:
    """Not even a single task, or those that are to be sent once more: the plan showed nothing."""
    plans = [scene.plan("retry", **chosen) for _ in range(2)]
    scene.clock.time += 1
    reports = []
    for plan in plans:
        scene.control.execute(plan.id, ADA)
        reports.append(scene.control.wait(plan.id, 10))

    count = plans[0].count
    assert [report.done for report in reports] == [count, 0]
    assert reports[1].left_out == {REPEATED_MEANWHILE: count}
    assert len(scene.cluster.sent) == count
    assert scene.do("retry", **chosen).done == count


def test_they_are_sent_once_more_when_that_is_said(scene: Scene) -> None:
    plan = scene.plan("retry", q="state:FAILURE", again=True)
    scene.do("retry", q="state:FAILURE", again=True)

    assert plan.count == 3
    assert "1 of these was sent again already." in plan.consequences
    assert repeated_by(scene) == {FIRST, SECOND, THIRD}


def test_a_second_bulk_retry_finds_nothing_left_and_says_why(scene: Scene) -> None:
    scene.do("retry", q="state:FAILURE")

    plan = scene.plan("retry", q="state:FAILURE")

    assert plan.impossible == (
        "All of these were sent again already. Include those to send them once more."
    )


def test_whoever_names_a_single_task_means_it_and_is_told(scene: Scene) -> None:
    plan = scene.plan("retry", ids=[FIRST])

    assert plan.count == 1
    assert "1 of these was sent again already." in plan.consequences


def test_again_means_something_for_a_retry_alone(scene: Scene) -> None:
    with pytest.raises(ActionRefused, match="`again` means nothing for revoke"):
        scene.control.plan(ActionRequest(action="revoke", q="", again=True), ADA)


def test_a_search_finds_what_was_repeated_and_what_was_not(scene: Scene) -> None:
    assert ids_of(scene, "is:repeated") == {FIRST}
    assert ids_of(scene, "state:FAILURE -is:repeated") == {SECOND, THIRD}
    assert ids_of(scene, "is:repeated name:nobody") == set()


def test_a_search_finds_what_an_action_sent(scene: Scene) -> None:
    report = scene.do("retry", q="state:FAILURE")
    for new in report.sent.values():
        scene.store.apply(failed(new, BASE + 700, args="(1,)"))

    assert ids_of(scene, f"action:{report.id}") == set(report.sent.values())
    assert ids_of(scene, "action:nobodys") == set()


def test_ten_thousand_are_listed_at_most(scene: Scene) -> None:
    node = OutsideTerms(scene.ledger).resolved(parse("is:repeated"))
    nothing = OutsideTerms().resolved

    assert LISTED_MAX == 10_000
    assert FIRST in str(node)
    assert nothing(parse("is:repeated")) == nothing(parse("action:x"))

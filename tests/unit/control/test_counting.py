"""How many a plan says there are, when there was no time to count them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stories import BASE, failed, uuid_of
from tests.unit.control.scene import ADA, FAILED, Scene, many
from umbel.cluster.events import Event
from umbel.errors import ActionRefused
from umbel.services.control import target_summarizer
from umbel.services.control.argument_recovery import MAYBE_REPEATED, REPEATED
from umbel.services.control.types import ActionPlan
from umbel.store.base import Count, Page
from umbel.store.ledger import Repeat
from umbel.store.memory import MemoryStore


class BusyStore(MemoryStore):
    """A store that finds tasks, and has no time to count them. `finds_nothing`: nor to find
    any."""

    finds_nothing = False

    def count(self, *_: Any, **__: Any) -> Count:
        return Count(0, complete=False)

    def search(self, *args: Any, **options: Any) -> Page:
        if self.finds_nothing:
            return Page(items=(), cursor="further", complete=False, reached=BASE)
        return super().search(*args, **options)


class BusyScene(Scene):
    def __init__(self, *events: Event, finds_nothing: bool = False) -> None:
        super().__init__(*events)
        self.store = BusyStore(partition_tasks=100_000)
        self.store.apply(list(events))
        self.store.finds_nothing = finds_nothing
        self.control = self.another_process()


def failures(number: int) -> list[Event]:
    return [e for n in range(number) for e in failed(uuid_of(100 + n), BASE + n, args="(1,)")]


def says(plan: ActionPlan) -> str:
    return " ".join([plan.sentence, *plan.consequences, *plan.skipped, plan.impossible or ""])


def test_tasks_that_were_found_are_not_called_none_when_nothing_was_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target_summarizer, "EXAMINED_MAX", 40)

    plan = BusyScene(*failures(60)).plan("retry", q="state:FAILURE")

    assert plan.count == 40
    assert not plan.complete
    assert plan.sentence.startswith("Send again at least 40 tasks: ")
    assert plan.impossible is None
    assert plan.by_state == {"FAILURE": 40}
    assert plan.fidelity == {"literal": 40}
    assert plan.confirm == 40
    assert "Not all that match were counted in time" in says(plan)
    assert "more than 0" not in says(plan)
    assert "nothing to do" not in says(plan)


def test_all_that_were_found_are_the_number_when_there_are_no_more() -> None:
    plan = BusyScene(*failures(7)).plan("retry", q="state:FAILURE")

    assert (plan.count, plan.complete, plan.confirm) == (7, True, None)
    assert plan.sentence.startswith("Send again 7 tasks: ")


@pytest.mark.parametrize("action", ["retry", "revoke"])
def test_whether_any_matches_is_not_known_when_nothing_was_found_in_time(
    action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_summarizer, "EXAMINED_S", 0.0)

    plan = BusyScene(*failures(7), finds_nothing=True).plan(action, q="name:shop.*")

    assert plan.count == 0
    assert "not counted in time" in plan.sentence
    assert "0" not in plan.sentence
    assert "is not known" in (plan.impossible or "")
    assert "nothing to do" not in says(plan)


def test_a_run_over_more_than_was_counted_says_how_many_it_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target_summarizer, "EXAMINED_MAX", 40)
    scene = BusyScene(*failures(60))

    report = scene.do("retry", q="state:FAILURE")

    assert report.sentence == "Sent again: 60 tasks."
    assert (report.total, report.done) == (60, 60)


def test_the_same_tasks_are_refused_alike_whether_ticked_or_searched_for() -> None:
    scene = Scene()

    ticked = scene.plan("revoke", ids=[FAILED])
    searched = scene.plan("revoke", q="state:FAILURE")

    assert ticked.impossible == searched.impossible
    assert ticked.impossible == "All of these have ended, so there is nothing to revoke."
    assert ticked.skipped == searched.skipped


def test_what_purges_messages_for_good_needs_their_number() -> None:
    scene = Scene(*many(1))
    scene.cluster.queues["mail"] = [object()] * 17  # type: ignore[list-item]
    plan = scene.plan("purge", queue="mail")

    with pytest.raises(ActionRefused, match="must be confirmed by that number"):
        scene.control.execute(plan.id, ADA)

    assert plan.confirm == 17
    assert scene.control.execute(plan.id, ADA, 17).done == 17


@pytest.mark.parametrize("by", ["search", "ids"])
def test_a_plan_subtracts_all_that_were_sent_again_and_not_of_the_first_alone(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that are looked at were not sent again, those behind them were."""
    monkeypatch.setattr(target_summarizer, "EXAMINED_MAX", 40)
    scene = Scene(*failures(130))
    monkeypatch.setattr(target_summarizer, "_CHUNK", 20)
    newest_first = [uuid_of(100 + n) for n in reversed(range(130))]
    before = [Repeat(uuid_of(900 + n), old, BASE, "ada") for n, old in enumerate(newest_first[50:])]
    unsure = Repeat(uuid_of(899), newest_first[45], BASE, "ada", maybe=True)
    scene.ledger.repeat([*before, unsure])
    chosen: dict[str, Any] = {"q": "state:FAILURE"} if by == "search" else {"ids": newest_first}

    plan = scene.plan("retry", **chosen)
    scene.control.execute(plan.id, ADA, plan.confirm)
    report = scene.control.wait(plan.id, 10)

    assert plan.skipped == {REPEATED: 80, MAYBE_REPEATED: 1}
    assert plan.count == report.done == 49
    assert report.sentence == "Sent again: 49 tasks. 81 were left out."

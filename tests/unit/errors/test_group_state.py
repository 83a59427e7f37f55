"""When an error that was resolved or ignored is open again."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from umbel.services.errors.group_state import GroupState, Recurrence, group_state
from umbel.store.ledger import ErrorDecision

AT, NOW = 1_000.0, 2_000.0


def decided(state: Literal["open", "resolved", "ignored"], **conditions: Any) -> ErrorDecision:
    return ErrorDecision(
        error="0123456789ab", title="KeyError", state=state, at=AT, actor="ada", note="known",
        noted_by="bob", **conditions,
    )  # fmt: skip


def state_of(decision: ErrorDecision | None, **since: Any) -> GroupState:
    return group_state(decision, Recurrence(**since), NOW)


def test_an_error_that_nobody_decided_about_is_open() -> None:
    found = state_of(None, first=NOW, count=7)

    assert (found.state, found.by, found.at, found.reopened) == ("open", None, None, None)


@pytest.mark.parametrize("state", ["open", "resolved", "ignored"])
def test_what_was_decided_is_told_with_who_when_and_why(
    state: Literal["open", "resolved", "ignored"],
) -> None:
    found = state_of(decided(state))

    assert (found.state, found.by, found.at) == (state, "ada", AT)
    assert (found.note, found.noted_by, found.was) == ("known", "bob", None)


def test_a_resolved_error_is_reopened_when_it_fails_again() -> None:
    found = state_of(decided("resolved"), first=1_500.0)

    assert (found.state, found.was, found.reopened) == ("open", "resolved", 1_500.0)
    assert found.because == "It failed again after it had been resolved."
    assert (found.by, found.at, found.note) == ("ada", AT, "known")


def test_one_that_is_ignored_without_a_condition_stays_so_however_often_it_fails() -> None:
    found = state_of(decided("ignored"), first=1_001.0, count=10_000, fastest=500)

    assert found.state == "ignored"


def test_the_next_deploy_ends_it_and_is_named() -> None:
    assert state_of(decided("ignored", next_deploy=True), first=1_100.0).state == "ignored"
    ended = state_of(
        decided("ignored", next_deploy=True), deploy="Deploy of 5.7", deploy_at=1_500.0
    )

    assert (ended.state, ended.reopened, ended.next_deploy) == ("open", 1_500.0, True)
    assert ended.because == "It was ignored until the next deploy, which was seen: Deploy of 5.7."


def test_a_time_ends_it_at_that_very_moment() -> None:
    assert state_of(decided("ignored", until=NOW + 1)).state == "ignored"
    ended = state_of(decided("ignored", until=NOW))

    assert (ended.state, ended.reopened, ended.until) == ("open", NOW, NOW)


def test_a_count_ends_it_when_it_is_reached() -> None:
    assert state_of(decided("ignored", total=5), count=4).state == "ignored"
    ended = state_of(decided("ignored", total=5), count=5, total_at=1_400.0)

    assert (ended.state, ended.reopened) == ("open", 1_400.0)
    assert ended.because == "It failed 5 times since it was ignored."


def test_a_rate_ends_it_when_any_minute_reaches_it() -> None:
    assert state_of(decided("ignored", rate=10), fastest=9).state == "ignored"
    ended = state_of(decided("ignored", rate=10), fastest=12, fastest_at=1_300.0)

    assert (ended.state, ended.reopened) == ("open", 1_300.0)
    assert ended.because == ("It failed 12 times within a minute; it was ignored below 10.")


def test_of_several_conditions_the_first_that_was_met_counts() -> None:
    several = decided("ignored", until=1_900.0, rate=10, total=5)

    found = state_of(several, count=5, total_at=1_400.0, fastest=10, fastest_at=1_300.0)

    assert found.reopened == 1_300.0
    assert state_of(several, count=4, fastest=9).reopened == 1_900.0


def test_one_that_a_person_reopened_is_just_open() -> None:
    found = state_of(decided("open"), first=1_500.0, count=9)

    assert (found.state, found.was, found.reopened) == ("open", None, None)

"""What others say of a task when they are asked is a part of its set, and never beats events."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_merge_laws import gathered, scattered
from tests.support.histories import UUID, answers, lifelike, wild
from umbel.cluster.events import RECONCILED_RANK, Event
from umbel.cluster.facts import join, pack, unpack
from umbel.cluster.task import ENDED, STATES, UNKNOWN, project

histories = st.one_of(
    lifelike(redelivery=True, skew=True),
    st.lists(wild(), min_size=0, max_size=20).map(tuple),
)
dice = st.randoms(use_true_random=False)


@given(histories, answers(), dice)
def test_events_and_answers_in_any_order_and_number_give_the_same_row(
    events: tuple[Event, ...], answered: tuple[Event, ...], dice: random.Random
) -> None:
    whole = join((), (*events, *answered))

    facts = gathered(scattered([*events, *answered], dice), dice)

    assert pack(facts) == pack(whole)
    assert unpack(pack(facts)) == whole
    assert project(UUID, facts) == project(UUID, whole)


@given(lifelike(redelivery=True, skew=True), answers())
def test_of_a_task_whose_end_was_heard_answers_change_only_a_failure_to_success(
    events: tuple[Event, ...], answered: tuple[Event, ...]
) -> None:
    heard = project(UUID, join((), events))

    task = project(UUID, join((), (*events, *answered)))

    if heard.state in ENDED:
        succeeded = any(each.type == "reconciled-succeeded" for each in answered)
        assert task.state == ("SUCCESS" if succeeded else heard.state)
        if task.state == heard.state:
            assert (task.finished, task.result, task.exception, task.runtime) == (
                heard.finished, heard.result, heard.exception, heard.runtime
            )  # fmt: skip


@given(lifelike(redelivery=True, skew=True), answers())
def test_what_events_describe_answers_do_not(
    events: tuple[Event, ...], answered: tuple[Event, ...]
) -> None:
    heard = project(UUID, join((), events))

    task = project(UUID, join((), (*events, *answered)))

    # Of one that was replaced an answer may say that the second of two was delivered.
    assert (task.name, task.args) in {(each.name, each.args) for each in events}
    if task.name == heard.name:
        assert (task.args, task.queue, task.sent) == (heard.args, heard.queue, heard.sent)


@given(histories, answers())
def test_any_set_with_answers_has_a_state_and_says_what_was_asked_for(
    events: tuple[Event, ...], answered: tuple[Event, ...]
) -> None:
    task = project(UUID, join((), (*events, *answered)))

    assert task.state in STATES
    assert len(task.reconciled) == len(set(answered))
    assert ("reconciled" in task.flags) == any(fact.holds for fact in task.reconciled)
    if task.state == UNKNOWN:
        assert any(fact.kind == "unknown" and fact.holds for fact in task.reconciled)


@given(histories, answers())
def test_nobody_is_unknown_of_whom_an_end_is_told(
    events: tuple[Event, ...], answered: tuple[Event, ...]
) -> None:
    task = project(UUID, join((), (*events, *answered)))

    ends = {"succeeded", "failed", "revoked"}
    told = {each.type.partition("-")[2] for each in (*events, *answered)}
    assert not (task.state == UNKNOWN and told & ends)
    assert RECONCILED_RANK.keys() >= {each.type for each in answered}

"""A task is the set of its events: order, repetition and splitting must not matter."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.captures import CAPTURES, task_events
from tests.support.histories import UUID, crowds, lifelike, wild
from umbel.cluster.events import Event
from umbel.cluster.facts import PER_SIDE_MAX, Facts, is_full, join, pack, unpack
from umbel.cluster.task import STATES, project

histories = st.one_of(
    lifelike(),
    lifelike(redelivery=True, skew=True),
    st.lists(wild(), min_size=1, max_size=30).map(tuple),
    crowds(),
)
dice = st.randoms(use_true_random=False)


def scattered(events: Sequence[Event], dice: random.Random) -> list[list[Event]]:
    """The events shuffled, some twice, in deliveries of random size."""
    deck = [*events, *dice.choices(events, k=dice.randint(0, len(events)))]
    dice.shuffle(deck)
    cuts = sorted(dice.randint(0, len(deck)) for _ in range(dice.randint(0, 4)))
    return [deck[a:b] for a, b in zip([0, *cuts], [*cuts, len(deck)], strict=True)]


def gathered(deliveries: Sequence[Sequence[Event]], dice: random.Random) -> Facts:
    """The deliveries joined, each into one of several replicas, and then the replicas."""
    replicas: list[Facts] = [()] * dice.randint(1, 3)
    for delivery in deliveries:
        where = dice.randrange(len(replicas))
        replicas[where] = join(replicas[where], delivery)
    facts: Facts = ()
    for replica in replicas:
        facts = join(facts, replica)
    return facts


@given(histories, dice)
def test_order_repetition_and_splitting_give_the_same_bytes_and_row(
    events: tuple[Event, ...], dice: random.Random
) -> None:
    whole = join((), events)

    facts = gathered(scattered(events, dice), dice)

    assert pack(facts) == pack(whole)
    assert project(UUID, facts) == project(UUID, whole)


@pytest.mark.parametrize("capture", CAPTURES)
@given(dice=dice)
def test_captured_tasks_are_the_same_in_any_order(capture: str, dice: random.Random) -> None:
    uuid, events = dice.choice(sorted(task_events(capture).items()))
    whole = join((), events)

    facts = gathered(scattered(events, dice), dice)

    assert pack(facts) == pack(whole)
    assert project(uuid, facts) == project(uuid, whole)


@given(histories, histories)
def test_joining_is_commutative(a: tuple[Event, ...], b: tuple[Event, ...]) -> None:
    left, right = join((), a), join((), b)

    assert join(left, right) == join(right, left)


@given(histories, histories, histories)
def test_joining_is_associative(
    a: tuple[Event, ...], b: tuple[Event, ...], c: tuple[Event, ...]
) -> None:
    one, two, three = join((), a), join((), b), join((), c)

    assert join(join(one, two), three) == join(one, join(two, three))


@given(histories)
def test_joining_what_is_known_gives_the_very_same_set(events: tuple[Event, ...]) -> None:
    facts = join((), events)

    assert join(facts, facts) is facts
    assert join(facts, facts[::-1]) is facts


@given(crowds())
def test_a_crowd_keeps_its_first_and_its_last(events: tuple[Event, ...]) -> None:
    facts = join((), events)

    by_kind: dict[str, list[Event]] = {}
    for event in sorted(set(facts), key=facts.index):
        by_kind.setdefault(event.type, []).append(event)
    custom = {"task-progress", "task-cancelled"}
    for kind, kept in by_kind.items():
        told = {event.timestamp for event in events if event.type == kind}
        assert len(kept) <= 2 * PER_SIDE_MAX
        if kind not in custom:
            assert kept[0].timestamp == min(told)
            assert kept[-1].timestamp == max(told)


@given(crowds())
def test_a_crowd_is_flagged_as_shortened(events: tuple[Event, ...]) -> None:
    facts = join((), events)

    assert is_full(facts)
    assert "shortened" in project(UUID, facts).flags


@given(histories)
def test_a_packed_set_unpacks_to_itself(events: tuple[Event, ...]) -> None:
    facts = join((), events)

    assert unpack(pack(facts)) == facts


@given(histories)
def test_any_set_has_a_state_and_times_in_order(events: tuple[Event, ...]) -> None:
    task = project(UUID, join((), events))

    assert task.state in STATES
    assert task.seen == min(event.timestamp for event in events)
    assert task.timestamp == max(event.timestamp for event in events)


@given(histories)
def test_a_success_is_never_undone(events: tuple[Event, ...]) -> None:
    task = project(UUID, join((), events))

    assert (task.state == "SUCCESS") == any(e.type == "task-succeeded" for e in events)

"""Attempts are sane for any set of events: nothing is lost, counted twice or made up."""

from __future__ import annotations

from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.histories import lifelike, wild
from umbel.cluster.attempts import RECEIVED, STARTED, STATE_AFTER, attempts
from umbel.cluster.events import Event
from umbel.cluster.facts import join

histories = st.one_of(
    lifelike(),
    lifelike(redelivery=True, skew=True),
    st.lists(wild(), min_size=1, max_size=40).map(tuple),
)


def times(events: tuple[Event, ...], kind: str) -> Counter[tuple[str, float]]:
    return Counter((event.hostname, event.timestamp) for event in events if event.type == kind)


@given(histories)
def test_each_run_is_in_exactly_one_attempt(events: tuple[Event, ...]) -> None:
    facts = join((), events)

    found = Counter(
        (run.worker or "", run.started) for run in attempts(facts) if run.started is not None
    )

    assert found == times(facts, "task-started")


@given(histories)
def test_each_delivery_is_in_exactly_one_attempt(events: tuple[Event, ...]) -> None:
    facts = join((), events)

    found = Counter(
        (run.worker or "", run.received) for run in attempts(facts) if run.received is not None
    )

    assert found == times(facts, "task-received")


@given(histories)
def test_each_end_is_one_that_was_told_by_the_worker_of_the_attempt(
    events: tuple[Event, ...],
) -> None:
    facts = join((), events)
    told = {
        (STATE_AFTER[event.type], event.hostname, event.timestamp)
        for event in facts
        if event.type in STATE_AFTER
    }

    for run in attempts(facts):
        if run.ended is None:
            assert run.state in {RECEIVED, STARTED}
        else:
            assert (run.state, run.worker, run.ended) in told


@given(histories)
def test_attempts_come_in_order_of_their_numbers(events: tuple[Event, ...]) -> None:
    numbers = [run.number for run in attempts(join((), events))]

    assert numbers == sorted(numbers)


@given(histories)
def test_times_within_an_attempt_never_run_backwards(events: tuple[Event, ...]) -> None:
    for run in attempts(join((), events)):
        told = [time for time in (run.received, run.started, run.ended) if time is not None]
        assert told == sorted(told)


@given(lifelike())
def test_a_life_without_redelivery_has_one_attempt_for_each_delivery(
    events: tuple[Event, ...],
) -> None:
    found = attempts(join((), events))

    deliveries = [event for event in events if event.type == "task-received"]
    assert [run.number for run in found] == [event.retries for event in deliveries]


@given(lifelike())
def test_a_first_delivery_is_not_called_a_redelivery(events: tuple[Event, ...]) -> None:
    deliveries = [event for event in events if event.type == "task-received"]
    assume(len({event.retries for event in deliveries}) == len(deliveries))

    assert not any(run.redelivered for run in attempts(join((), events)))

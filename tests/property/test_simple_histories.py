"""The short way to read a usual history says what the long way says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.histories import lifelike, wild
from umbel.cluster.events import TASK_RANK, Event
from umbel.cluster.facts import join
from umbel.cluster.interpret import interpret, simple_history

USUAL = (
    ("task-sent",),
    ("task-received",),
    ("task-started",),
    ("task-failed", "task-succeeded", "task-retried", "task-revoked"),
)


@st.composite
def nearly_straight(draw: st.DrawFn) -> tuple[Event, ...]:
    """A usual history whose events may lack, swap, or be told by another worker."""
    kinds = [draw(st.sampled_from(step)) for step in USUAL if draw(st.integers(0, 7))]
    if not draw(st.integers(0, 7)):
        kinds.append(draw(st.sampled_from(sorted(TASK_RANK))))
    others = st.sampled_from(("a@h", "a@h", "a@h", "b@h"))
    tries = st.sampled_from((None, 0, 0, 1))
    flag = st.sampled_from((None, True))
    return tuple(
        replace(
            draw(wild()), type=kind, timestamp=float(at), hostname=draw(others),
            retries=draw(tries), expired=draw(flag), terminated=draw(flag),
        )
        for at, kind in enumerate(kinds or ["task-sent"], 1)
    )  # fmt: skip


@settings(max_examples=examples(400))
@given(
    st.one_of(
        nearly_straight(),
        lifelike(),
        lifelike(redelivery=True, skew=True),
        st.lists(wild(), min_size=1, max_size=6).map(tuple),
    )
)
def test_both_ways_of_reading_say_the_same(events: tuple[Event, ...]) -> None:
    for end in range(1, len(events) + 1):
        facts = join((), events[:end])
        short = simple_history(facts)

        assert short is None or short == interpret(facts)

"""The short ways to read a usual history say what the long way says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.histories import lifelike, wild
from umbel.cluster.events import TASK_RANK, Event
from umbel.cluster.facts import join
from umbel.cluster.interpret import interpret, simple_history
from umbel.cluster.task import project
from umbel.store.sqlite.files.row import row
from umbel.store.sqlite.write.simple_row import simple_row

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


def complete(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The same, described as Celery describes tasks that run at once."""
    return tuple(
        replace(
            event, name=event.name or "n", args=event.args or "()", kwargs=event.kwargs or "{}",
            root_id=event.root_id or "r", eta=None, expires=None, group_id=None, chord_id=None,
            chain=None,
        )
        for event in events
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


@settings(max_examples=examples(400))
@given(
    st.one_of(
        nearly_straight(),
        nearly_straight().map(complete),
        lifelike(),
        st.lists(wild(), min_size=1, max_size=6).map(tuple),
    )
)
def test_the_row_of_a_usual_history_is_that_of_its_task(events: tuple[Event, ...]) -> None:
    numbers: dict[tuple[str, str], int] = {}

    def shared(field: str, text: str | None) -> int | None:
        return None if text is None else numbers.setdefault((field, text), len(numbers))

    for end in range(1, len(events) + 1):
        facts = join((), events[:end])
        for uuid in {event.uuid for event in facts}:
            short = simple_row(uuid, b"id", facts, 7.0, shared)

            assert short is None or short == row(project(uuid, facts, 7.0), b"id", shared)

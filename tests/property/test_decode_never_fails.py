"""Whatever a message holds, `decode` answers, keeps the good events, and what it gives can
be stored and joined."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from umbel.cluster.decode import decode
from umbel.cluster.events import LABEL_MAX, TASK_RANK, UUID_MAX, WORKER_KINDS, Event
from umbel.cluster.facts import join, pack, unpack
from umbel.cluster.task import project

NOW = 1_800_000_000.0
GOOD: dict[str, Any] = {
    "type": "task-started",
    "uuid": "good",
    "hostname": "w@h",
    "timestamp": NOW - 1,
    "pid": 7,
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(("1e999", "nan", "12", "\0", "\ud800", "x" * 600, str(2**70))),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
kinds = st.sampled_from(
    (*TASK_RANK, *WORKER_KINDS, "task-progress", "", "task-\0", "task-\ud800", "x" * 700)
)
fields = st.sampled_from(Event.__struct_fields__)
odd_events = st.fixed_dictionaries(
    {},
    optional={"type": kinds, "hostname": st.just("w@h") | scalars, "uuid": st.just("u") | scalars},
).flatmap(
    lambda base: st.dictionaries(fields, values, max_size=8).map(lambda more: {**more, **base})
)


def storable(event: Event) -> None:
    """What every store relies on."""
    assert event.hostname
    assert len(event.uuid) <= UUID_MAX
    assert math.isfinite(event.timestamp)
    assert len(event.hostname) <= LABEL_MAX
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if isinstance(value, str):
            assert "\0" not in value, field
            value.encode()
        if isinstance(value, int):
            assert abs(value) < 2**63, field
        if isinstance(value, float):
            assert math.isfinite(value), field


@given(st.binary(max_size=200))
@example(b"")
@example(b"[")
@example(b"null")
@example(b"\xff\xfe")
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"1" * 10_000)
def test_any_bytes_give_an_answer(body: bytes) -> None:
    decoded = decode(body, NOW)

    for event in decoded.events:
        storable(event)


@given(values)
def test_any_json_gives_an_answer_that_can_be_stored(value: object) -> None:
    decoded = decode(json.dumps(value).encode(), NOW)

    for event in decoded.events:
        storable(event)


@given(st.lists(odd_events, max_size=6), st.integers(0, 6))
def test_the_good_event_of_any_batch_is_kept(odd: list[dict[str, Any]], position: int) -> None:
    batch = [*odd[:position], GOOD, *odd[position:]]

    decoded = decode(json.dumps(batch).encode(), NOW)

    assert len(decoded.events) + len(decoded.faults) == len(batch)
    assert [event for event in decoded.events if event.uuid == "good"] == [
        Event(type="task-started", uuid="good", hostname="w@h", timestamp=NOW - 1, pid=7)
    ]
    for event in decoded.events:
        storable(event)


@given(st.lists(odd_events, min_size=1, max_size=6))
def test_odd_events_that_are_kept_make_tasks(odd: list[dict[str, Any]]) -> None:
    decoded = decode(json.dumps(odd).encode(), NOW)

    for event in decoded.events:
        if event.is_task:
            facts = join((), [event])
            assert unpack(pack(facts)) == facts
            project(event.uuid, facts)


@given(st.lists(odd_events, max_size=4))
def test_faults_have_a_short_reason_and_a_short_sample(odd: list[dict[str, Any]]) -> None:
    for fault in decode(json.dumps(odd).encode(), NOW).faults:
        assert 0 < len(fault.reason) < 20
        assert len(fault.sample) <= 401
        fault.sample.encode()
        fault.message.encode()

"""Whoever may write to a store of entries may write anything: it is listed, and harms no other."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.memory_schedule import MemorySchedule
from umbel.beat.base import Clocked, Entry, Interval, Schedule, Solar
from umbel.beat.plain_values import of_json
from umbel.beat.redbeat import redbeat_entry
from umbel.clock import SystemClock
from umbel.redact.rules import USUAL
from umbel.services.schedule.schedules import Schedules
from umbel.store.memory import MemoryStore
from umbel.store.samples import NoSamples

GOOD = Entry(name="good", task="t", schedule=Interval(60.0), source="django")
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -5, 1e308, 10**400, 2**63, 1e-9, 253_402_300_799]),
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(), st.just("\ud800")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=4,
)
SCHEDULES = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {"__type__": st.just("interval"), "every": NUMBERS, "relative": ANYTHING}
    ),
    st.fixed_dictionaries(
        {"__type__": st.just("crontab")},
        optional=dict.fromkeys(("minute", "hour", "day_of_week", "month_of_year"), ANYTHING),
    ),
    st.fixed_dictionaries({"__type__": ANYTHING}),
)
DEFINITIONS = st.fixed_dictionaries(
    {"name": st.just("lies"), "schedule": SCHEDULES},
    optional={
        "task": ANYTHING, "args": ANYTHING, "kwargs": ANYTHING, "enabled": ANYTHING,
        "options": st.one_of(
            ANYTHING,
            st.fixed_dictionaries(
                {}, optional={"queue": ANYTHING, "expires": NUMBERS, "priority": NUMBERS}
            ),
        ),
    },
)  # fmt: skip
MOMENTS = st.fixed_dictionaries(
    {"year": NUMBERS, "month": st.integers(1, 12), "day": st.integers(1, 28)},
    optional={"timezone": ANYTHING},
)
METAS = st.one_of(
    ANYTHING,
    st.fixed_dictionaries({"last_run_at": MOMENTS}, optional={"total_run_count": NUMBERS}),
)


def listed(lying: Entry) -> None:
    """Both entries are in the list, on the page of each, in health, and in JSON."""
    source = MemorySchedule([lying, GOOD])
    store = MemoryStore()
    schedules = Schedules(lambda: [source], store, NoSamples(), SystemClock(), USUAL)

    found = schedules.list()
    one = schedules.detail(lying.name)
    schedules.fact()

    assert {each.entry.name for each in found.items} == {lying.name, "good"}
    assert msgspec.json.decode(msgspec.json.encode(found))["total"] == 2
    assert msgspec.json.encode(one)


@given(DEFINITIONS, METAS)
@example({"name": "lies", "schedule": {"__type__": "interval", "every": 1e308}}, None)
@example({"name": "lies", "schedule": {"__type__": "interval", "every": 10**400}}, None)
@example(
    {"name": "lies", "schedule": 5, "options": {"priority": 2**70}}, {"total_run_count": 2**70}
)
def test_any_entry_of_redbeat_is_listed_beside_the_others(definition: object, meta: object) -> None:
    entry = redbeat_entry(of_json(json.dumps(definition)), of_json(json.dumps(meta)), "UTC")

    assert entry is not None
    listed(entry)


FLOATS = st.floats()


@given(
    st.one_of(
        st.builds(Interval, FLOATS, st.booleans(), st.sampled_from(["UTC", "Mars/Base", "\ud800"])),
        st.builds(Clocked, FLOATS),
        st.builds(Solar, st.sampled_from(["sunset", "x"]), FLOATS, FLOATS),
    ),
    st.none() | FLOATS,
    st.none() | FLOATS,
    st.none() | FLOATS,
)
def test_any_numbers_of_an_entry_are_listed(
    schedule: Schedule, starts: float | None, ends: float | None, last_run: float | None
) -> None:
    listed(
        Entry(
            name="lies", task="t", schedule=schedule, source="django", starts=starts, ends=ends,
            last_run=last_run, expires_s=starts, runs=2**80,
        )
    )  # fmt: skip

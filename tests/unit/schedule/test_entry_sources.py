"""All sources of entries read as one."""

from __future__ import annotations

import pytest

from tests.support.clocks import SetClock
from tests.support.memory_schedule import MemorySchedule
from umbel.beat.base import ENTRIES_MAX, Entry, Interval
from umbel.beat.plain_values import DEPTH_MAX, are_exact, plain_args, plain_kwargs
from umbel.services.schedule.entry_sources import EntrySources


def entry(name: str, **columns: object) -> Entry:
    return Entry(name=name, task="t", schedule=Interval(60.0), source="django", **columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(("more", "trouble"), [(0, ""), (1, "5,000"), (7, "5,000")])
def test_entries_beyond_the_bound_are_not_left_out_in_silence(more: int, trouble: str) -> None:
    source = MemorySchedule([entry(f"e{n:05}") for n in range(ENTRIES_MAX + more)])

    read = EntrySources(lambda: [source], SetClock(0.0)).read()

    assert len(read.entries) == ENTRIES_MAX
    (state,) = read.sources
    assert (state.entries, trouble in state.trouble) == (ENTRIES_MAX, True)
    assert bool(state.trouble) is bool(more)


def test_a_truth_value_is_no_number() -> None:
    source = MemorySchedule([entry("a", priority=True, runs=True)])

    (found,) = EntrySources(lambda: [source], SetClock(0.0)).read().entries

    assert (found.priority, found.runs) == (None, None)


@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 900, 100_000])
def test_arguments_that_are_nested_too_deeply_are_told_in_words(depth: int) -> None:
    deep: list[object] = []
    for _ in range(depth):
        deep = [deep]

    assert plain_args(deep) == (f"arguments nested more than {DEPTH_MAX} deep",)
    assert plain_kwargs({"a": deep}) == {"...": f"arguments nested more than {DEPTH_MAX} deep"}
    assert not are_exact(deep, {})

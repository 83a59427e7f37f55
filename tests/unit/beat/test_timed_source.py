"""Sources of beat entries that hang, fail or answer a byte at a time keep nobody waiting."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from celery import Celery

from tests.support.dripping import dripping
from umbel.beat.base import Entry, EntryEdit, Interval
from umbel.beat.opening import open_schedules
from umbel.beat.timed_source import TimedSource
from umbel.errors import ScheduleUnavailable

OFTEN = Entry(name="often", task="t", schedule=Interval(30.0), source="redbeat")


class Store:
    """Entries as some function gives them."""

    def __init__(self, read: Callable[[], object]) -> None:
        self._read = read

    def entries(self) -> tuple[Entry, ...]:
        self._read()
        return (OFTEN,)

    def change(self, entry: str, edit: EntryEdit) -> None:  # noqa: ARG002
        self._read()

    def close(self) -> None:
        """Nothing is held."""


def source(read: Callable[[], object], *, is_needed: bool = True) -> TimedSource:
    return TimedSource(
        "redbeat", "RedBeat", lambda: Store(read), subject="RedBeat's Redis", look_at="Look at it.",
        is_needed=is_needed, read_s=0.05, change_s=0.05,
    )  # fmt: skip


@pytest.fixture
def free() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_source_that_hangs_says_so(free: threading.Event) -> None:
    hanging = source(free.wait)

    with pytest.raises(ScheduleUnavailable, match=r"did not answer within 0\.05 s\. Look at it"):
        hanging.entries()
    with pytest.raises(ScheduleUnavailable, match="look at the entry before you try again"):
        hanging.change("often", EntryEdit(enabled=False))
    assert source(free.wait, is_needed=False).entries() == ()


@pytest.mark.parametrize("fails", [lambda: 1 // 0, lambda: sys.exit(1)])
def test_a_source_that_fails_or_exits_says_so(fails: Callable[[], object]) -> None:
    with pytest.raises(ScheduleUnavailable, match="RedBeat's Redis cannot be read"):
        source(fails).entries()


def test_a_redis_of_redbeat_that_answers_a_byte_at_a_time_is_not_waited_for() -> None:
    app = Celery("a", set_as_current=False)
    with dripping(b"+") as port:
        app.conf.redbeat_redis_url = f"redis://127.0.0.1:{port}/0"
        (redbeat,) = open_schedules(app, is_own=False, now=lambda: 0.0)
        began = time.monotonic()

        with pytest.raises(ScheduleUnavailable, match=r"Redis did not answer within 2\.5 s"):
            redbeat.entries()

    assert time.monotonic() - began < 10

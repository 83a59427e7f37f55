"""Workers, as the events of their own tell of them, in any order."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.captures import CAPTURES, events
from umbel.cluster.events import Event
from umbel.cluster.worker import OFFLINE, ONLINE, SILENT, Worker, observe

NOW = 1_800_000_000.0


def told(kind: str, at: float = 0.0, **fields: Any) -> Event:
    return Event(type=f"worker-{kind}", timestamp=NOW + at, hostname="w@h", **fields)


def observed(told_events: Iterable[Event]) -> Worker:
    worker: Worker | None = None
    for event in told_events:
        worker = observe(worker, event)
    assert worker is not None
    return worker


@st.composite
def worker_events(draw: st.DrawFn) -> Event:
    numbers = st.none() | st.integers(0, 3)
    return told(
        draw(st.sampled_from(("online", "heartbeat", "offline"))),
        draw(st.integers(0, 3)),
        pid=draw(numbers),
        freq=draw(st.none() | st.sampled_from((2.0, 5.0))),
        active=draw(numbers),
        processed=draw(st.none() | st.integers(8, 12)),
        loadavg=draw(st.none() | st.sampled_from(((0.5, 1.0), (1.0, 0.5)))),
        sw_ver=draw(st.sampled_from((None, "5.6.0", "5.7.0"))),
    )


@given(st.lists(worker_events(), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(history: list[Event], dice: random.Random) -> None:
    shuffled = [*history, *dice.choices(history, k=3)]
    dice.shuffle(shuffled)

    assert observed(shuffled) == observed(history)


@pytest.mark.parametrize("capture", CAPTURES)
def test_captured_workers_are_the_same_backwards(capture: str) -> None:
    history = [event for event in events(capture) if event.type.startswith("worker-")]

    for name in {event.hostname for event in history}:
        mine = [event for event in history if event.hostname == name]
        assert observed(mine[::-1]) == observed(mine)


def test_the_latest_word_on_each_field_stands() -> None:
    worker = observed([told("heartbeat", 5, active=2), told("heartbeat", 3, active=9, processed=4)])

    assert (worker.active, worker.processed, worker.heartbeat) == (2, 4, NOW + 5)


def test_an_answer_without_counts_overwrites_none() -> None:
    worker = observed([told("heartbeat", 1, active=1, processed=7), told("heartbeat", 2, freq=5.0)])

    assert (worker.active, worker.processed, worker.freq) == (1, 7, 5.0)


def test_nothing_new_gives_the_same_object() -> None:
    worker = observed([told("heartbeat", 5, active=2)])

    assert observe(worker, told("heartbeat", 4, active=8)) is worker


def test_a_worker_is_online_silent_or_offline() -> None:
    alive = observed([told("online"), told("heartbeat", 10, freq=2.0)])
    gone = observe(alive, told("offline", 11))
    back = observe(gone, told("online", 12))

    assert alive.status(NOW + 13) == ONLINE
    assert alive.status(NOW + 15) == SILENT
    assert gone.status(NOW + 12) == OFFLINE
    assert back.status(NOW + 13) == ONLINE


def test_only_worker_events_are_about_workers() -> None:
    with pytest.raises(ValueError, match="task-sent"):
        observe(None, Event(type="task-sent", timestamp=NOW, hostname="w@h"))

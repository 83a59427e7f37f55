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
from umbel.cluster.worker import (
    OFFLINE,
    ONLINE,
    QUIET_S,
    SILENT,
    SignOfLife,
    Worker,
    observe,
    with_answers,
    witness,
)

NOW = 1_800_000_000.0


def told(kind: str, at: float = 0.0, **fields: Any) -> Event:
    return Event(type=f"worker-{kind}", timestamp=NOW + at, hostname="w@h", **fields)


def observed(told_events: Iterable[Event]) -> Worker:
    worker: Worker | None = None
    for event in told_events:
        worker = observe(worker, event)
    assert worker is not None
    return worker


#: A worker's event and when it came, or another sign of life.
Heard = tuple[Event, float] | SignOfLife


def after(history: Iterable[Heard]) -> Worker:
    worker: Worker | None = None
    for each in history:
        worker = witness(worker, each) if isinstance(each, SignOfLife) else observe(worker, *each)
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


@st.composite
def signs(draw: st.DrawFn) -> SignOfLife:
    skew_s = draw(st.none() | st.integers(-3, 3))
    return SignOfLife(
        hostname="w@h",
        heard=NOW + draw(st.integers(0, 12)),
        takes=draw(st.booleans()),
        skew_s=skew_s,
    )


@given(
    st.lists(
        signs() | st.tuples(worker_events(), st.integers(0, 12).map(lambda at: NOW + at)),
        min_size=1,
        max_size=24,
    ),
    st.randoms(use_true_random=False),
)
def test_nor_do_they_for_signs_of_life_whenever_they_came(
    history: list[Heard], dice: random.Random
) -> None:
    shuffled = [*history, *dice.choices(history, k=3)]
    dice.shuffle(shuffled)

    assert after(shuffled) == after(history)
    assert after([*history, *history]) == after(history)


@pytest.mark.parametrize("skew_s", [-3_600.0, -5.0, 0.0, 3.0, 3_600.0])
def test_whether_it_lives_does_not_depend_on_its_clock(skew_s: float) -> None:
    beats = [(told("heartbeat", at + skew_s, freq=2.0), NOW + at) for at in (0, 2, 4)]

    worker = after(beats)

    assert (worker.heartbeat, worker.status(NOW + 5)) == (NOW + 4, ONLINE)
    assert worker.status(NOW + 9) == SILENT


def test_a_clock_that_was_set_right_holds_no_value_back() -> None:
    ahead = told("heartbeat", 3_600, active=9), NOW
    right = told("heartbeat", 2, active=1), NOW + 2

    assert after([ahead, right]).active == 1


def test_what_it_does_is_a_sign_of_life_and_what_it_takes_ends_a_goodbye() -> None:
    done = SignOfLife(hostname="w@h", heard=NOW + 20)
    took = SignOfLife(hostname="w@h", heard=NOW + 20, takes=True)
    left = after([(told("heartbeat", 0), NOW), (told("offline", 1), NOW + 1)])

    assert after([done]).status(NOW + 20 + QUIET_S) == ONLINE
    assert witness(left, done).status(NOW + 21) == OFFLINE
    assert witness(left, took).status(NOW + 21) == ONLINE


def test_who_was_heard_before_our_clock_was_set_back_is_silent_until_heard_again() -> None:
    before = after([(told("heartbeat", 0, active=9), NOW + 3_600)])
    again = after(
        [
            (told("heartbeat", 0, active=9), NOW + 3_600),
            SignOfLife(hostname="w@h", heard=NOW + 4, noted=NOW + 4),
            (told("heartbeat", 6, active=1), NOW + 6),
            (told("offline", 7), NOW + 7),
        ]
    )

    assert before.status(NOW + 2) == SILENT
    assert (again.active, again.status(NOW + 8)) == (1, OFFLINE)


def test_an_answer_is_a_sign_of_life_of_whoever_sends_nothing() -> None:
    known = after([(told("heartbeat", 0), NOW)])

    workers = with_answers([known], {"a@h": NOW + 9, "w@h": NOW + 9})

    assert [(each.hostname, each.status(NOW + 10)) for each in workers] == [
        ("a@h", ONLINE),
        ("w@h", ONLINE),
    ]


def test_nobody_lives_for_years_by_saying_that_it_will_be_quiet() -> None:
    worker = observed([told("heartbeat", freq=1e12)])

    assert worker.status(NOW + 3_600) == SILENT


def test_its_clock_is_measured_by_what_was_least_late() -> None:
    late = [SignOfLife(hostname="w@h", heard=NOW + n, skew_s=3_600 - n) for n in (3, 1, 2)]

    assert after(late).skew_s == 3_599
    assert after([SignOfLife(hostname="w@h", heard=NOW)]).skew_s is None


def test_two_workers_of_one_name_are_told_from_one_that_restarted() -> None:
    def beats(*pids: int) -> Worker:
        return observed(told("heartbeat", at, pid=pid, processed=at) for at, pid in enumerate(pids))

    in_containers = observed(
        told("heartbeat", at, pid=1, processed=count) for at, count in enumerate((50, 3, 50, 4))
    )

    assert beats(7, 8, 7).is_shared
    assert in_containers.is_shared
    assert not beats(7, 7, 8, 8).is_shared


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

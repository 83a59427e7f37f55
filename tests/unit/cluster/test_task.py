"""The rules by which a set of events becomes a row."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from umbel.cluster.error_fingerprint import error_fingerprint
from umbel.cluster.events import Event
from umbel.cluster.facts import PER_SIDE_MAX, join
from umbel.cluster.task import Task, project

NOW = 1_800_000_000.0
UUID = "11111111-2222-3333-4444-555555555555"


def told(kind: str, at: float, hostname: str = "w1@h", **fields: Any) -> Event:
    return Event(type=f"task-{kind}", timestamp=NOW + at, hostname=hostname, uuid=UUID, **fields)


def task(*events: Event) -> Task:
    return project(UUID, join((), events))


SENT = told("sent", 0, "gen1@client", name="a", args="(1,)", queue="mail", retries=0, root_id=UUID)
RECEIVED = told("received", 1, name="a", args="(1,)", retries=0, root_id=UUID)
STARTED = told("started", 2, pid=7)
SUCCEEDED = told("succeeded", 3, result="42", runtime=0.9)


def test_a_whole_life_in_one_row() -> None:
    found = task(SENT, RECEIVED, STARTED, SUCCEEDED)

    assert (found.state, found.name, found.worker, found.client) == (
        "SUCCESS",
        "a",
        "w1@h",
        "gen1@client",
    )
    assert (found.sent, found.received, found.started, found.finished) == (
        NOW,
        NOW + 1,
        NOW + 2,
        NOW + 3,
    )
    assert (found.runtime, found.wait, found.result, found.queue) == (0.9, 2.0, "42", "mail")
    assert found.flags == ()


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((SENT,), "PENDING"),
        ((SENT, RECEIVED), "RECEIVED"),
        ((SENT, RECEIVED, STARTED), "STARTED"),
        ((told("progress", 1),), "PENDING"),
        ((RECEIVED, STARTED, told("retried", 3)), "RETRY"),
        ((RECEIVED, STARTED, told("rejected", 3)), "REJECTED"),
        ((RECEIVED, STARTED, told("failed", 3), told("rejected", 4)), "FAILURE"),
        ((told("failed", 3), told("revoked", 4)), "REVOKED"),
        ((told("revoked", 3), told("failed", 4)), "FAILURE"),
        ((told("succeeded", 3), told("failed", 4), told("revoked", 5)), "SUCCESS"),
    ],
)
def test_the_state_follows_from_the_set(events: tuple[Event, ...], state: str) -> None:
    assert task(*events).state == state
    assert task(*events[::-1]).state == state


def test_a_late_start_does_not_undo_success() -> None:
    found = task(SENT, RECEIVED, STARTED, SUCCEEDED, told("received", 5), told("started", 6))

    assert found.state == "SUCCESS"
    assert set(found.flags) == {"redelivered", "ran-again"}


def test_a_retry_received_ahead_of_its_time_leaves_the_run_open() -> None:
    ahead = told("received", 2.5, name="a", retries=1, parent_id=UUID)

    assert task(SENT, RECEIVED, STARTED, ahead).state == "STARTED"
    assert task(SENT, RECEIVED, STARTED, ahead, told("retried", 2.7)).state == "RETRY"


def test_a_retry_received_after_it_was_told_waits_as_received() -> None:
    after = told("received", 3, name="a", retries=1, parent_id=UUID)

    assert task(SENT, RECEIVED, STARTED, told("retried", 2.7), after).state == "RECEIVED"


def test_the_worker_is_that_of_the_latest_try_though_an_earlier_one_had_a_fast_clock() -> None:
    fast = [replace(event, timestamp=event.timestamp + 10) for event in (RECEIVED, STARTED)]
    retried = told("retried", 13, exception="Declined('try 0')")
    again = told("received", 4, "w2@h", name="a", retries=1, parent_id=UUID)
    rest = told("started", 4.5, "w2@h"), told("succeeded", 5, "w2@h", pid=8)

    found = task(SENT, *fast, retried, again, *rest)

    assert (found.worker, found.pid, found.flags) == ("w2@h", 8, ())
    assert (found.received, found.started) == (NOW + 4, NOW + 4.5)


def test_a_run_that_was_lost_on_a_fast_clock_did_not_run_again() -> None:
    lost = [replace(event, timestamp=event.timestamp + 3_600) for event in (RECEIVED, STARTED)]
    again = told("received", 4, "w2@h", name="a", retries=0, root_id=UUID)
    rest = told("started", 4.5, "w2@h"), told("succeeded", 5, "w2@h", result="42")

    found = task(SENT, *lost, again, *rest)

    assert (found.worker, found.state) == ("w2@h", "SUCCESS")
    assert "ran-again" not in found.flags


def test_empty_texts_of_the_receiver_beat_no_full_ones_of_the_sender() -> None:
    sent = told("sent", 0, "gen1@client", name="a", args="(1, 2)", kwargs="{}", retries=0)
    received = told("received", 1, name="a", args="", kwargs="", retries=0)

    assert (task(sent, received).args, task(sent, received).kwargs) == ("(1, 2)", "{}")
    assert task(sent, received, STARTED, told("rejected", 3)).args == "(1, 2)"


def tries(*numbers: int) -> list[Event]:
    """Deliveries of these tries a second apart; each begins half a second later."""
    return [
        event
        for number in numbers
        for event in (
            told("received", number, name="a", retries=number, root_id=UUID),
            told("started", number + 0.5),
        )
    ]


def test_a_try_that_begins_before_the_last_one_is_told_to_have_ended_goes_on() -> None:
    retried = told("retried", 1.6, exception="Declined('try 0')")

    found = task(*tries(0, 1), retried)

    assert found.state == "STARTED"
    assert [run.state for run in found.attempts] == ["RETRY", "STARTED"]
    assert found.attempts[0].exception == "Declined('try 0')"


def test_each_of_three_tries_ends_as_it_did_though_the_next_had_begun() -> None:
    first = told("retried", 1.6, exception="Declined('try 0')")
    second = told("retried", 2.6, exception="Declined('try 1')")

    found = task(*tries(0, 1, 2), first, second, told("succeeded", 2.7, result="42"))

    assert [run.state for run in found.attempts] == ["RETRY", "RETRY", "SUCCESS"]
    assert [run.exception for run in found.attempts] == [
        "Declined('try 0')",
        "Declined('try 1')",
        None,
    ]


def test_a_start_that_is_told_after_the_next_try_was_received_is_of_its_own_try() -> None:
    events = [
        *tries(0),
        told("received", 1, name="a", retries=1),
        told("received", 1.2, name="a", retries=2),
        told("started", 1.3, pid=1),
        told("retried", 1.4, exception="Declined('try 0')"),
        told("retried", 1.5, exception="Declined('try 1')"),
        told("started", 1.6, pid=2),
        told("succeeded", 1.7, result="42"),
    ]

    found = task(*events)

    assert [run.state for run in found.attempts] == ["RETRY", "RETRY", "SUCCESS"]
    assert [run.started for run in found.attempts] == [NOW + 0.5, NOW + 1.3, NOW + 1.6]


def test_a_try_that_was_lost_is_not_said_to_have_asked_for_the_next() -> None:
    lost, again = tries(0), [told("received", 0.6, name="a", retries=0), told("started", 0.7)]
    asked = told("retried", 0.8, exception="Declined('try 0')")
    last = told("retried", 1.8, exception="Declined('try 1')")

    found = task(*lost, *again, asked, *tries(1), last)

    assert [run.state for run in found.attempts] == ["STARTED", "RETRY", "RETRY"]


def test_a_replacement_inside_a_retry_is_no_redelivery() -> None:
    again = told("received", 4, name="a", retries=1, parent_id=UUID)
    replaced = told("received", 8, name="b", retries=1, parent_id=UUID)
    events = (told("retried", 3), again, told("started", 5), replaced, told("started", 9))

    found = task(SENT, RECEIVED, STARTED, *events, told("succeeded", 10))

    assert (found.name, found.flags) == ("b", ())


def test_a_retry_knows_the_true_parent_and_the_newest_arguments() -> None:
    first = told("sent", 0, "gen1@client", name="a", args="(1,)", retries=0, parent_id="boss")
    again = told("sent", 3, "gen9@h", name="a", args="(2,)", retries=1, parent_id=UUID)

    found = task(again, first)

    assert (found.parent_id, found.args, found.retries, found.client) == (
        "boss",
        "(2,)",
        1,
        "gen1@client",
    )


def test_a_replacement_changes_the_name_and_adds_an_attempt() -> None:
    replacement = told("received", 4, name="b", retries=0, parent_id=UUID)

    found = task(SENT, RECEIVED, STARTED, replacement, told("started", 5), told("succeeded", 6))

    assert (found.name, found.state, found.parent_id) == ("b", "SUCCESS", None)
    assert [attempt.number for attempt in found.attempts] == [0, 0]
    assert "redelivered" not in found.flags


def test_the_waiting_time_begins_at_a_later_eta() -> None:
    eta = "2027-01-15T08:00:10+00:00"
    sent = told("sent", 0, "gen1@client", eta=eta, retries=0)
    received = told("received", 1, eta=eta, retries=0)

    found = task(sent, received, told("started", 10.5))

    assert found.eta == NOW + 10
    assert found.wait == 0.5


def test_the_error_of_a_hard_time_limit_is_read_from_the_traceback() -> None:
    failed = told(
        "failed",
        3,
        exception="ExceptionWithTraceback()",
        traceback='Traceback:\n  File "x"\nTimeLimitExceeded: TimeLimitExceeded(1,)\n',
    )

    found = task(RECEIVED, STARTED, failed)

    assert found.exception == "TimeLimitExceeded: TimeLimitExceeded(1,)"
    assert found.attempts[0].exception == found.exception


def test_a_retry_that_no_error_caused_is_not_said_to_have_the_error_none() -> None:
    traceback = 'Traceback:\n  File "x"\ncelery.exceptions.Retry: Retry in 5s\n'

    retried = task(RECEIVED, STARTED, told("retried", 3, exception="None", traceback=traceback))
    untold = task(RECEIVED, STARTED, told("retried", 3, exception="None"))
    failed = task(RECEIVED, STARTED, told("failed", 3, exception="None", traceback=traceback))

    assert retried.exception == retried.attempts[0].exception
    assert retried.exception == "celery.exceptions.Retry: Retry in 5s"
    assert error_fingerprint("None", traceback) == error_fingerprint(retried.exception, traceback)
    assert untold.exception is None
    assert failed.exception == "None"


@pytest.mark.parametrize("error", ["ValueError('a, b')", 'KeyError("x)\', 3)")'])
@pytest.mark.parametrize("when", ["3", "1.5", "None", "datetime.datetime(2026, 12, 1, 2, 53, 54)"])
def test_pools_without_processes_tell_a_retry_with_the_error_in_it(error: str, when: str) -> None:
    """`repr` of Celery's `Retry`, which threads, greenlets and a solo pool send as it is."""
    told_so = told("retried", 3, exception=f"Retry(Retry(...), {error}, {when})")
    failed = told("failed", 3, exception=f"Retry(Retry(...), {error}, {when})")

    assert task(RECEIVED, STARTED, told_so).exception == error
    assert task(RECEIVED, STARTED, told_so).attempts[0].exception == error
    assert task(RECEIVED, STARTED, failed).exception == failed.exception


def test_a_task_seen_from_the_middle_is_partial() -> None:
    assert "partial" in task(STARTED, SUCCEEDED).flags
    assert "partial" in task(SUCCEEDED).flags
    assert "partial" not in task(told("failed", 1)).flags


def test_expired_and_terminated_are_told_apart() -> None:
    assert task(told("revoked", 1, expired=True, terminated=False)).flags == ("expired",)
    assert task(told("revoked", 1, expired=False, terminated=True)).flags == ("terminated",)


def test_a_greenlet_that_was_killed_did_not_succeed() -> None:
    """A gevent or eventlet pool tells that a terminated task succeeded, with neither result nor
    runtime, right after it told that it was revoked."""
    revoked = told("revoked", 3, expired=False, terminated=True)
    killed = told("succeeded", 3.1)

    for events in ((revoked, killed), (killed, revoked)):
        found = task(SENT, RECEIVED, STARTED, *events)
        assert (found.state, found.flags, found.finished) == ("REVOKED", ("terminated",), NOW + 3)
        assert [run.state for run in found.attempts] == ["REVOKED"]
    assert task(RECEIVED, STARTED, revoked, SUCCEEDED).state == "SUCCESS"
    assert task(RECEIVED, STARTED, told("revoked", 3), killed).state == "SUCCESS"


def test_the_application_s_own_events_are_notes_and_never_change_the_state() -> None:
    found = task(RECEIVED, STARTED, told("progress", 3, "gen2@h", detail='{"step": 1}'))

    assert found.state == "STARTED"
    assert found.worker == "w1@h"
    assert [(note.type, note.detail) for note in found.notes] == [("task-progress", '{"step": 1}')]


def test_a_task_of_a_thousand_notes_is_shortened_and_keeps_the_ends() -> None:
    notes = [told("progress", 10 + step, detail=str(step)) for step in range(1_000)]

    found = task(RECEIVED, STARTED, *notes)

    assert "shortened" in found.flags
    assert len(found.notes) == 2 * PER_SIDE_MAX
    assert (found.notes[0].detail, found.notes[-1].detail) == ("0", "999")

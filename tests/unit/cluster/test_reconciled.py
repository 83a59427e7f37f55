"""A task's row when events were missing, and somebody who knew was asked."""

from __future__ import annotations

from typing import Any

from umbel.cluster.decode import decode
from umbel.cluster.events import Event
from umbel.cluster.facts import join
from umbel.cluster.reconciled import Provenance, detail_of, fact_count
from umbel.cluster.task import Task, project

T = 1_800_000_000.0
WORKER = "w1@h"
BACKEND = detail_of(Provenance(source="backend", at=T + 60))


def event(kind: str, at: float, hostname: str = WORKER, **fields: Any) -> Event:
    return Event(type=f"task-{kind}", timestamp=T + at, hostname=hostname, uuid="a", **fields)


def answer(kind: str, at: float, hostname: str = WORKER, **fields: Any) -> Event:
    fields.setdefault("detail", BACKEND)
    return Event(type=f"reconciled-{kind}", timestamp=T + at, hostname=hostname, uuid="a", **fields)


def task(*facts: Event) -> Task:
    return project("a", join((), facts))


RECEIVED = event("received", 1, name="shop.pay", args="(1,)", kwargs="{}", root_id="a")
STARTED = event("started", 2, pid=7)


def test_a_backend_that_knows_the_end_ends_the_run() -> None:
    found = task(RECEIVED, STARTED, answer("succeeded", 5, hostname="", result="42"))

    assert (found.state, found.result, found.finished) == ("SUCCESS", "42", T + 5)
    assert (found.worker, found.pid, found.runtime) == (WORKER, 7, 3.0)
    assert [(run.state, run.ended) for run in found.attempts] == [("SUCCESS", T + 5)]
    assert found.flags == ("reconciled",)
    assert [(fact.source, fact.kind, fact.holds) for fact in found.reconciled] == [
        ("backend", "succeeded", True)
    ]


def test_the_event_that_comes_late_knows_more() -> None:
    late = event("succeeded", 5.01, result="42", runtime=2.97)
    found = task(RECEIVED, STARTED, answer("succeeded", 5, result="4…"), late)

    assert (found.result, found.runtime, found.finished) == ("42", 2.97, T + 5.01)
    assert found.flags == ()
    assert not found.reconciled[0].holds


def test_a_failure_that_the_backend_tells_has_its_error() -> None:
    found = task(RECEIVED, STARTED, answer("failed", 5, exception="ValueError('x')"))

    assert (found.state, found.exception) == ("FAILURE", "ValueError('x')")
    assert found.error is not None


def test_a_success_that_the_backend_tells_is_one_though_a_failure_was_heard() -> None:
    assert task(RECEIVED, STARTED, event("failed", 3), answer("succeeded", 9)).state == "SUCCESS"


def test_a_whole_life_that_was_missed_is_known_from_the_backend() -> None:
    found = task(
        answer("succeeded", 5, name="shop.pay", args="[1]", kwargs="{}", retries=1, queue="mail")
    )

    assert (found.state, found.name, found.args, found.queue) == (
        "SUCCESS",
        "shop.pay",
        "[1]",
        "mail",
    )
    assert (found.retries, found.worker, found.seen) == (1, WORKER, T + 5)
    assert found.flags == ("partial", "reconciled")


def test_a_name_that_no_event_told_is_filled_in_though_the_end_was_heard() -> None:
    found = task(STARTED, event("succeeded", 4), answer("succeeded", 4, name="shop.pay"))

    assert (found.state, found.name, found.flags) == (
        "SUCCESS",
        "shop.pay",
        ("partial", "reconciled"),
    )


def test_a_start_that_a_worker_tells_is_that_of_the_event() -> None:
    found = task(RECEIVED, answer("started", 2.4), STARTED)

    assert [run.started for run in found.attempts] == [T + 2]
    assert task(RECEIVED, answer("started", 2.4)).state == "STARTED"


def test_nobody_knows_the_end_until_somebody_does() -> None:
    heard = (RECEIVED, STARTED)
    why = detail_of(
        Provenance(source="worker", at=T + 99, why="worker-lost", sources=("backend", "worker"))
    )
    unknown = answer("unknown", 2, hostname="", processed=fact_count(heard), detail=why)

    lost = task(*heard, unknown)
    again = task(*heard, unknown, event("received", 1.5, hostname="w2@h", name="shop.pay"))
    ended = task(*heard, unknown, event("succeeded", 3))

    assert (lost.state, lost.attempts[-1].state, lost.worker) == ("UNKNOWN", "UNKNOWN", WORKER)
    assert (lost.reconciled[0].why, lost.reconciled[0].sources) == (
        "worker-lost",
        ("backend", "worker"),
    )
    assert (lost.timestamp, lost.finished) == (T + 2, None)
    assert again.state in {"RECEIVED", "STARTED"}
    assert (ended.state, ended.flags) == ("SUCCESS", ())


def test_a_retry_that_the_backend_tells_stands_until_the_next_event() -> None:
    told = answer("retried", 5, exception="OSError()")

    assert task(RECEIVED, STARTED, told).state == "RETRY"
    assert task(RECEIVED, STARTED, told, event("received", 6, retries=1)).retries == 1
    assert task(RECEIVED, STARTED, told, event("started", 7)).state == "STARTED"


def test_a_retry_that_the_backend_told_again_and_again_is_one() -> None:
    told = [answer("retried", at, exception="OSError()") for at in (5, 6, 7)]

    found = task(RECEIVED, STARTED, *told)

    assert [run.state for run in found.attempts] == ["RETRY"]
    assert [fact.holds for fact in found.reconciled] == [True, False, False]


def test_a_broker_cannot_bring_what_only_umbel_says() -> None:
    body = (
        b'{"type": "reconciled-succeeded", "uuid": "a", "hostname": "h", "timestamp": 1800000000}'
    )

    found = decode(body, T)

    assert found.events == []
    assert found.faults[0].reason == "odd-type"

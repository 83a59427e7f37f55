"""Duplicate deliveries, visibility timeouts, and tasks that run far too long."""

from __future__ import annotations

from urllib.parse import unquote

from tests.unit.health.examples import NOW, durations, found, only
from umbel.services.health.facts import DeliveryFact, RunningTask


def test_tasks_that_came_again_are_told_by_name() -> None:
    one = only("duplicate-deliveries", deliveries=DeliveryFact(again=12, names=("a", "b")))

    assert one.sentence == "12 tasks of the last day were delivered more than once: a and b."
    assert one.action.address is not None
    assert unquote(one.action.address) == "tasks?q=is:redelivered seen:-1d.."
    assert found("duplicate-deliveries", deliveries=DeliveryFact(again=2)) == ()


def test_a_visibility_timeout_that_is_too_short() -> None:
    long = DeliveryFact(visibility_timeout_s=3_600, beyond_timeout=4, acks_late=True)
    again = DeliveryFact(visibility_timeout_s=3_600, beyond_timeout=4, again=1)

    assert only("visibility-timeout", deliveries=long).severity == "notice"
    one = only("visibility-timeout", deliveries=again)
    assert one.severity == "warning"
    assert (
        one.sentence == "4 tasks of the last day ran longer than the visibility timeout of 60 min."
    )


def test_long_tasks_are_harmless_where_they_are_acknowledged_at_their_start() -> None:
    early = DeliveryFact(visibility_timeout_s=3_600, beyond_timeout=4)
    no_timeout = DeliveryFact(beyond_timeout=4, acks_late=True, again=1)

    assert found("visibility-timeout", deliveries=early) == ()
    assert found("visibility-timeout", deliveries=no_timeout) == ()


def running(name: str, for_s: float, uuid: str = "u1") -> RunningTask:
    return RunningTask(uuid, name, "celery@eu-1", NOW - for_s)


DAY = {"etl": durations(200, 100.0), "quick": durations(900, 0.1), "rare": durations(49, 1.0)}


def test_tasks_that_run_many_times_longer_than_others() -> None:
    tasks = (running("etl", 900, "u1"), running("etl", 400, "u2"), running("etl", 200, "u3"))

    one = only("task-overdue", running=tasks, day_runtimes=DAY)

    assert one.sentence == (
        "2 tasks etl have run for far too long, the longest for 15 min; 99 in 100 end within 100 s."
    )
    assert one.since == NOW - 900
    assert one.action.address is not None
    assert unquote(one.action.address) == "tasks?q=state:STARTED name:=etl started:..-5m"


def test_quick_rare_and_unknown_names_are_not_overdue() -> None:
    tasks = (running("quick", 30), running("rare", 900), running("never seen", 90_000))

    assert found("task-overdue", running=tasks, day_runtimes=DAY) == ()

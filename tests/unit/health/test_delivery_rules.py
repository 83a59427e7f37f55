"""Duplicate deliveries, visibility timeouts, and tasks that run far too long."""

from __future__ import annotations

from urllib.parse import unquote

from tests.unit.health.examples import NOW, durations, found, only
from umbel.services.health.facts import DeliveryFact, RecurringTask, RunningTask


def test_tasks_that_came_again_are_told_by_name() -> None:
    one = only("duplicate-deliveries", deliveries=DeliveryFact(again=12, names=("a", "b")))

    assert one.sentence == "12 tasks of the last day were delivered more than once: a and b."
    assert one.action.address is not None
    assert unquote(one.action.address) == "tasks?q=is:redelivered -has:rejected seen:-1d.."
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


def recurring(deliveries: int, *, or_more: bool = False, uuid: str = "u1") -> RecurringTask:
    return RecurringTask(uuid, "pay", "celery@eu-1", deliveries, or_more, NOW - 120, NOW)


def test_a_task_that_comes_again_and_again_is_named_and_can_be_revoked() -> None:
    one = only("task-comes-again", recurring=(recurring(4),))

    assert one.sentence == "Task pay (u1) came to workers 4 times in 2 min and has not ended."
    assert (one.severity, one.since) == ("warning", NOW - 120)
    assert one.action.request is not None
    assert (one.action.request.action, one.action.request.ids) == ("revoke", ["u1"])
    assert found("task-comes-again", recurring=(recurring(2),)) == ()


def test_one_that_came_ten_times_is_critical() -> None:
    one = only("task-comes-again", recurring=(recurring(35, or_more=True),))

    assert one.severity == "critical"
    assert "came to workers 35 times or more in" in one.sentence


def test_many_tasks_that_come_again_are_three_and_a_sum() -> None:
    many = found("task-comes-again", recurring=tuple(recurring(5, uuid=f"u{n}") for n in range(9)))

    assert many[-1].sentence == "6 more tasks came to workers again and again."
    assert unquote(many[-1].action.address or "") == (
        "tasks?q=is:redelivered state:RECEIVED,STARTED,REJECTED"
    )


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

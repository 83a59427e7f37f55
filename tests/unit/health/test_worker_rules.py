"""Workers that are silent, gone, wedged, or whose clock is wrong."""

from __future__ import annotations

from tests.unit.health.examples import NOW, begun, depths, facts, found, only, queue, worker
from umbel.services.health.assessment import assess
from umbel.services.health.liveness import Liveness

ALIVE = worker("celery@eu-2")


def silent(name: str = "celery@eu-1", *, for_s: float = 90.0, active: int = 0) -> object:
    return worker(name, status="silent", heard=NOW - for_s, active=active)


def test_a_worker_that_fell_silent_is_named_with_how_long() -> None:
    one = only("worker-silent", workers=(silent(), ALIVE))

    assert one.sentence == "celery@eu-1 has said nothing for 90 s."
    assert (one.severity, one.subject, one.since) == ("warning", "celery@eu-1", NOW - 90)
    assert one.action.address == "workers/celery%40eu-1"


def test_a_silent_worker_may_be_busy_with_a_solo_pool() -> None:
    one = only("worker-silent", workers=(silent(), ALIVE))

    assert "with the solo pool a worker says nothing while it runs a task" in one.why


def test_it_is_critical_if_it_ran_tasks_or_was_the_last() -> None:
    ran = only("worker-silent", workers=(silent(active=3), ALIVE))
    last = only("worker-silent", workers=(silent(),))

    assert ran.severity == "critical"
    assert "while it ran 3 tasks" in ran.sentence
    assert last.severity == "critical"
    assert "no other worker is online" in last.sentence


def test_a_missed_heartbeat_is_no_finding_nor_is_a_worker_long_gone() -> None:
    assert found("worker-silent", workers=(silent(for_s=10), ALIVE)) == ()
    assert found("worker-silent", workers=(silent(for_s=90_000), ALIVE)) == ()


def test_a_worker_that_said_goodbye_or_could_not_be_heard_is_not_silent() -> None:
    for status in ("offline", "unknown"):
        away = worker(status=status, heard=NOW - 90)
        assert found("worker-silent", workers=(away, ALIVE)) == ()


def test_many_silent_workers_are_three_and_a_sum() -> None:
    lost = [silent(f"w{n}", for_s=60 + n, active=int(n == 7)) for n in range(8)]

    all_found = found("worker-silent", workers=(*lost, ALIVE))

    assert [each.subject for each in all_found] == ["w7", "w0", "w1", ""]
    assert all_found[-1].sentence == "5 more workers fell silent: w2, w3, w4 and 2 more."


def test_all_workers_stopped() -> None:
    stopped = worker(status="offline", heard=NOW - 300)
    waits = only("no-worker", workers=(stopped,), queues=(queue("mail", depths(0, 7)),))
    one = only("no-worker", workers=(stopped,), queues=(queue("mail", depths(0, 1)),))
    idle = only("no-worker", workers=(stopped,))

    assert waits.severity == "critical"
    assert waits.sentence == (
        "No worker is online: the last one stopped 5 min ago; 7 messages wait."
    )
    assert one.sentence.endswith("; 1 message waits.")
    assert idle.severity == "warning"
    assert found("no-worker", workers=(stopped, ALIVE)) == ()
    assert found("no-worker", workers=()) == ()


GROWS = queue("celery", depths(*range(10, 30)))


def test_a_worker_that_lives_and_starts_nothing_while_its_queue_grows_is_wedged() -> None:
    one = only("worker-wedged", workers=(worker(readings=begun(*[0] * 20)),), queues=(GROWS,))

    assert one.severity == "critical"
    assert one.sentence == (
        "celery@eu-1 sends heartbeats, runs nothing and has started nothing for 3 min, while "
        "29 messages wait in celery."
    )
    assert one.action.request is not None
    assert one.action.request.action == "pool_restart"


def test_a_worker_is_not_wedged_that_starts_tasks_or_runs_long_ones_or_has_no_work() -> None:
    def wedged(counts: list[int], *, active: int = 0, waiting: object = GROWS) -> bool:
        readings = begun(*counts, active=active)
        return bool(found("worker-wedged", workers=(worker(readings=readings),), queues=(waiting,)))

    assert wedged([0] * 20)
    assert wedged([7] + [0] * 19)
    assert not wedged([0] * 19 + [1])
    assert not wedged([0] * 10)
    assert not wedged([0] * 20, active=4)
    assert not wedged([0] * 20, waiting=queue("celery", depths(*[10] * 20)))
    assert not wedged([0] * 20, waiting=queue("other", depths(*range(10, 30))))


def test_a_sample_that_does_not_know_ends_nothing_and_begins_nothing() -> None:
    """As the first one after the server was started anew."""
    known = worker(readings=begun(*[0] * 10, None, *[0] * 10))
    unknown = worker(readings=begun(*[None] * 20))

    assert found("worker-wedged", workers=(known,), queues=(GROWS,))
    assert found("worker-wedged", workers=(unknown,), queues=(GROWS,)) == ()


def test_many_wedged_workers_are_three_and_a_sum() -> None:
    stuck = tuple(worker(f"w{n}", readings=begun(*[0] * 20)) for n in range(9))

    all_found = found("worker-wedged", workers=stuck, queues=(GROWS,))

    assert len(all_found) == 4
    assert all_found[-1].severity == "critical"
    assert all_found[-1].sentence == (
        "6 more workers send heartbeats and start nothing, while their queues grow: "
        "w3, w4, w5 and 3 more."
    )


def test_what_two_workers_under_one_name_began_is_not_known() -> None:
    shared = worker(readings=begun(*[0] * 20), shares_its_name=True)

    assert found("worker-wedged", workers=(shared,), queues=(GROWS,)) == ()


def test_a_worker_that_runs_the_same_tasks_for_hours_is_told_with_the_hours() -> None:
    readings = begun(5, *[0] * 12, every_s=600.0, active=4)

    one = only("worker-wedged", workers=(worker(readings=readings, active=4),), queues=(GROWS,))

    assert one.severity == "warning"
    assert "runs the same 4 tasks and has started nothing for 110 min" in one.sentence


def test_a_silent_worker_shows_what_it_began_before() -> None:
    minutes = begun(9, 8, 3, every_s=60.0)
    gone = worker("celery@eu-1", status="silent", heard=NOW - 90, minutes=minutes)

    one = only("worker-silent", workers=(gone, ALIVE))

    assert one.evidence is not None
    assert [each.value for each in one.evidence.points] == [9, 8, 3]


def test_while_nothing_is_recorded_no_worker_is_called_wedged() -> None:
    blind = facts(
        live=Liveness("blind", None, "The broker is away."),
        workers=(worker(readings=begun(*[0] * 20)),),
        queues=(GROWS,),
    )

    assert [each.rule for each in assess(blind)] == []


def skewed(seconds: float, times: int = 3) -> object:
    return worker(skews=tuple((NOW - n, seconds - n / 10) for n in range(times)))


def test_a_clock_that_is_off_is_told_with_its_direction() -> None:
    ahead, behind = (
        only("clock-skew", workers=(skewed(7),)),
        only("clock-skew", workers=(skewed(-200),)),
    )

    assert (ahead.severity, ahead.sentence) == (
        "notice", "The clock of celery@eu-1 is 7.0 s ahead."
    )  # fmt: skip
    assert (behind.severity, behind.sentence) == (
        "warning", "The clock of celery@eu-1 is 3 min behind."
    )  # fmt: skip


def test_few_measurements_of_a_clock_or_a_small_difference_say_nothing() -> None:
    assert found("clock-skew", workers=(skewed(7, times=2),)) == ()
    assert found("clock-skew", workers=(skewed(4.5),)) == ()


def test_a_clock_near_the_threshold_does_not_flap() -> None:
    open_before = frozenset([only("clock-skew", workers=(skewed(5.1),)).id])

    assert found("clock-skew", workers=(skewed(4.5),), open=open_before)
    assert found("clock-skew", workers=(skewed(3.9),), open=open_before) == ()


def test_two_workers_of_one_name() -> None:
    one = only("worker-name-shared", workers=(worker(shares_its_name=True),))

    assert one.sentence == "More than one worker speaks as celery@eu-1."

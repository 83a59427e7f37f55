"""Queues that nobody consumes, that grow, or that are older than usual."""

from __future__ import annotations

from tests.unit.health.examples import NOW, depths, facts, found, only, queue, worker
from umbel.services.health.assessment import assess
from umbel.services.health.facts import QueueReading
from umbel.store.queue_pauses import QueuePause


def test_a_queue_without_consumer_is_critical_and_offers_one() -> None:
    readings = depths(2, 5, 9, 12, 14, consumers=0)
    readings[0] = QueueReading(readings[0].at, 2, 1)
    lost = queue("mail", readings, were=("celery@eu-1", "celery@gone"))

    one = only("queue-without-consumer", queues=(lost,))

    assert one.severity == "critical"
    assert one.sentence == "Nobody consumes mail, where 14 messages wait."
    assert one.since == NOW - 30
    assert one.evidence is not None
    assert [each.value for each in one.evidence.points] == [2, 5, 9, 12, 14]
    request = one.action.request
    assert request is not None
    assert (request.action, request.queue) == ("add_consumer", "mail")
    assert request.workers == ["celery@eu-1"]


def test_a_worker_that_consumed_it_and_fell_silent_of_late_may_be_busy() -> None:
    lost = queue("mail", depths(2, 5, 9, 12, 14, consumers=0), were=("celery@solo",))
    online = worker()

    def told(heard: float) -> str:
        silent = worker("celery@solo", status="silent", heard=heard)
        return only("queue-without-consumer", queues=(lost,), workers=(online, silent)).sentence

    assert told(NOW - 60) == (
        "No worker that answers consumes mail, where 14 messages wait; nothing is heard of "
        "celery@solo, which did."
    )
    assert told(NOW - 3_600) == "Nobody consumes mail, where 14 messages wait."


def test_it_is_told_at_the_first_look() -> None:
    one = only("queue-without-consumer", queues=(queue("mail", depths(1, consumers=0)),))

    assert one.sentence == "Nobody consumes mail, where 1 message waits."
    assert one.since is None


def test_a_worker_that_restarts_leaves_no_finding() -> None:
    readings = [*depths(1, 2, 3, every_s=10), QueueReading(NOW + 1, 4, 0)]

    assert found("queue-without-consumer", queues=(queue("mail", readings),)) == ()


def test_samples_that_do_not_know_of_consumers_say_nothing_against_it() -> None:
    """On Redis, while no worker is online, a sample does not know who consumes."""
    readings = [*depths(3, 3, 3, 3, 3, consumers=None)]
    readings[0] = QueueReading(readings[0].at, 3, 1)
    readings[-1] = QueueReading(NOW, 3, 0)

    one = only("queue-without-consumer", queues=(queue("mail", readings),))

    assert one.since == NOW - 30


def test_since_when_nobody_consumes_it_is_known_for_a_day() -> None:
    earlier = tuple(QueueReading(NOW - 50_000 + n * 600, 9, int(n < 5)) for n in range(70))
    lost = queue("mail", depths(9, 9, 9, 9, 9, consumers=0), earlier=earlier)

    assert only("queue-without-consumer", queues=(lost,)).since == NOW - 50_000 + 3_000


def test_an_empty_queue_and_one_of_which_consumers_are_unknown_say_nothing() -> None:
    for readings in (depths(0, 0, 0, 0, 0, consumers=0), depths(9, 9, 9, 9, 9, consumers=None)):
        assert found("queue-without-consumer", queues=(queue("mail", readings),)) == ()
    assert found("queue-without-consumer", queues=None) == ()


def test_without_a_worker_there_is_nobody_to_add() -> None:
    lost = queue("a/b", depths(3, consumers=0))

    one = only("queue-without-consumer", queues=(lost,), workers=(worker(status="offline"),))

    assert one.action.address == "queues/a%2Fb"


def test_many_queues_without_consumer_are_the_fullest_and_a_sum() -> None:
    lost = tuple(queue(f"q{n}", depths(n + 1, consumers=0)) for n in range(30))

    all_found = found("queue-without-consumer", queues=lost)

    assert [each.subject for each in all_found] == ["q29", "q28", "q27", ""]
    assert all_found[-1].sentence.startswith("Nobody consumes 27 more queues")


GROWING = depths(*(40 + n * 10 for n in range(40)))


def test_a_queue_that_grows_for_minutes() -> None:
    one = only("queue-growing", queues=(queue("mail", GROWING),))

    assert one.sentence == ("mail has grown to 430 messages, by about 60 a minute for 6 min.")
    assert one.severity == "warning"


def test_bursts_short_looks_and_few_messages_are_no_growth() -> None:
    burst = depths(*(0,) * 20, *(500,) * 10, *(200,) * 10)
    short = depths(*(40 + n * 40 for n in range(10)))
    few = depths(*(n for n in range(40)))
    sparse = depths(10, 300, 900, every_s=200)

    for readings in (burst, short, few, sparse):
        assert found("queue-growing", queues=(queue("mail", readings),)) == ()


def test_growth_that_was_told_is_told_until_it_is_clearly_over() -> None:
    slow = depths(*(1_000 + n * 12 for n in range(40)))
    was_open = frozenset([only("queue-growing", queues=(queue("mail", GROWING),)).id])

    assert found("queue-growing", queues=(queue("mail", slow),)) == ()
    assert found("queue-growing", queues=(queue("mail", slow),), open=was_open)


def test_a_queue_that_nobody_consumes_is_told_once() -> None:
    readings = [QueueReading(each.at, each.ready, 0) for each in GROWING]

    assert [f.rule for f in assess(facts(queues=(queue("mail", readings),)))] == [
        "queue-without-consumer"
    ]


def test_a_queue_that_is_older_than_on_the_days_before() -> None:
    late = queue("mail", [QueueReading(NOW, 9, 1, 240.0)], usual_oldest_s=(20.0, 70.0, 5.0))
    usual = queue("mail", [QueueReading(NOW, 9, 1, 180.0)], usual_oldest_s=(20.0, 70.0, 5.0))
    thin = queue("mail", [QueueReading(NOW, 9, 1, 240.0)], usual_oldest_s=(20.0, 70.0))

    assert only("queue-older-than-usual", queues=(late,)).sentence == (
        "The oldest message in mail has waited 4 min; at this hour of the days before it was 70 s "
        "at most."
    )
    assert found("queue-older-than-usual", queues=(usual, thin)) == ()


def test_many_old_queues_are_the_three_oldest_and_a_sum() -> None:
    late = tuple(
        queue(f"q{n}", [QueueReading(NOW, 9, 1, 200.0 + n)], usual_oldest_s=(2.0, 7.0, 5.0))
        for n in range(20)
    )

    all_found = found("queue-older-than-usual", queues=late)

    assert [each.subject for each in all_found] == ["q19", "q18", "q17", ""]
    assert all_found[-1].sentence.startswith(
        "Messages wait far longer than usual in 17 more queues: q16, q15"
    )


def test_of_a_queue_that_nobody_consumes_it_is_not_told_as_well_that_it_is_old() -> None:
    lost = queue("mail", [QueueReading(NOW, 9, 0, 240.0)], usual_oldest_s=(20.0, 70.0, 5.0))

    assert [f.rule for f in assess(facts(queues=(lost,)))] == ["queue-without-consumer"]


def paused(at: float, reason: str = "") -> QueuePause:
    return QueuePause(queue="mail", actor="ann", at=at, action_id="a", reason=reason)


def test_a_paused_queue_has_a_calm_sentence_of_its_own() -> None:
    readings = depths(100, 200, 250, 300, 307, consumers=0)
    pause = paused(NOW - 600, "SMTP is down")
    one = only("queue-paused", queues=(queue("mail", readings, pause=pause),))

    assert one.severity == "notice"
    assert one.sentence.startswith("mail is paused by ann since ")
    assert one.sentence.endswith(" UTC (SMTP is down); 307 messages wait.")
    assert one.since is None  # its sentence says it
    request = one.action.request
    assert request is not None
    assert (request.action, request.queue) == ("resume", "mail")


def test_nothing_else_is_said_of_a_paused_queue() -> None:
    readings = [QueueReading(each.at, each.ready, 0, 90_000.0) for each in
                depths(*range(100, 3_100, 100), every_s=20)]  # fmt: skip
    calm = queue("mail", readings, pause=paused(NOW - 600), usual_oldest_s=(1.0, 1.0, 1.0))
    loud = queue("other", readings, usual_oldest_s=(1.0, 1.0, 1.0))

    rules = [each.rule for each in assess(facts(queues=(calm,))) if each.rule.startswith("queue")]
    others = [each.rule for each in assess(facts(queues=(loud,))) if each.rule.startswith("queue")]

    assert rules == ["queue-paused"]
    assert others == ["queue-without-consumer"]


def test_a_pause_that_is_older_than_a_day_is_a_warning() -> None:
    one = only("queue-paused", queues=(queue("mail", depths(0), pause=paused(NOW - 86_401)),))

    assert one.severity == "warning"
    assert one.sentence.endswith("; 0 messages wait.")


def test_of_many_paused_queues_a_few_stand_alone() -> None:
    many = [
        queue(f"q{number}", depths(number), pause=paused(NOW - number)) for number in range(500)
    ]
    several = found("queue-paused", queues=tuple(many))

    assert len(several) == 4
    assert several[-1].sentence.startswith("497 more queues are paused: ")


def test_a_broker_that_takes_nothing_is_said_instead_of_who_falls_silent_for_it() -> None:
    silent = worker(status="silent", heard=NOW - 60)
    full = facts(refusal="Redis refused. It has no memory left.", workers=(silent,))

    (one,) = assess(full)

    assert (one.rule, one.severity) == ("broker-takes-nothing", "critical")
    assert one.sentence == "Redis refused. It has no memory left."

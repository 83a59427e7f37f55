"""Worst first, muted last, and the one line that says that all is well."""

from __future__ import annotations

from tests.unit.health.examples import (
    NOW,
    count,
    counts,
    depths,
    durations,
    facts,
    queue,
    worker,
)
from umbel.services.cluster.queue_inspection import QUEUES_MAX
from umbel.services.health.assessment import assess, not_heard, well, with_mutes
from umbel.services.health.facts import HealthFacts, StorageFact
from umbel.services.health.health_finding import finding_id
from umbel.services.health.liveness import Liveness
from umbel.services.health.rules.table import HEALTH_RULES
from umbel.store.ledger import Mute

SICK = facts(
    workers=(
        worker("w1", skews=tuple((NOW - n, 9.0) for n in range(3))),
        worker("w2", status="silent", heard=NOW - 90, active=0),
    ),
    queues=(queue("mail", depths(4, consumers=0)),),
    counts=(count("a", counts(60, 30)),),
)


def mute(finding: str, severity: str) -> dict[str, Mute]:
    made = Mute(
        finding=finding, actor="ada", reason="we know", severity=severity, at=NOW, until=NOW + 60
    )
    return {finding: made}


def test_the_gravest_come_first() -> None:
    assert [(each.severity, each.rule) for each in assess(SICK)] == [
        ("critical", "queue-without-consumer"),
        ("critical", "failures-risen"),
        ("warning", "worker-silent"),
        ("notice", "clock-skew"),
    ]


def test_ids_are_the_same_at_the_next_look_and_fit_for_an_address() -> None:
    ids = [each.id for each in assess(SICK)]

    assert ids == [each.id for each in assess(SICK)]
    assert len({*ids}) == 4
    assert all(each.replace("-", "").replace(".", "").isalnum() for each in ids)


def test_what_is_muted_comes_last_with_who_and_why() -> None:
    muted_id = finding_id("queue-without-consumer", "mail")

    found = with_mutes(assess(SICK), mute(muted_id, "critical"))

    assert found[-1].id == muted_id
    assert found[-1].muted is not None
    assert (found[-1].muted.by, found[-1].muted.reason) == ("ada", "we know")
    assert [each.muted for each in found[:-1]] == [None] * 3


def test_a_mute_does_not_hold_for_what_became_graver() -> None:
    muted_id = finding_id("queue-without-consumer", "mail")

    assert all(e.muted is None for e in with_mutes(assess(SICK), mute(muted_id, "warning")))


def test_all_is_well_with_the_numbers_that_make_it_true() -> None:
    good = facts(workers=tuple(worker(f"w{n}") for n in range(14)))

    assert well(good, assess(good)) == (
        "All well: 14 workers, 52 tasks a minute, 2 of 780 failed in the last 15 min, "
        "nothing waits in 1 queue, 99 in 100 tasks start within 0.4 s."
    )


def test_a_long_wait_that_may_be_over_is_not_told_as_if_it_were_now() -> None:
    over = facts(total_wait=durations(100, 120.0))

    assert (well(over, assess(over)) or "").endswith(
        "99 in 100 tasks of the last 15 min started within 2 min."
    )


def test_numbers_that_are_not_known_are_left_out() -> None:
    quiet = facts(queues=None, total=counts(0, 0), total_wait=durations(4, 0.1))
    two = (queue("a", depths(3)), queue("b", depths(0)))
    some = facts(queues=two, total=counts(780, 0), total_wait=None)

    assert well(quiet, ()) == "All well: 1 worker, no tasks now."
    assert well(some, ()) == "All well: 1 worker, 52 tasks a minute, 3 messages in 2 queues."


def test_queues_that_are_not_counted_are_not_called_empty() -> None:
    many = facts(queues=tuple(queue(f"q{n}", depths(0)) for n in range(QUEUES_MAX)))

    assert "nothing waits in the 500 queues that are counted" in (well(many, ()) or "")


def test_without_workers_nothing_is_called_well() -> None:
    gone = worker(status="offline", heard=NOW - 90_000)

    assert well(facts(workers=(gone,)), ()) == (
        "Nothing is wrong, and nothing runs: no worker is online."
    )


def test_what_has_just_begun_is_not_called_well() -> None:
    """Nothing is recorded yet, or not long enough that every worker could be heard."""
    unheard = facts(workers=(worker(), worker("celery@eu-2", status="unknown")))

    assert well(facts(workers=()), ()) is None
    assert not_heard(facts(workers=())) == "No worker has been heard yet."
    assert well(unheard, ()) is None
    assert not_heard(unheard) == (
        "Whether 1 worker lives is not known yet: recording has only begun."
    )
    assert not_heard(facts()) is None


def test_well_says_how_little_it_has_to_go_by() -> None:
    young = facts(storage=StorageFact(tasks=9, oldest=NOW - 90), total=counts(780, 0))

    assert well(young, ()) == (
        "All well so far: 1 worker, 52 tasks a minute, nothing waits in 1 queue, 99 in 100 tasks "
        "start within 0.4 s, with 90 s of history to go by."
    )


def test_whoever_reads_that_all_is_well_reads_how_many_failed() -> None:
    """Too few to call it more than usual, or as many as ever."""
    failing = facts(total=counts(41, 8), recent_s=480.0)

    assert "8 of 41 failed in the last 8 min" in (well(failing, assess(failing)) or "")


def test_what_is_open_is_not_well_and_what_is_muted_is_said() -> None:
    found = assess(facts(workers=(worker(shares_its_name=True),)))

    assert well(facts(), found) is None
    muted = with_mutes(found, mute(found[0].id, "warning"))
    assert (well(facts(), muted) or "").startswith("All well but for 1 muted finding: 1 worker")


def test_it_is_never_well_while_umbel_is_blind_behind_or_sees_a_part() -> None:
    for state in ("blind", "behind", "partial"):
        assert well(facts(live=Liveness(state, 9.0, "...")), ()) is None


def test_names_as_long_and_strange_as_they_come_stay_sentences() -> None:
    name = "<b>\u202e" + "x" * 300

    (one,) = assess(facts(queues=(queue(name, depths(1, consumers=0)),)))

    assert len(one.sentence) < 150
    assert one.subject == name
    assert len(one.id) < 80


def test_every_rule_survives_facts_without_anything() -> None:
    nothing = HealthFacts(now=NOW, live=Liveness("live", 0.0, "..."))

    assert {rule: tuple(find(nothing)) for rule, find in HEALTH_RULES.items()} == dict.fromkeys(
        HEALTH_RULES, ()
    )

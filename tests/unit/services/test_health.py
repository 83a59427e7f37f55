"""Live, behind or blind, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.api.world import NOW, collector
from tests.contract.stories import heartbeat
from tests.support.clocks import SetWallClock
from umbel.cluster.gaps import Cause
from umbel.cluster.worker import SignOfLife
from umbel.services.health.health import Health
from umbel.services.health.liveness import Evidence, Liveness
from umbel.services.health.liveness import judge as judge_evidence
from umbel.store.base import CollectorStatus, DamagedPart, KeptGap
from umbel.store.memory import MemoryStore


def judge(
    collectors: Sequence[CollectorStatus], now: float, supervised: str | None = None
) -> Liveness:
    return judge_evidence(Evidence(now=now, collectors=tuple(collectors), supervised=supervised))


def test_a_fresh_connected_collector_is_live() -> None:
    live = judge([collector()], NOW)

    assert (live.state, live.lag_s) == ("live", 0.3)
    assert live.sentence == "What you see is live."


def test_what_workers_answered_before_the_clock_was_set_back_makes_nobody_deaf() -> None:
    heard = collector(heard_at=NOW - 2)

    def state(answered: float) -> str:
        known = Evidence(now=NOW, collectors=(heard,), answered={"w": answered})
        return judge_evidence(known).state

    assert [state(NOW + 3_600), state(NOW + 59)] == ["live", "blind"]


def test_no_collector_at_all_is_blind_and_says_how_to_start_one() -> None:
    live = judge([], NOW)

    assert (live.state, live.lag_s) == ("blind", None)
    assert "umbel collect" in live.sentence


def test_a_collector_that_fell_silent_is_blind_and_says_since_when() -> None:
    live = judge([collector(at=NOW - 180)], NOW)

    assert live.state == "blind"
    assert "3 min" in live.sentence


def test_a_clock_that_was_set_back_does_not_keep_a_dead_collector_live() -> None:
    assert judge([collector(at=NOW + 7_200)], NOW).state == "blind"


def test_the_watcher_of_the_collector_knows_best_why_it_is_silent() -> None:
    assert judge([], NOW, "The collector crashed: no memory.").sentence == (
        "The collector crashed: no memory."
    )


def test_a_collector_that_has_ended_is_blind_at_once_and_named() -> None:
    live = judge([collector(collector="eu-1-7", at=NOW - 1, ended=NOW - 1)], NOW)

    assert live.state == "blind"
    assert live.sentence.startswith("The collector eu-1-7 ended 1.0 s ago")


def test_a_collector_that_has_ended_neither_counts_nor_comes_first() -> None:
    store = MemoryStore()
    store.report(collector(collector="a", events=9, started=NOW - 900, ended=NOW))
    store.report(collector(collector="b", events=1, started=NOW - 9))
    health = Health(store, SetWallClock(NOW))

    assert health.pulse().counters.events == 1
    assert [each.collector for each in health.status().collectors] == ["b", "a"]


def test_a_collector_that_is_started_anew_makes_no_server_unready() -> None:
    store = MemoryStore()
    store.report(collector(ended=NOW))

    assert Health(store, SetWallClock(NOW)).unready() is None


def test_trouble_of_one_collector_does_not_blind_another() -> None:
    assert judge([collector()], NOW, "The collector crashed.").state == "live"


def test_a_collector_without_its_broker_is_blind_with_its_own_sentence() -> None:
    live = judge([collector(broker="refused", trouble="The password is wrong.")], NOW)

    assert (live.state, live.sentence) == ("blind", "The password is wrong.")


def test_a_collector_that_still_connects_is_blind_and_names_the_broker() -> None:
    live = judge([collector(broker="connecting")], NOW)

    assert live.state == "blind"
    assert "redis://localhost:6379/0" in live.sentence


def test_a_connected_collector_that_cannot_store_is_blind_with_its_own_sentence() -> None:
    live = judge([collector(trouble="The disk is full.", lag_s=30.0)], NOW)

    assert (live.state, live.sentence) == ("blind", "The disk is full.")


def test_a_collector_that_cannot_store_does_not_blind_another() -> None:
    full = collector(trouble="The disk is full.")

    assert judge([full, collector(collector="b")], NOW).state == "live"


def test_lag_over_two_seconds_is_behind_and_says_how_far() -> None:
    live = judge([collector(lag_s=42.0)], NOW)

    assert (live.state, live.lag_s) == ("behind", 42.0)
    assert "42 s behind" in live.sentence


def test_the_quickest_collector_says_how_far_behind() -> None:
    live = judge([collector(lag_s=42.0), collector(collector="b", lag_s=0.1)], NOW)

    assert (live.state, live.lag_s) == ("live", 0.1)


def gap(start: float, end: float, cause: Cause = "broker-away", by: str = "eu-1:7") -> KeptGap:
    return KeptGap(NOW + start, NOW + end, cause, collector=by)


def missing(*collectors: CollectorStatus, gaps: Sequence[KeptGap]) -> str:
    live = judge_evidence(Evidence(now=NOW, collectors=collectors, gaps=tuple(gaps)))
    assert live.state == "live"
    return live.sentence


def test_a_recent_gap_is_told() -> None:
    sentence = missing(collector(), gaps=[gap(-200, -180)])

    assert "About 20 s of events may be missing" in sentence
    assert "the broker was out of reach, until 3 min ago" in sentence


def test_a_gap_is_told_with_its_true_cause() -> None:
    assert "Umbel's collector did not run" in missing(
        collector(), gaps=[gap(-200, -180, "collector-away")]
    )


def test_seconds_that_lie_in_two_gaps_are_told_once() -> None:
    both = [gap(-200, -180), gap(-190, -170, "collector-away")]

    assert "About 30 s of events" in missing(collector(), gaps=both)


def test_an_old_gap_is_not_told_any_more() -> None:
    assert "missing" not in missing(collector(), gaps=[gap(-3_000, -2_900)])


def test_a_gap_that_another_collector_saw_through_is_none() -> None:
    torn = collector(gaps=((NOW - 200, NOW - 180),))

    assert "missing" not in missing(torn, collector(collector="b"), gaps=[gap(-200, -180)])


def test_a_gap_that_both_collectors_have_is_told() -> None:
    both = [collector(collector=name, gaps=((NOW - 200, NOW - 180),)) for name in "ab"]

    assert "missing" in missing(*both, gaps=[gap(-200, -180, by=name) for name in "ab"])


def test_a_foreign_reader_of_the_queue_is_told_as_such() -> None:
    refused = collector(broker="refused", trouble="Somebody else reads.", foreign_consumers=1)

    assert troubles(refused) == [("foreign_consumer", "error")]


def test_a_store_without_a_collector_is_not_ready() -> None:
    why = Health(MemoryStore(), SetWallClock(NOW)).unready()

    assert why is not None
    assert why.part == "collector"
    assert "No collector has reported yet" in why.sentence


def test_a_store_with_a_collector_that_reports_is_ready_even_while_it_connects() -> None:
    store = MemoryStore()
    store.report(collector(broker="connecting"))

    assert Health(store, SetWallClock(NOW)).unready() is None


def on_one_queue(**changes: Any) -> CollectorStatus:
    return collector(transport="amqp", queue="umbel.events.v1.abc", **changes)


def test_the_pulse_adds_collectors_that_share_a_queue_and_report_now() -> None:
    store = MemoryStore()
    store.report(on_one_queue(events=5, lost=1))
    store.report(on_one_queue(collector="b", events=7, lost=1, shed=2))
    store.report(on_one_queue(collector="dead", events=100, at=NOW - 60))

    counters = Health(store, SetWallClock(NOW)).pulse().counters

    assert (counters.events, counters.lost, counters.shed) == (12, 1, 2)
    assert counters.rate == 3.0


def test_of_collectors_that_each_see_all_events_the_longest_running_counts() -> None:
    store = MemoryStore()
    store.report(collector(events=7, started=NOW - 60))
    store.report(collector(collector="b", events=50, started=NOW - 900))

    counters = Health(store, SetWallClock(NOW)).pulse().counters

    assert counters.events == 50
    assert counters.rate == 1.5


def troubles(*collectors: CollectorStatus, **evidence: Any) -> list[tuple[str, str]]:
    live = judge_evidence(Evidence(now=NOW, collectors=collectors, **evidence))
    return [(each.kind, each.severity) for each in live.troubles]


def test_workers_that_run_tasks_and_tell_of_none_are_not_live() -> None:
    live = judge([collector(mute={"w1@h": NOW - 60, "w2@h": NOW - 30})], NOW)

    assert live.state == "partial"
    (trouble,) = live.troubles
    assert (
        trouble.sentence == "w1@h and w2@h run tasks and tell of none: task events are off there."
    )
    assert (trouble.action, trouble.workers) == ("enable_events", ("w1@h", "w2@h"))
    assert trouble.since == NOW - 60


def test_it_is_told_how_many_tasks_nobody_told_of_and_offered_unless_settings_say_never() -> None:
    store = MemoryStore()
    store.report(collector(mute={"w1@h": NOW - 60}))
    store.apply([heartbeat("w1@h", NOW, active=0, processed=1_203)])

    (asked,) = Health(store, SetWallClock(NOW)).status().live.troubles
    (never,) = Health(store, SetWallClock(NOW), offers_events=False).status().live.troubles

    assert asked.sentence.startswith("w1@h runs tasks and tells of none (1,203 so far)")
    assert (asked.action, never.action) == ("enable_events", None)
    assert never.remedy.startswith("Start workers with -E")


def test_a_worker_that_another_collector_hears_is_not_mute() -> None:
    deaf = collector(mute={"w1@h": NOW - 60})

    assert judge([deaf, collector(collector="b")], NOW).state == "live"


def test_pickled_events_are_told_with_what_to_do() -> None:
    live = judge([collector(recent_faults={"pickle": 23}, recent_events=100)], NOW)

    assert live.state == "partial"
    assert "23 events were pickled and not read" in live.sentence
    assert "event_serializer = 'json'" in live.troubles[0].remedy


def test_events_of_tasks_with_too_long_ids_are_not_called_those_of_others() -> None:
    live = judge([collector(recent_faults={"odd-uuid": 4}, recent_events=10_000)], NOW)

    assert "4 events were not stored, since the ids of their tasks are longer" in live.sentence
    assert "ids of up to 255 characters" in live.troubles[0].remedy


def test_a_few_events_that_cannot_be_read_are_a_notice() -> None:
    few = collector(recent_faults={"not-json": 3}, recent_events=10_000)

    assert judge([few], NOW).state == "live"
    assert troubles(few) == [("discarded", "notice")]


def test_when_nothing_that_comes_can_be_read_it_is_blind() -> None:
    live = judge([collector(recent_faults={"unreadable": 500})], NOW)

    assert live.state == "blind"
    assert "Nothing that comes can be read" in live.sentence


def test_workers_that_answer_and_are_not_heard_are_deafness() -> None:
    quiet = collector(heard_at=NOW - 90)

    assert troubles(quiet, answered={"w1@h": NOW - 1}) == [("deaf", "error")]
    assert troubles(quiet, answered={"w1@h": NOW - 85}) == []
    assert troubles(collector(heard_at=NOW - 5), answered={"w1@h": NOW - 1}) == []


def test_an_idle_worker_that_sends_no_heartbeats_is_not_deafness() -> None:
    store, clock = MemoryStore(), SetWallClock(NOW)
    store.apply((), signs=[SignOfLife(hostname="quiet@h", heard=NOW - 90, takes=True)])
    store.report(collector(heard_at=NOW - 90))
    answered = {"quiet@h": NOW - 1}
    health = Health(store, clock, answered=lambda: answered)

    idle = health.status().live
    answered["other@h"] = NOW - 1
    deaf = health.status().live

    assert (idle.state, idle.troubles) == ("live", ())
    assert deaf.state == "blind"
    assert deaf.troubles[0].workers == ("other@h",)


def test_events_that_come_and_cannot_be_read_are_one_trouble_not_also_silence() -> None:
    pickled = collector(heard_at=NOW - 90, recent_faults={"pickle": 30})

    (only,) = judge_evidence(
        Evidence(now=NOW, collectors=(pickled,), answered={"w1@h": NOW - 1})
    ).troubles

    assert "pickled" in only.sentence


def test_a_damaged_file_and_shedding_are_not_live() -> None:
    part = DamagedPart(name="tasks-000001.db", sentence="It is damaged.", remedy="Restore it.")

    assert judge([collector(recent_shed=10)], NOW).state == "partial"
    assert troubles(collector(), damaged=(part,)) == [("damaged_store", "error")]


def test_being_behind_is_said_before_what_is_missing() -> None:
    live = judge([collector(lag_s=42.0, recent_shed=10)], NOW)

    assert live.state == "behind"
    assert [each.kind for each in live.troubles] == ["behind", "shed"]

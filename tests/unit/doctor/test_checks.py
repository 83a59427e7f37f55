"""What the doctor says of a cluster, check by check."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from tests.api.world import collector
from tests.unit.health.examples import LIVE, NOW, depths, queue, worker
from umbel.broker.base import BrokerMemory
from umbel.services.doctor.facts import (
    BrokerFact,
    DoctorFacts,
    Exposure,
    ResultFact,
    TaskUse,
    WorkerAnswers,
)
from umbel.services.doctor.item import EVIDENCE_MAX, VERDICTS, DoctorItem
from umbel.services.doctor.report import report_of
from umbel.services.doctor.table import DOCTOR_CHECKS, looked_at
from umbel.services.health.assessment import assess
from umbel.services.health.diagnosis import Diagnosis, Versions, WorkerFinding
from umbel.services.health.facts import (
    BeatFact,
    DeliveryFact,
    EntryFact,
    HealthFacts,
    StorageFact,
)
from umbel.services.health.health import Status
from umbel.store.base import CollectorStatus, StoreStatus, StreamStatus
from umbel.store.series import Durations

#: What every worker of these tests says of its configuration.
CONF: Final[dict[str, Any]] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_backend": "redis://localhost/1",
    "result_extended": True,
    "result_expires": 86_400,
    "task_time_limit": 600,
}
ONE = "celery@eu-1"


def finding(name: str, **changes: Any) -> WorkerFinding:
    found = WorkerFinding(
        hostname=name, status="online", events="on", lost=0, untold=0, processes=(7,),
        software="py-celery 5.5.0",
    )  # fmt: skip
    return msgspec.structs.replace(found, **changes)


def redis_with(memory: BrokerMemory | None) -> BrokerFact:
    return BrokerFact(url="redis://localhost/0", transport="redis", memory=memory)


def facts(conf: dict[str, Any] | None = None, **changes: Any) -> DoctorFacts:
    """Facts of a cluster that is well, changed."""
    health = changes.pop(
        "health",
        HealthFacts(
            now=NOW, live=LIVE, workers=(worker(),), queues=(queue("celery", depths(0, 0)),),
            deliveries=DeliveryFact(visibility_timeout_s=3_600.0),
            storage=StorageFact(tasks=10, size_bytes=1_000, free_bytes=50 * 10**9,
                                disk_bytes=100 * 10**9),
        ),
    )  # fmt: skip
    versions = Versions(umbel="0.1.0", python="3.11.7", libraries={}, brokers=("redis",))
    diagnosis = Diagnosis(
        now=NOW, live=LIVE, versions=versions, workers=(finding(ONE),), more_workers=0,
        discarded=(), foreign_consumers=0, gaps=(), damaged=(),
    )  # fmt: skip
    found = DoctorFacts(
        now=NOW,
        status=Status(
            version="0.1.0", now=NOW, live=LIVE, collectors=(),
            store=StoreStatus(kind="memory", location="", tasks=10, size_bytes=1_000, seq=1),
        ),
        diagnosis=diagnosis,
        broker=redis_with(BrokerMemory(policy="noeviction", limit_bytes=2**30)),
        workers=WorkerAnswers(
            confs={ONE: CONF | (conf or {})}, registered={ONE: frozenset({"shop.charge"})}
        ),
        tasks=TaskUse(names={"shop.charge": 40}, looked_at=40, sent=40),
        results=ResultFact(url="redis://localhost/1"),
        health=health,
        findings=() if health is None else assess(health),
        exposure=Exposure(address="127.0.0.1:5555", on_loopback=True, has_login=False,
                          has_tls=False),
    )  # fmt: skip
    return msgspec.structs.replace(found, **changes)


def of(check: str, given: DoctorFacts) -> DoctorItem:
    return next(each for each in looked_at(given) if each.id == check)


def test_a_cluster_that_is_set_up_well_needs_nothing() -> None:
    items = looked_at(facts())

    assert {each.verdict for each in items} == {"well"}
    assert [each.id for each in items] == [*DOCTOR_CHECKS]


@pytest.mark.parametrize(
    ("check", "conf", "verdict", "word"),
    [
        ("serializers", {"accept_content": ["json", "pickle"]}, "fault", "accept_content"),
        ("serializers", {"task_serializer": "pickle"}, "fault", "task_serializer is pickle"),
        ("result-extended", {"result_extended": False}, "advice", "result_extended is off"),
        ("result-extended", {"result_extended": False, "result_backend": None}, "well", ""),
        ("result-expiry", {"result_expires": 600}, "advice", ONE),
        ("result-expiry", {"result_expires": None}, "advice", "result_expires is off"),
        ("time-limits", {"task_time_limit": None}, "advice", "task_soft_time_limit"),
        ("time-limits", {"task_time_limit": None, "task_soft_time_limit": 9}, "well", ""),
        ("acks-late", {"task_acks_late": True}, "advice", "task_reject_on_worker_lost"),
        ("acks-late", {"task_acks_late": True, "task_reject_on_worker_lost": True}, "well", ""),
        ("prefetch", {"worker_prefetch_multiplier": 4}, "well", ""),
    ],
)
def test_settings_of_workers_are_judged(
    check: str, conf: dict[str, Any], verdict: str, word: str
) -> None:
    item = of(check, facts(conf))

    assert item.verdict == verdict
    assert word in "\n".join(item.evidence)
    assert (item.fix is not None) == (verdict != "well")
    assert (item.why != "") == (verdict != "well")


def test_without_an_answer_of_a_worker_its_settings_are_not_known() -> None:
    silent = WorkerAnswers(trouble="The broker is out of reach.")
    items = looked_at(facts(workers=silent))

    unknown = {each.id for each in items if each.verdict == "unknown"}
    assert {"serializers", "acks-late", "time-limits", "names", "worker-answers"} <= unknown
    assert all(each.cannot for each in items if each.verdict == "unknown")
    telling = [each.id for each in items if "The broker is out of reach." in each.finding]
    assert telling == ["worker-answers"], "said once, where remote control is looked at"
    assert "remote control says why" in of("serializers", facts(workers=silent)).cannot


def test_workers_take_too_much_ahead_where_tasks_are_long() -> None:
    long = Durations(n=50, mean=90, p50=80, p95=120, p99=130)
    health = msgspec.structs.replace(facts().health, day_runtimes={"shop.report": long})  # type: ignore[type-var]
    item = of("prefetch", facts(health=health))

    assert item.verdict == "advice"
    assert item.evidence[1] == "shop.report runs up to 2 min (p95)."
    assert item.fix is not None
    assert item.fix.text == "app.conf.worker_prefetch_multiplier = 1"


def test_names_that_nobody_registered_are_a_fault_unless_a_worker_is_silent() -> None:
    used = TaskUse(names={"shop.charge": 4, "shop.gone": 2})
    silent = msgspec.structs.replace(facts().workers, unheard=("celery@eu-2",))

    item, unsure = of("names", facts(tasks=used)), of("names", facts(tasks=used, workers=silent))

    assert (item.verdict, item.evidence) == ("fault", ("shop.gone: 2 tasks",))
    assert unsure.verdict == "advice"
    assert "celery@eu-2 did not answer" in unsure.cannot


def test_celerys_own_tasks_are_registered_though_no_worker_lists_them() -> None:
    item = of("names", facts(tasks=TaskUse(names={"celery.backend_cleanup": 1, "shop.charge": 4})))

    assert item.verdict == "well"


def test_tasks_that_wait_beyond_the_visibility_timeout_run_twice() -> None:
    item = of("visibility-timeout", facts(tasks=TaskUse(far_eta=3)))

    assert item.verdict == "fault"
    assert "3 tasks wait" in item.finding
    assert item.fix is not None
    assert "visibility_timeout" in item.fix.text


def test_senders_that_tell_nothing_are_found_by_their_tasks() -> None:
    assert of("sent-events", facts(tasks=TaskUse(looked_at=200, sent=3))).verdict == "advice"
    assert of("sent-events", facts(tasks=TaskUse(looked_at=3, sent=0))).verdict == "unknown"


def test_results_that_cannot_be_read_are_a_fault_where_workers_write_some() -> None:
    away = ResultFact(url="redis://localhost/1", trouble="Redis does not answer.")

    assert of("results", facts(results=away)).verdict == "fault"
    none = of("results", facts({"result_backend": None}, results=away))
    assert (none.verdict, none.finding) == ("advice", "Workers keep no results.")


def test_a_redis_that_removes_queues_to_make_room_is_a_fault() -> None:
    evicting = BrokerMemory(policy="allkeys-lru", limit_bytes=100 * 2**20, evicted=21_494)

    item = of("broker-memory", facts(broker=redis_with(evicting)))

    assert item.verdict == "fault"
    assert item.finding == (
        "Redis removes messages to make room: 21,494 keys since it was started."
    )
    assert item.evidence == ("maxmemory-policy is allkeys-lru, maxmemory is 100 MiB.",)
    assert item.fix is not None
    assert "noeviction" in item.fix.text
    soon = msgspec.structs.replace(evicting, evicted=0)
    assert of("broker-memory", facts(broker=redis_with(soon))).finding == (
        "Redis will remove messages when its memory is full."
    )


def test_a_redis_that_removes_what_expires_is_worth_advice_once_it_does() -> None:
    volatile = BrokerMemory(policy="volatile-ttl", limit_bytes=2**30)

    assert of("broker-memory", facts(broker=redis_with(volatile))).verdict == "well"
    some = msgspec.structs.replace(volatile, evicted=1)
    item = of("broker-memory", facts(broker=redis_with(some)))
    assert item.verdict == "advice"
    assert "what expires" in item.finding


def test_a_redis_without_a_limit_removes_nothing_and_one_that_does_not_tell_is_not_known() -> None:
    unlimited = BrokerMemory(policy="allkeys-lru")

    assert of("broker-memory", facts(broker=redis_with(unlimited))).verdict == "well"
    assert of("broker-memory", facts(broker=redis_with(None))).verdict == "unknown"
    amqp = BrokerFact(url="amqp://localhost//", transport="amqp")
    assert of("broker-memory", facts(broker=amqp)).verdict == "well"


def test_whoever_reaches_a_server_without_a_login_is_a_fault() -> None:
    open_ = Exposure(address="0.0.0.0:5555", on_loopback=False, has_login=False, has_tls=False)

    assert of("access", facts(exposure=open_)).verdict == "fault"
    plain = msgspec.structs.replace(open_, has_login=True)
    assert of("access", facts(exposure=plain)).verdict == "advice"
    behind = msgspec.structs.replace(plain, proxies=("10.0.0.1",))
    assert of("access", facts(exposure=behind)).verdict == "well"
    assert of("access", facts(exposure=None)).verdict == "unknown"


def beat(**changes: Any) -> DoctorItem:
    """What the doctor says of a beat of four entries that sent 5 s ago, changed."""
    known = BeatFact(entries=4, last_sent=NOW - 5.0)
    health = msgspec.structs.replace(
        facts().health,  # type: ignore[type-var]
        beat=msgspec.structs.replace(known, **changes),
    )
    return of("beat", facts(health=health))


def test_beat_is_well_where_it_sends_and_where_nothing_is_known_of_it() -> None:
    assert beat().finding == "4 entries, none missed; the last was sent 5.0 s ago."
    assert beat(last_sent=None).finding == "4 entries; none was due since Umbel records."
    none = of("beat", facts())
    assert (none.verdict, "-A yourapp" in none.cannot) == ("well", True)
    assert of("beat", facts(health=None)).verdict == "unknown"


def test_what_takes_too_long_to_gather_is_called_well_by_no_check() -> None:
    slow = facts(health=None, findings=())

    of_findings = ("events", "events-heard", "queues", "beat", "disk", "clocks", "prefetch")
    assert {of(each, slow).verdict for each in of_findings} == {"unknown"}


def test_disk_and_beat_are_looked_at_though_the_rest_takes_long_to_gather() -> None:
    quick = HealthFacts(
        now=NOW,
        live=LIVE,
        storage=StorageFact(tasks=10, size_bytes=1_000, free_bytes=10**9, disk_bytes=100 * 10**9),
        beat=BeatFact(entries=2, last_sent=NOW - 5),
    )
    slow = facts(health=None, quick=quick)

    assert of("disk", slow).finding.startswith("The disk of the history is nearly full: 1.0 of")
    assert of("beat", slow).finding == "2 entries, none missed; the last was sent 5.0 s ago."


def test_a_silent_beat_is_a_fault_and_the_doctor_says_how_to_start_one() -> None:
    sentence = "Beat has sent nothing for 8 min, though 7 runs were due since."
    item = beat(silent_since=NOW - 480, sentence=sentence, troubles=("Redis is away.",))

    assert (item.verdict, item.finding, item.cannot) == ("fault", sentence, "Redis is away.")
    assert item.fix is not None
    assert item.fix.text.startswith("celery -A yourapp beat")


def test_two_beats_are_a_fault_with_the_entries_that_they_sent_twice() -> None:
    twice = EntryFact("redbeat:nightly", "nightly", NOW - 120, False, "Sent twice, by a and b.")
    item = beat(doubled=(twice,) * 9)

    assert item.verdict == "fault"
    assert item.finding == "9 entries were sent more than once for one time: two beats run."
    assert item.evidence[0] == "nightly, 2 min ago: Sent twice, by a and b."
    assert item.evidence[-1] == "and 4 more"


def test_entries_that_missed_their_run_are_told_and_what_cannot_be_read_is_not_known() -> None:
    missed = EntryFact("redbeat:nightly", "nightly", NOW - 600, False, "Beat sent others.")

    item = beat(missed=(missed,))
    assert (item.verdict, item.finding) == (
        "fault",
        "nightly missed its run 10 min ago. Beat sent others.",
    )
    unread = beat(entries=0, last_sent=None, troubles=("RedBeat's keys cannot be used.",))
    assert (unread.verdict, unread.finding) == ("unknown", "RedBeat's keys cannot be used.")


class Read:
    """Facts that note which of them were read."""

    def __init__(self, given: DoctorFacts) -> None:
        self._given = given
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self._given, name)


#: By the fields of the facts, the part that has them.
PARTS: Final = dict.fromkeys(("status", "diagnosis", "findings", "quick"), "health")
#: Those that are there anyway.
ALWAYS: Final = {"now", "exposure"}


@pytest.mark.parametrize(
    "given",
    [
        facts(),
        facts({"task_serializer": "pickle", "task_acks_late": True}),
        facts(workers=WorkerAnswers(trouble="away")),
        facts(broker=BrokerFact(url="amqp://h", transport="amqp"), health=None),
        facts(results=ResultFact(trouble="away"), tasks=TaskUse(names={"x": 1}, far_eta=2, lost=1)),
    ],
)
def test_a_check_needs_the_facts_that_it_reads(given: DoctorFacts) -> None:
    for name, check in DOCTOR_CHECKS.items():
        read = Read(given)
        check.judge(read)  # type: ignore[arg-type]

        assert {PARTS.get(each, each) for each in read.names - ALWAYS} <= check.needs, name


def test_findings_of_health_are_told_where_they_belong() -> None:
    waiting = queue("mail", depths(40, 50, 60, 70, 80, consumers=0))
    health = msgspec.structs.replace(facts().health, queues=(waiting,))  # type: ignore[type-var]
    item = of("queues", facts(health=health))

    assert item.verdict == "fault"
    assert "mail" in item.finding
    assert item.fix is not None
    assert item.fix.action is not None


def test_versions_and_clocks_are_those_of_workers_that_are_online() -> None:
    mixed = (finding(ONE), finding("celery@eu-2", software="py-celery 5.2.7"))
    gone = (finding(ONE), finding("celery@eu-2", software="py-celery 5.2.7", status="offline"))
    change = facts().diagnosis

    item = of("versions", facts(diagnosis=msgspec.structs.replace(change, workers=mixed)))
    assert (item.verdict, item.finding) == ("advice", "Workers run 2 versions of Celery.")
    alone = of("versions", facts(diagnosis=msgspec.structs.replace(change, workers=gone)))
    assert alone.verdict == "well"


def stream(*, is_whole: bool) -> CollectorStatus:
    """A collector beside a stream that has all of the events, or not."""
    return collector(stream=StreamStatus(key="umbel.events.stream", is_whole=is_whole))


def test_a_pool_of_threads_loses_events_unless_all_of_them_are_in_a_stream() -> None:
    answers = facts().workers
    threads = msgspec.structs.replace(answers, pools={ONE: "celery.concurrency.thread"})
    processes = msgspec.structs.replace(answers, pools={ONE: "celery.concurrency.prefork"})
    status = facts().status
    whole, partly = (
        msgspec.structs.replace(status, collectors=(stream(is_whole=each),))
        for each in (True, False)
    )

    item = of("thread-pools", facts(workers=threads, status=partly))
    assert (item.verdict, item.evidence) == ("fault", (ONE,))
    assert item.fix is not None
    assert "umbel.worker:StreamEvents" in item.fix.text
    assert of("thread-pools", facts(workers=threads, status=whole)).verdict == "well"
    assert of("thread-pools", facts(workers=processes)).verdict == "well"
    assert of("thread-pools", facts(workers=WorkerAnswers())).verdict == "unknown"


def test_five_thousand_workers_are_told_in_a_few_lines() -> None:
    confs = {f"w{n}@pod": CONF | {"task_time_limit": None} for n in range(5_000)}
    silent = tuple(f"x{n}@pod" for n in range(5_000))
    given = facts(workers=WorkerAnswers(confs=confs, silent=silent))

    for item in looked_at(given):
        assert len(item.evidence) <= EVIDENCE_MAX
        assert sum(map(len, item.evidence)) < 2_000
    assert of("worker-answers", given).evidence[-1] == "and 4,995 more"


def test_a_cluster_of_which_nothing_is_known_gets_no_fault() -> None:
    nothing = msgspec.structs.replace(facts().diagnosis, workers=())
    given = facts(
        health=None, diagnosis=nothing, workers=WorkerAnswers(), tasks=TaskUse(),
        results=ResultFact(trouble="No result backend is known."),
    )  # fmt: skip
    items = looked_at(given)

    assert {each.verdict for each in items} <= {"well", "advice", "unknown"}
    assert [VERDICTS.index(each.verdict) for each in items] == sorted(
        VERDICTS.index(each.verdict) for each in items
    )


def test_the_report_has_everything_and_no_secret() -> None:
    away = ResultFact(trouble="redis://ann:hunter2@cache/0 does not answer.")
    given = facts({"task_serializer": "pickle"}, results=away)
    text = report_of(looked_at(given), given)

    assert text.startswith("# Umbel's doctor, 20")
    assert "## Fault: Serializers" in text
    assert "- Broker: Redis is heard" in text
    assert "hunter2" not in text


def test_answers_that_cannot_be_read_are_not_called_silence() -> None:
    """Workers that serialize by pickle answer so as well."""
    pickled = "It is of type 'application/x-python-serialize', and Umbel reads only JSON."
    given = msgspec.structs.replace(facts().workers, silent=(ONE,), unread=(pickled,))

    item = of("worker-answers", facts(workers=given))

    assert item.verdict == "advice"
    assert item.evidence == (pickled, ONE)
    assert item.fix is not None
    assert "task_serializer" in item.fix.text

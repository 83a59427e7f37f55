"""Facts as they are gathered from a store and a cluster: once for all who ask, never for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.world import SAYS, collector
from tests.contract.stories import WORKER, begun, failed, heartbeat, succeeded, uuid_of
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from tests.support.waiting import wait_until
from tests.unit.control.scene import actor as operator
from umbel.cluster.events import Event
from umbel.errors import BrokerRefused, StoreCorrupt, StoreError
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.services.health.fact_gatherer import EVERY_S, FRESH_S, STALE_S
from umbel.services.health.health_findings import HealthAnswer
from umbel.services.health.task_facts import RUNNING_MAX
from umbel.store.base import Store, StoreStatus
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.opening import open_store

#: A minute that does not begin an hour, Unix seconds.
NOW = 1_795_344_000.0 + 37 * 60
DAY = 86_400.0


class Watched:
    """The services of a cluster whose time stands."""

    def __init__(self, store: Store) -> None:
        self.clock = SetClock(NOW)
        self.store = store
        self.worker = MemoryWorker(WORKER)
        self.worker.says = dict(SAYS)
        self.cluster = MemoryCluster(self.worker)
        self.cluster.queues = {"celery": [], "mail": []}
        self.alive()
        self.services: ClusterServices = make_services(
            store, MemoryLedger(), self.cluster, MemoryResults(), self.clock
        )

    def alive(self) -> None:
        """The worker and the collector have just been heard."""
        now = self.clock.now()
        self.store.apply([heartbeat(WORKER, now - 1, processed=5)])
        self.store.report(
            collector(started=NOW - 9 * DAY, at=now, heard_at=now, connected_since=NOW - 9 * DAY)
        )

    def answer(self, budget_s: float = 10.0) -> HealthAnswer:
        return self.services.health_findings.answer(budget_s=budget_s)

    def rules(self) -> list[tuple[str, str]]:
        return [(each.rule, each.subject) for each in self.answer().findings]

    def later(self, seconds: float) -> None:
        self.clock.time += seconds
        self.alive()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        with closing(open_store(tmp_path, write=True)) as opened:
            yield opened


@pytest.fixture
def watched(store: Store) -> Iterator[Watched]:
    made = Watched(store)
    yield made
    made.services.close()


def hour(
    end: float, number: int, failing: int, *, name: str = "shop.charge", runtime: float = 1.0
) -> list[Event]:
    """Thirty tasks that ended within the ten minutes before, of which some failed."""
    events = []
    for each in range(30):
        at, uuid = end - 60 - each * 15, uuid_of(number * 100 + each)
        story = failed if each < failing else succeeded
        events += story(uuid, at, name=name, runtime=runtime)
    return events


def test_a_small_cluster_that_is_well_is_called_so_with_its_numbers(watched: Watched) -> None:
    watched.store.apply([*succeeded(uuid_of(99_999), NOW - DAY), *hour(NOW, 1, 0)])

    found = watched.answer()

    assert found.findings == ()
    assert found.well == (
        "All well: 1 worker, 2 tasks a minute, nothing waits in 2 queues, "
        "99 in 100 tasks start within 0.5 s."
    )
    assert (found.unknown, found.more, found.at) == ((), 0, NOW)


def test_the_pace_of_a_history_that_has_just_begun_is_that_of_its_own_time(
    watched: Watched,
) -> None:
    watched.store.apply([e for n in range(10) for e in succeeded(uuid_of(n), NOW - 120 + n)])

    assert "5 tasks a minute" in (watched.answer().well or "")


def test_failures_are_compared_with_this_hour_of_the_days_before(watched: Watched) -> None:
    for day in range(8, 0, -1):
        watched.store.apply(hour(NOW - day * DAY, day, 1))
        # At another hour of the day more of them fail, which is not looked at.
        watched.store.apply(hour(NOW - day * DAY - 6 * 3_600, 20 + day, 25))
    watched.store.apply(hour(NOW, 0, 9))

    (one,) = watched.answer().findings

    assert (one.rule, one.subject, one.severity) == ("failures-risen", "shop.charge", "warning")
    assert one.sentence == (
        "30 % of shop.charge failed in the last 15 min (9 of 30); at this hour of the days before "
        "it was 3.3 % at most."
    )


def test_a_rise_shortly_after_a_deploy_is_told_with_it(watched: Watched) -> None:
    watched.services.deploys.announce("5.7", operator(), at=NOW - 400)
    watched.store.apply(hour(NOW, 0, 20))

    (one,) = watched.answer().findings

    assert one.rule == "failures-risen"
    assert one.sentence.endswith("It began with the deploy of 5.7.")


def test_runtimes_are_compared_with_this_hour_of_the_days_before(watched: Watched) -> None:
    for day in range(4, 0, -1):
        watched.store.apply(hour(NOW - day * DAY, day, 0))
    watched.store.apply(hour(NOW, 0, 0, runtime=30.0))

    assert watched.rules() == [("runtime-risen", "shop.charge")]


def test_failures_of_a_young_history_are_compared_with_the_hours_before(watched: Watched) -> None:
    for before in range(5, 0, -1):
        watched.store.apply(hour(NOW - before * 3_600, before, 1 if before > 1 else 12))
    watched.store.apply(hour(NOW, 0, 9))

    (one,) = watched.answer().findings

    assert one.sentence == (
        "30 % of shop.charge failed in the last 15 min (9 of 30); in most of the 4 hours before it "
        "was 3.3 % at most."
    )


def test_a_history_of_minutes_is_compared_with_nothing(watched: Watched) -> None:
    watched.store.apply(hour(NOW - DAY, 1, 0))
    watched.store.apply(hour(NOW, 0, 9))

    assert watched.rules() == []


def test_a_task_that_runs_far_too_long(watched: Watched) -> None:
    for number in range(3):
        watched.store.apply(hour(NOW - 3_600 * (number + 1), number, 0, name="etl.load"))
    watched.store.apply([heartbeat(WORKER, NOW, processed=5, active=1)])
    watched.store.apply(begun(uuid_of(9_001), NOW - 900, name="etl.load"))
    watched.store.apply(begun(uuid_of(9_002), NOW - 900, name="etl.load", worker="celery@gone"))
    watched.worker.says["active"] = [{"id": uuid_of(9_001)}]

    (one,) = watched.answer().findings

    assert one.rule == "task-overdue"
    assert one.sentence.startswith("1 task etl.load has run for 15 min; 99 in 100 end within 1.")


def test_a_broker_that_takes_nothing_is_the_first_that_is_said(watched: Watched) -> None:
    full = BrokerRefused("Redis refused.", remedy="It has no memory left.")
    full.takes_nothing = True

    def refuse(name: str) -> None:
        if name == "active_queues":
            raise full

    def after_a_look() -> list[tuple[str, str]]:
        watched.later(FRESH_S + 1)
        return watched.rules()

    watched.cluster.on_call = refuse
    after_a_look()

    assert after_a_look() == [("broker-takes-nothing", "")]

    watched.cluster.on_call = lambda _name: None

    assert after_a_look() == []


def deliveries(number: int, times: int) -> list[Event]:
    """A task that was given back each time that it ran, and runs again now."""
    first, *_ = sent = begun(uuid_of(number), NOW - 100, name="pay")
    again = [
        msgspec.structs.replace(event, timestamp=event.timestamp + 10 * each)
        for each in range(times)
        for event in sent[1:]
    ]
    back = [
        Event(
            type="task-rejected", timestamp=NOW - 95 + 10 * each, hostname=WORKER, pid=10,
            uuid=uuid_of(number),
        )
        for each in range(times - 1)
    ]  # fmt: skip
    return [first, *sorted([*again, *back], key=lambda event: event.timestamp)]


def test_one_task_that_comes_again_and_again_until_it_is_revoked(watched: Watched) -> None:
    watched.store.apply(deliveries(1, 4))
    watched.store.apply(deliveries(2, 2))

    (one,) = watched.answer().findings

    assert (one.rule, one.subject) == ("task-comes-again", uuid_of(1))
    assert "came to workers 4 times in 30 s and has not ended" in one.sentence

    revoked = Event(type="task-revoked", timestamp=NOW, hostname=WORKER, pid=10, uuid=uuid_of(1))
    watched.store.apply([revoked])
    watched.later(FRESH_S + 1)

    assert watched.rules() == []


def retried(number: int, at: float, *, held: bool = False, ended: bool = False) -> list[Event]:
    """A task that failed at its first try and was sent again; a worker may hold it, and end it."""
    first = [*begun(uuid_of(number), at, name="pay")]
    again: dict[str, Any] = {"hostname": WORKER, "pid": 10, "uuid": uuid_of(number)}
    tries = [Event(type="task-retried", timestamp=at + 3, exception="Timeout()", **again)]
    if held or ended:
        tries.append(Event(type="task-received", timestamp=at + 4, name="pay", retries=1, **again))
    if ended:
        tries.append(Event(type="task-succeeded", timestamp=at + 5, runtime=0.1, **again))
    return [*first, *tries]


def test_tasks_that_are_tried_again_and_do_not_end(watched: Watched) -> None:
    """Whether a worker holds them until their time has come or not."""
    for number in range(30):
        watched.store.apply(retried(number, NOW - 200, held=number % 2 == 0))
    for number in range(30, 50):
        watched.store.apply(succeeded(uuid_of(number), NOW - 3 * 3_600, name="pay"))

    (one,) = watched.answer().findings

    assert (one.rule, one.subject) == ("tasks-retrying", "pay")
    assert one.sentence == (
        "30 tasks of pay are tried again, and 0 ended in the last 60 min; of the day before 0 % "
        "needed more than one try."
    )


def test_tasks_that_were_tried_again_and_have_ended_are_well(watched: Watched) -> None:
    for number in range(30):
        watched.store.apply(retried(number, NOW - 200, ended=True))

    assert watched.rules() == []


def test_a_task_whose_worker_says_that_it_runs_nothing_has_ended_unseen(watched: Watched) -> None:
    for number in range(3):
        watched.store.apply(hour(NOW - 3_600 * (number + 1), number, 0, name="etl.load"))
    watched.store.apply(begun(uuid_of(9_001), NOW - 900, name="etl.load"))
    watched.store.apply([heartbeat(WORKER, NOW + 1, processed=5, active=0)])

    assert watched.rules() == []


def seemingly_overdue(watched: Watched) -> None:
    """Two tasks seem to run for far too long, on a worker that says it runs one task."""
    for number in range(3):
        watched.store.apply(hour(NOW - 3_600 * (number + 1), number, 0, name="etl.load"))
    watched.store.apply([heartbeat(WORKER, NOW, processed=5, active=1)])
    watched.store.apply(begun(uuid_of(9_001), NOW - 900, name="etl.load"))
    watched.store.apply(begun(uuid_of(9_002), NOW - 600, name="etl.load"))


def test_a_task_of_which_nobody_told_the_end_is_not_taken_for_one_that_runs(
    watched: Watched,
) -> None:
    seemingly_overdue(watched)
    watched.worker.says["active"] = [{"id": "another"}]

    assert watched.rules() == []


def test_the_task_that_its_worker_runs_is_the_one_that_is_overdue(watched: Watched) -> None:
    seemingly_overdue(watched)
    watched.worker.says["active"] = [{"id": uuid_of(9_001)}]

    (one,) = watched.answer().findings

    assert one.sentence.startswith("1 task etl.load has run for 15 min; ")


def test_a_worker_that_does_not_answer_runs_what_began_last(watched: Watched) -> None:
    seemingly_overdue(watched)
    watched.worker.refuses["active"] = "no"

    (one,) = watched.answer().findings

    assert one.sentence.startswith("1 task etl.load has run for 10 min; ")


def test_workers_are_asked_what_they_run_once_a_minute_and_only_if_it_matters(
    watched: Watched,
) -> None:
    asked = depths_read(watched)
    seemingly_overdue(watched)
    watched.store.apply([heartbeat(WORKER, NOW + 1, processed=5, active=0)])
    watched.answer()
    assert "active" not in asked

    for _ in range(5):
        watched.later(30)
        watched.store.apply([heartbeat(WORKER, watched.clock.now(), processed=5, active=1)])
        watched.answer()

    assert asked.count("active") == 3


def test_tasks_of_workers_that_are_gone_crowd_out_no_others(watched: Watched) -> None:
    for number in range(3):
        watched.store.apply(hour(NOW - 3_600 * (number + 1), number, 0, name="etl.load"))
    for number in range(RUNNING_MAX + 5):
        watched.store.apply(
            begun(uuid_of(5_000 + number), NOW - 2 * DAY, name="etl.load", worker="celery@gone")
        )
    watched.store.apply([heartbeat(WORKER, NOW, processed=5, active=1)])
    watched.store.apply(begun(uuid_of(9_001), NOW - 900, name="etl.load"))
    watched.worker.says["active"] = [{"id": uuid_of(9_001)}]

    assert ("task-overdue", "etl.load") in watched.rules()


@pytest.mark.parametrize("gave_back", [False, True])
def test_what_workers_gave_back_is_not_blamed_on_the_broker(
    watched: Watched, *, gave_back: bool
) -> None:
    """`Reject(requeue=True)` and `task_reject_on_worker_lost` want another delivery."""
    for number in range(9_001, 9_004):
        first = begun(uuid_of(number), NOW - 300, name="etl.load")
        end = msgspec.structs.replace(first[2], type="task-rejected", timestamp=NOW - 299)
        again = [msgspec.structs.replace(e, timestamp=e.timestamp + 60) for e in first[1:]]
        watched.store.apply([*first, *([end] if gave_back else []), *again])

    assert (("duplicate-deliveries", "") in watched.rules()) is not gave_back


def test_a_queue_that_nobody_consumes(watched: Watched) -> None:
    watched.cluster.configured = ("celery", "lost")
    watched.cluster.queues |= {"lost": [None] * 3}  # type: ignore[list-item]

    assert ("queue-without-consumer", "lost") in watched.rules()


def test_a_broker_that_does_not_answer_leaves_it_unknown(watched: Watched) -> None:
    watched.cluster.away = 1_000

    found = watched.answer()

    assert found.findings == ()
    assert found.unknown[0].startswith("How full queues are is not known: ")


# -- once for all ------------------------------------------------------------------------------


def depths_read(watched: Watched) -> list[str]:
    """What the broker was asked, as it is asked."""
    calls: list[str] = []
    watched.cluster.on_call = calls.append
    return calls


def test_any_number_of_pages_costs_one_gathering_a_period(watched: Watched) -> None:
    calls = depths_read(watched)
    pages = [threading.Thread(target=watched.answer) for _ in range(20)]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    first = len(calls)

    watched.later(EVERY_S - 1)
    watched.answer()

    assert first > 0
    assert len(calls) == first
    watched.later(2)
    watched.answer()
    wait_until(lambda: len(calls) > first)


def held(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The store answers no series until what this gives is called."""
    released = threading.Event()
    series = watched.store.series

    def waiting(*args: object, **kwargs: object) -> object:
        released.wait(30)
        return series(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(watched.store, "series", waiting)
    return released.set


def test_a_page_waits_no_longer_than_its_budget_and_gets_what_there_was(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = watched.answer()
    release = held(watched, monkeypatch)
    watched.later(EVERY_S + 1)

    assert watched.answer(budget_s=0.05).at == before.at
    watched.later(STALE_S)
    found = watched.answer(budget_s=0.05)
    assert (found.well, found.findings) == (None, ())
    assert "still being asked" in found.unknown[0]
    release()
    assert watched.answer().well is not None


def test_what_is_known_of_late_is_told_at_once_and_gathered_anew_behind(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = watched.answer()
    release = held(watched, monkeypatch)
    watched.later(FRESH_S - 1)

    assert watched.answer(budget_s=60).at == before.at
    release()
    wait_until(lambda: watched.answer().at == NOW + FRESH_S - 1)


def test_who_changed_something_waits_for_what_is_so_since(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.cluster.configured = ("celery", "lost")
    watched.cluster.queues |= {"lost": [None] * 3}  # type: ignore[list-item]
    watched.answer()
    watched.later(EVERY_S + 1)
    release = held(watched, monkeypatch)
    watched.answer()

    watched.cluster.queues["lost"] = []
    watched.services.health_findings.forget()
    threading.Timer(0.05, release).start()

    assert watched.rules() == []


def test_what_failed_behind_is_not_told_to_who_comes_after_it(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.answer()
    watched.later(EVERY_S + 1)
    with monkeypatch.context() as patch:
        release = held(watched, patch)
        watched.answer()
        patch.setattr(watched.store, "series", lambda *_, **__: 1 / 0)
        release()
        gatherer = [each for each in threading.enumerate() if each.name == "umbel-health"]
        for each in gatherer:
            each.join(10)

    assert watched.answer().well is not None


def test_it_is_not_called_well_once_umbel_is_blind_though_the_facts_are_of_before(
    watched: Watched,
) -> None:
    assert watched.answer().well is not None

    watched.store.report(collector(at=NOW, broker="connecting", trouble="Redis does not answer."))
    found = watched.answer()

    assert found.well is None
    assert [(f.rule, f.severity) for f in found.findings] == [("not-recording", "critical")]


def test_a_store_that_cannot_be_read_is_told_and_asked_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> StoreStatus:
        raise StoreCorrupt("The history is damaged.")

    with monkeypatch.context() as patch:
        patch.setattr(watched.store, "status", broken)
        with pytest.raises(StoreError, match="damaged"):
            watched.answer()

    assert watched.answer().well is not None


def test_who_closes_waits_for_what_is_being_gathered(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = held(watched, monkeypatch)
    watched.answer(budget_s=0.01)
    closing_ = threading.Thread(target=watched.services.health_findings.close)
    closing_.start()
    release()
    closing_.join(10)

    assert not closing_.is_alive()
    assert not any(each.name == "umbel-health" for each in threading.enumerate())

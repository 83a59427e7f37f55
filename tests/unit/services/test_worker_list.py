"""The list of workers with what is stored of each."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from tests.contract.stories import BASE, failed, heartbeat, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from umbel.cluster.worker import Worker
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.cluster.worker_history import fitting_step_s
from umbel.services.cluster.worker_list import ListedWorker, WorkerList, WorkerLists
from umbel.services.deploys.fleet import Fleet, SeenWorker
from umbel.services.errors.trend import TimeSpan
from umbel.services.samples.worker_profiles import WorkerProfile, profile_of
from umbel.store.base import CollectorStatus
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.queue_pauses import QueuePause, StoppedConsumer

HOUR_S: Final = 3_600.0
NOW: Final = BASE + HOUR_S
W1, W2 = "celery@web-7d9f8b6c5-x2k4q", "celery@eu-2"
PROFILE: Final = WorkerProfile(
    pool=4, queues=("mail", "celery"), pid=10, started=NOW - 600, max_rss=60_000
)


class Cluster:
    """Two workers, of which one succeeded twice and failed once in the last hour."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ledger = MemoryLedger()
        self.store.apply([heartbeat(W1, NOW, active=1), heartbeat(W2, NOW)])
        for number, ago_s in enumerate((1_800, 60)):
            self.store.apply(succeeded(uuid_of(number), NOW - ago_s, worker=W1))
        for number, ago_s in enumerate((65, 3_609)):
            self.store.apply(failed(uuid_of(10 + number), NOW - ago_s, worker=W1))
        self.lists = WorkerLists(
            self.store, self.ledger, ListedWorkers(self.store), SetWallClock(NOW)
        )

    def saw(self, profile: WorkerProfile = PROFILE, **seen: Any) -> None:
        """What the server that samples kept of the first worker."""
        worker = SeenWorker(pid=10, processed=3, online=NOW, celery="5.7.0", **seen)
        fleet = Fleet(since=BASE, at=NOW, workers={W1: worker}, profiles={W1: profile})
        self.ledger.keep_fleet(msgspec.json.encode(fleet))

    def of(self, name: str = W1, **asked: Any) -> ListedWorker:
        return {each.hostname: each for each in self.list(**asked).items}[name]

    def list(self, **asked: Any) -> WorkerList:
        return self.lists.list(**asked)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_a_worker_has_the_ends_of_its_tasks_in_the_span(cluster: Cluster) -> None:
    found = cluster.list()
    by_name = {each.hostname: each for each in found.items}

    assert (by_name[W1].succeeded, by_name[W1].failed) == (2, 1)
    assert (sum(by_name[W1].trend or ()), sum(by_name[W1].failures or ())) == (3, 1)
    assert (by_name[W2].succeeded, by_name[W2].failed) == (0, 0)
    assert len(by_name[W2].trend or ()) == len(by_name[W1].trend or ()) == 30
    assert (found.since, found.until, found.bucket_s, found.complete) == (BASE, NOW, 120.0, True)


def test_a_span_is_told_in_whole_buckets(cluster: Cluster) -> None:
    found = cluster.list(since=BASE + 130, until=NOW - 50)

    assert (found.since, found.until) == (BASE + 120, NOW)
    assert cluster.of(since=BASE - 100, until=BASE + 200).failed == 1


def test_what_it_told_of_itself_comes_from_the_ledger(cluster: Cluster) -> None:
    cluster.saw(restarts=[BASE - 5, NOW - 700, NOW - 600])
    found = cluster.of()

    assert (found.pool, found.queues, found.started) == (4, ("mail", "celery"), NOW - 600)
    assert found.memory_bytes == 60_000 * 1_024
    assert (found.restarts, found.restarted) == (2, NOW - 600)
    assert (found.host, found.deployment) == ("web-7d9f8b6c5-x2k4q", "celery@web-*")


def test_a_worker_tells_which_of_its_queues_are_paused(cluster: Cluster) -> None:
    pause = QueuePause(queue="mail", actor="ann", at=NOW - 60, action_id="a1")
    cluster.ledger.keep_pause(pause, instead_of=None)
    cluster.ledger.keep_stopped(pause, [StoppedConsumer(worker=W1, at=NOW - 60)])

    assert cluster.of().paused_queues == ("mail",)
    assert cluster.of(W2).paused_queues == ()


def test_what_nobody_asked_for_is_unknown(cluster: Cluster) -> None:
    found = cluster.of(W2)

    assert (found.pool, found.queues, found.started, found.memory_bytes) == (None,) * 4
    assert (found.restarts, found.restarted) == (None, None)


@pytest.mark.parametrize(
    ("profile", "began"),
    [
        (msgspec.structs.replace(PROFILE, pid=9), NOW - 30),
        (PROFILE, NOW - 30),  # in a container each process has the same number
    ],
)
def test_what_the_process_before_told_is_not_told_of_the_next(
    cluster: Cluster, profile: WorkerProfile, began: float
) -> None:
    cluster.saw(profile, began=began)
    found = cluster.of()

    assert (found.started, found.memory_bytes, found.pool) == (began, None, 4)


def test_of_a_worker_whose_events_are_off_no_zero_is_told(cluster: Cluster) -> None:
    cluster.store.report(
        CollectorStatus(
            collector="eu-1:7", pid=7, started=BASE, at=NOW, broker="connected",
            broker_url="redis://h/0", transport="redis", connected_since=BASE, events=9, messages=9,
            rate=1.0, lag_s=0.1, mute={W2: NOW - 60},
        )
    )  # fmt: skip

    assert cluster.of(W2).events_off_since == NOW - 60
    assert (cluster.of(W2).succeeded, cluster.of(W2).trend) == (None, None)
    assert cluster.of(W1).succeeded == 2


def test_one_worker_is_listed_alone(cluster: Cluster) -> None:
    assert [each.hostname for each in cluster.list(name=W2).items] == [W2]
    assert cluster.list(name="nobody@h").items == ()


def test_buckets_are_those_that_roll_ups_of_many_workers_have() -> None:
    assert fitting_step_s(TimeSpan(NOW - HOUR_S, NOW), 32) == 120
    assert fitting_step_s(TimeSpan(NOW - HOUR_S, NOW), 33) == 600
    assert fitting_step_s(TimeSpan(NOW - 24 * HOUR_S, NOW), 5_000) == 3_600


def test_a_profile_is_read_off_the_statistics_of_a_worker() -> None:
    stats = {"pid": 7, "uptime": 90, "pool": {"processes": [1, 2]}, "rusage": {"maxrss": 5}}
    first = profile_of(stats, WorkerProfile(queues=("a",)), NOW)
    later = profile_of({**stats, "uptime": 99}, first, NOW + 10)

    assert first == WorkerProfile(2, ("a",), 7, NOW - 90, 5)
    assert later.started == first.started
    assert profile_of({**stats, "pid": 8, "uptime": 0}, first, NOW + 10).started == NOW + 10


@pytest.mark.parametrize(
    "stats", [None, [], "x", {"pid": True, "uptime": -1, "rusage": 7, "pool": 3}, {"uptime": 2**80}]
)
def test_statistics_that_are_rubbish_tell_nothing(stats: object) -> None:
    assert profile_of(stats, WorkerProfile(), NOW) == WorkerProfile()


def test_a_worker_that_left_the_fleet_is_known_no_longer() -> None:
    fleet = Fleet()
    fleet.seen([Worker(hostname="a", heartbeat=NOW)], NOW, lambda: "x")
    fleet.take_profiles({"a": PROFILE, "b": PROFILE, "c": WorkerProfile()})
    assert fleet.is_changed
    fleet.is_changed = False
    fleet.take_profiles({"a": msgspec.structs.replace(PROFILE, max_rss=70_000)})
    fleet.seen([Worker(hostname="a", heartbeat=NOW)], NOW, lambda: "x")

    assert not fleet.is_changed
    assert {name: each.max_rss for name, each in fleet.profiles.items()} == {"a": 70_000}

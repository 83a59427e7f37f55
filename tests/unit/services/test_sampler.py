"""Queues and workers are sampled by one server, at little cost; what nobody can tell is absent."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from tests.api.world import collector
from tests.contract.stories import heartbeat
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from umbel.broker.base import Ability, QueuedMessage
from umbel.cluster.events import Event
from umbel.errors import BrokerError, StoreFull
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.samples.queue_samples import ABSENT_MAX_S, NAMES_S
from umbel.services.samples.sampler import AWAY_MAX_S, LEASE_PERIODS, Sampler
from umbel.services.samples.worker_profiles import EVERY_S, PAUSE_S, pool_size
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.memory_samples import MemorySamples
from umbel.store.samples import Kind, Samples, Values

NOW = 1_795_348_800.0
PERIOD = 10.0
STATS = {"pool": {"max-concurrency": 8, "processes": [1, 2, 3, 4]}}


class Scene:
    """A worker that consumes `celery`, two queues, and a server that samples them."""

    def __init__(self, missing: dict[Ability, str] | None = None) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.ledger = MemoryLedger()
        self.worker = MemoryWorker("celery@a")
        self.worker.says = {"stats": STATS, "active_queues": [{"name": "celery"}]}
        if missing is None:
            missing = {"consumers": "Ask the workers."}
        self.cluster = MemoryCluster(self.worker, missing=missing)
        self.cluster.queues = {"celery": [], "mail": []}
        self.cluster.configured = ("mail",)
        self.calls: Counter[str] = Counter()
        self.cluster.on_call = lambda name: self.calls.update([name])
        self.samples: Samples = MemorySamples()
        self.inspection = Inspection(self.store, self.cluster, self.clock)
        self.queues = QueueInspection(self.store, self.cluster, self.inspection, self.clock)
        self.sampler = self.another()
        self.beat()

    def another(self) -> Sampler:
        """The same as another server has it."""
        return Sampler(
            self.store, self.ledger, self.cluster, self.samples, self.inspection, self.queues,
            self.clock, PERIOD,
        )  # fmt: skip

    def beat(
        self, name: str = "celery@a", *, pid: int = 10, active: int = 2, processed: int = 5
    ) -> None:
        beat = heartbeat(name, self.clock.now(), active=active, processed=processed)
        self.store.apply([msgspec.structs.replace(beat, pid=pid, loadavg=(0.5, 0.4, 0.3))])

    def turn(self, after: float = PERIOD) -> None:
        """A period goes by, and the sample is taken."""
        self.clock.time += after
        for name in self.cluster.workers:
            self.beat(name)
        self.sampler.turn()

    def last(self, kind: Kind) -> dict[str, Values]:
        """What the sample of this moment has."""
        found = self.samples.lines(kind, 0, self.clock.time, self.clock.time + 10, limit=100)
        return {line.name: line.points[-1][1] for line in found.items}

    def commands(self) -> list[tuple[str, tuple[str, ...] | None]]:
        """What workers were asked since the last time."""
        found = [(each.name, each.workers) for each in self.cluster.commands]
        self.cluster.commands.clear()
        return found


def test_queues_and_workers_are_sampled() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [QueuedMessage(task_id="t1"), QueuedMessage(task_id="t2")]
    scene.store.apply([Event(type="task-sent", timestamp=NOW - 30, hostname="web", uuid="t1",
                             name="send", queue="mail")])  # fmt: skip
    scene.turn()
    scene.clock.time += PERIOD
    scene.beat(processed=12)

    scene.sampler.turn()

    assert scene.last("queue") == {
        "celery": (0, 0, None, 1, 0),
        "mail": (2, 2, None, 0, 50.0),
    }
    assert scene.last("worker") == {"celery@a": (0.5, 2, 2, 7, 4)}
    sampling = scene.sampler.sampling
    assert (sampling.at, sampling.queues, sampling.workers, sampling.trouble) == (
        scene.clock.time, 2, 1, None,
    )  # fmt: skip


def test_what_nobody_can_tell_is_absent() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [QueuedMessage(task_id="unknown"), QueuedMessage(task_id=None)]
    scene.worker.is_deaf = True

    scene.turn()
    scene.turn()

    assert scene.last("queue")["mail"] == (2, 2, None, None, None)
    assert scene.last("worker") == {"celery@a": (0.5, 2, 2, 0, None)}


def test_where_no_worker_is_heard_nobody_says_that_a_queue_has_no_consumer() -> None:
    scene = Scene()
    scene.turn()
    scene.turn()
    scene.clock.time += 3_600

    scene.sampler.turn()

    assert scene.last("worker") == {}
    assert scene.last("queue")["celery"] == (0, 0, None, None, 0)


@pytest.mark.parametrize(
    ("recorded", "consumers"),
    [
        ({"connected_since": NOW - 900, "lag_s": 0.0}, 0),
        ({"connected_since": NOW + 3_598, "lag_s": 0.0}, None),
        ({"connected_since": NOW - 900, "lag_s": 300.0}, None),
        (None, None),
    ],
    ids=["recording", "only just recording", "behind", "blind"],
)
def test_that_nobody_consumes_is_known_where_the_last_worker_would_be_heard(
    recorded: dict[str, float] | None, consumers: int | None
) -> None:
    """On Redis a rule `consumers of queue mail < 1` could never fire without a worker."""
    scene = Scene()
    scene.turn()
    scene.cluster.workers.clear()
    scene.clock.time = NOW + 3_600
    if recorded is not None:
        at = scene.clock.time
        report = collector(started=NOW - 900, at=at, heard_at=at)
        scene.store.report(msgspec.structs.replace(report, **recorded))

    scene.turn(0)

    assert scene.last("queue")["celery"][3] == consumers
    assert scene.sampler.profiles == ({} if consumers == 0 else None)


def test_consumers_that_the_broker_counts_are_taken() -> None:
    scene = Scene(missing={})
    scene.cluster.consumers = {"celery": 3, "mail": 0}

    scene.turn()

    assert [values[3] for values in scene.last("queue").values()] == [3, 0]


def test_a_queue_is_sampled_of_which_only_a_worker_tells() -> None:
    scene = Scene(missing={})
    scene.worker.says = {"stats": STATS, "active_queues": [{"name": "celery"}, {"name": "extra"}]}
    scene.cluster.queues["extra"] = []
    scene.turn()

    scene.turn(after=NAMES_S)

    assert "extra" in scene.last("queue")


def test_a_broker_without_depths_and_broadcasts_is_asked_nothing() -> None:
    scene = Scene(missing={"depth": "No.", "control": "No.", "consumers": "No."})

    scene.turn()

    assert scene.last("queue") == {}
    assert set(scene.last("worker")) == {"celery@a"}
    assert (scene.calls.total(), scene.sampler.sampling.trouble) == (0, None)


def test_queues_are_asked_for_once_a_period_and_workers_every_few_minutes() -> None:
    scene = Scene()

    for _ in range(round(EVERY_S / PERIOD)):
        scene.turn()

    assert scene.calls["depths"] == round(EVERY_S / PERIOD)
    assert scene.commands() == [("stats", None), ("active_queues", None)]
    scene.turn()
    assert scene.commands() == [("stats", None), ("active_queues", None)]


def test_a_new_worker_alone_is_asked() -> None:
    scene = Scene()
    other = MemoryWorker("celery@b")
    other.says = dict(scene.worker.says)
    scene.turn()
    scene.commands()
    scene.cluster.workers["celery@b"] = other
    for _ in range(round(PAUSE_S / PERIOD)):
        scene.turn()

    assert scene.commands() == [("stats", ("celery@b",)), ("active_queues", ("celery@b",))]
    scene.turn()
    assert scene.last("queue")["celery"][3] == 2


def test_what_a_page_was_answered_is_not_asked_again() -> None:
    scene = Scene()
    scene.turn()
    scene.clock.time += PERIOD
    scene.beat()
    scene.queues.all()
    scene.inspection.inspect("stats")
    scene.calls.clear()

    scene.sampler.turn()

    assert scene.calls["depths"] == 0
    assert scene.last("queue")["celery"] == (0, 0, None, 1, 0)


def test_a_queue_that_the_broker_has_not_got_is_let_alone_for_a_while() -> None:
    scene = Scene()
    asked: list[int] = []
    scene.cluster.configured = ("mail", "gone")
    depths = scene.cluster.depths

    def counted(queues: list[str], *, often: bool = False) -> object:
        asked.append(len(queues))
        return depths(queues, often=often)

    scene.cluster.depths = counted  # type: ignore[method-assign,assignment]
    for _ in range(round(2 * ABSENT_MAX_S / PERIOD)):
        scene.turn()

    assert asked[:4] == [3, 2, 2, 3]
    assert set(asked) == {2, 3}
    assert 6 <= asked.count(3) <= 8
    assert set(scene.last("queue")) == {"celery", "mail"}


def test_a_queue_that_a_new_worker_made_is_found_at_once() -> None:
    scene = Scene()
    del scene.cluster.queues["mail"]
    for _ in range(30):
        scene.turn()
    scene.cluster.queues["mail"] = []
    scene.cluster.workers["celery@b"] = MemoryWorker("celery@b")

    scene.turn()

    assert set(scene.last("queue")) == {"celery", "mail"}


def test_while_the_broker_is_away_it_is_tried_less_and_less_often_and_workers_are_sampled() -> None:
    scene = Scene()
    scene.turn()
    scene.cluster.away = 1_000
    scene.calls.clear()
    for _ in range(60):
        scene.turn()
        assert set(scene.last("worker")) == {"celery@a"}

    assert 5 <= scene.calls["depths"] <= 10
    assert scene.last("queue") == {}
    assert "does not answer" in str(scene.sampler.sampling.trouble)

    scene.cluster.away = 0
    for _ in range(round(AWAY_MAX_S / PERIOD) + 1):
        scene.turn()

    assert set(scene.last("queue")) == {"celery", "mail"}
    assert scene.sampler.sampling.trouble is None


def test_queues_that_may_not_be_looked_at_are_told_and_not_taken_for_none() -> None:
    scene = Scene()
    scene.cluster.refusal = "Redis refused LLEN."
    for _ in range(12):  # also while they are let alone
        scene.turn()
        assert scene.sampler.sampling.trouble == "Redis refused LLEN."
        assert scene.last("queue") == {}

    scene.cluster.refusal = None
    for _ in range(30):
        scene.turn()

    assert scene.sampler.sampling.trouble is None
    assert scene.last("queue").keys() == {"celery", "mail"}


def test_of_two_servers_one_samples_and_the_other_goes_on_when_it_is_gone() -> None:
    scene = Scene()
    other = scene.another()
    scene.turn()
    other.turn()
    assert (scene.sampler.sampling.elsewhere, other.sampling.elsewhere) == (False, True)
    scene.calls.clear()
    for _ in range(100):
        scene.turn()
        other.turn()
    assert scene.calls["depths"] == 100

    taken_over = 0
    while other.sampling.elsewhere:  # the first one was killed
        scene.clock.time += PERIOD
        other.turn()
        taken_over += 1

    assert taken_over <= LEASE_PERIODS + 1
    scene.turn(0)
    assert scene.sampler.sampling.elsewhere


def test_a_sample_is_seldom_a_write_to_the_ledger() -> None:
    scene = Scene()
    taken: list[float] = []
    take = scene.ledger.take_lease
    scene.ledger.take_lease = lambda lease, now: taken.append(now) or take(lease, now)  # type: ignore[method-assign,func-returns-value]

    for _ in range(30):
        scene.turn()

    assert len(taken) <= 12


@pytest.mark.parametrize(("before", "after", "began"), [
    ((10, 5), (10, 9), 4), ((10, 5), (11, 3), 3), ((10, 5), (10, 2), 2), ((10, 5), (10, 5), 0),
])  # fmt: skip
def test_tasks_that_a_worker_began_are_counted_also_over_its_restart(
    before: tuple[int, int], after: tuple[int, int], began: int
) -> None:
    scene = Scene()
    scene.clock.time += PERIOD
    scene.beat(pid=before[0], processed=before[1])
    scene.sampler.turn()
    assert scene.last("worker")["celery@a"][3] is None
    scene.clock.time += PERIOD
    scene.beat(pid=after[0], processed=after[1])

    scene.sampler.turn()

    assert scene.last("worker")["celery@a"][3] == began


def test_a_full_disk_is_said_once_and_over_when_there_is_room(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()

    class Full(MemorySamples):
        def keep(self, *_: object) -> None:
            raise StoreFull("The disk is full.")

    scene.samples = Full()
    scene.sampler = scene.another()
    for _ in range(3):
        scene.clock.time += PERIOD
        scene.sampler.attempt()

    assert [record.getMessage() for record in caplog.records] == [
        "Queues and workers were not sampled: The disk is full."
    ]
    assert scene.sampler.sampling.trouble == "The disk is full."


def test_workers_that_cannot_be_asked_now_cost_no_sample() -> None:
    scene = Scene()

    def crowded(name: str) -> None:
        if name == "control":
            raise BrokerError("The workers are still answering other questions.")

    scene.cluster.on_call = crowded

    scene.turn()

    assert set(scene.last("queue")) == {"celery", "mail"}


@pytest.mark.parametrize(("stats", "size"), [
    (STATS, 4), ({"pool": {"max-concurrency": 8}}, 8),
    ({"pool": {"max-concurrency": 8, "processes": []}}, 8), ({"pool": "solo"}, None), ({}, None),
    (None, None), ({"pool": {"max-concurrency": "x"}}, None),
    ({"pool": {"max-concurrency": True}}, None),
])  # fmt: skip
def test_the_size_of_a_pool_is_read_from_whatever_a_worker_says(
    stats: object, size: int | None
) -> None:
    assert pool_size(stats) == size

"""The list of queues with what was sampled and counted of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from umbel.broker.base import QueuedMessage
from umbel.cluster.events import Event
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.cluster.queue_list import ListedQueue, ListedQueues, QueueLists
from umbel.store.memory import MemoryStore
from umbel.store.memory_samples import MemorySamples
from umbel.store.samples import Values

#: In the middle of a bucket of samples.
NOW = BASE + 7_260


class Scene:
    """A queue `mail` with a worker's name, in which messages wait, sampled for twenty minutes."""

    def __init__(self, *events: Event) -> None:
        self.clock = SetWallClock(NOW)
        self.store = MemoryStore()
        self.store.apply([*events])
        self.samples = MemorySamples()
        self.cluster = MemoryCluster(MemoryWorker("w@h"))
        inspection = Inspection(self.store, self.cluster, self.clock)
        queues = QueueInspection(self.store, self.cluster, inspection, self.clock)
        self.lists = QueueLists(self.store, self.samples, queues, self.clock)

    def waiting(self, **numbers: int) -> None:
        """So many messages in each queue."""
        for name, number in numbers.items():
            self.cluster.queues[name] = [QueuedMessage(task_id="a")] * number
        self.cluster.configured = (*numbers,)

    def sampled(self, name: str, depths: Sequence[float], oldest_s: float | None = None) -> None:
        """One sample a minute, the last one now."""
        self.sampled_together({name: [(depth, oldest_s) for depth in depths]})

    def sampled_together(self, queues: Mapping[str, Sequence[tuple[float, float | None]]]) -> None:
        """The same of several: depths, and how old the oldest is."""
        minutes = len(next(iter(queues.values())))
        for number in range(minutes):
            seen: dict[str, Values] = {}
            for name, values in queues.items():
                depth, oldest_s = values[number]
                seen[name] = (depth, depth, None, 1.0, oldest_s)
            self.samples.keep("queue", NOW - 60 * (minutes - 1 - number), seen)

    def list(self) -> ListedQueues:
        return self.lists.list()

    def of(self, name: str) -> ListedQueue:
        return next(each for each in self.list().items if each.name == name)


def test_a_queue_says_what_came_in_and_left_how_old_and_when_it_is_empty() -> None:
    tasks = [
        event
        for number in range(30)
        for event in succeeded(uuid_of(number), NOW - 890 + number, wait=2.0)
    ]
    scene = Scene(*succeeded(uuid_of(99), NOW - 3_600), *tasks)
    scene.waiting(mail=100)
    scene.sampled("mail", [400 - 15 * minute for minute in range(20)], oldest_s=45.0)

    mail = scene.of("mail")

    assert (mail.trend, mail.oldest_s, mail.in_per_min) == ("draining", 45.0, 2.0)
    assert mail.out_per_min is not None
    assert 15 < mail.out_per_min < 20
    assert mail.drain_s is not None
    assert 300 < mail.drain_s < 500
    assert mail.wait_p95_s is not None
    assert 1.5 < mail.wait_p95_s < 2.5


def test_depths_are_those_of_the_last_hour_and_holes_stay_holes() -> None:
    scene = Scene()
    scene.waiting(mail=9)
    scene.sampled("mail", [7, 7, 8, 8])

    found = scene.list()
    depths = found.items[0].depths if found.items[0].name == "mail" else scene.of("mail").depths

    assert depths is not None
    assert (len(depths), found.since, found.bucket_s) == (31, NOW - 3_660, 120)
    assert set(depths[:-3]) == {None}
    assert depths[-1] is not None


def test_without_samples_or_told_queues_nothing_is_claimed() -> None:
    scene = Scene()
    scene.waiting(mail=9, empty=0)

    mail, empty = scene.of("mail"), scene.of("empty")

    assert (mail.depths, mail.oldest_s, mail.in_per_min, mail.out_per_min) == (None,) * 4
    assert (mail.wait_p95_s, mail.drain_s, empty.oldest_s) == (None, None, 0.0)
    assert "samples.period" in (scene.list().unsampled or "")


def test_where_some_tasks_tell_no_queue_nobody_knows_what_comes_in() -> None:
    quiet = [each for each in succeeded(uuid_of(2), NOW - 60) if each.type != "task-sent"]
    told = Scene(*succeeded(uuid_of(1), NOW - 120))
    untold = Scene(*succeeded(uuid_of(1), NOW - 120), *quiet)
    told.waiting(mail=0)
    untold.waiting(mail=0)

    assert (told.of("mail").in_per_min, untold.of("mail").in_per_min) == (0.5, None)


def test_the_worst_queue_comes_first() -> None:
    scene = Scene()
    scene.cluster.workers["w@h"].says["active_queues"] = [
        {"name": each} for each in ("full", "grows", "calm", "old")
    ]
    scene.waiting(calm=0, full=900, grows=100, lonely=1, old=2)
    scene.sampled_together(
        {"grows": [(5 * minute, None) for minute in range(20)], "old": [(2, 600.0)] * 20}
    )

    order = [each.name for each in scene.list().items if each.name != "celery"]

    assert order == ["lonely", "grows", "old", "full", "calm"]

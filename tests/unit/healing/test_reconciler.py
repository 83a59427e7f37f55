"""Whoever may know more of a task is asked, within bounds, and what nobody knows is unknown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.contract.stories import begun, uuid_of
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from umbel.broker.base import QueuedMessage
from umbel.cluster.events import Event
from umbel.cluster.worker import SignOfLife
from umbel.results.base import ListedIds, Result
from umbel.services.healing.reconciler import HealingOptions, Reconciler
from umbel.store.base import CollectorStatus, KeptGap
from umbel.store.memory import MemoryStore

WORKER = "celery@eu-1"
T = 1_800_000_000.0


class ListedResults(MemoryResults):
    """A backend that can say what it keeps."""

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:  # noqa: ARG002
        return ListedIds([*self.results], None)


class World:
    """A store, workers and results, and time that passes."""

    def __init__(self, *results: Result, **options: Any) -> None:
        self.clock = SetClock(T)
        self.store = MemoryStore()
        self.worker = MemoryWorker(WORKER)
        self.worker.says |= {"query_task": {}, "active": [], "reserved": [], "scheduled": []}
        self.cluster = MemoryCluster(self.worker)
        self.results = ListedResults(*results)
        self.reconciler = Reconciler(
            self.store,
            self.results,
            self.cluster,
            self.clock,
            HealingOptions(**({"unknown_after_s": 30.0} | options)),
        )

    def beat(self, *pids: int) -> None:
        """A heartbeat, or one of each of these processes."""
        now = self.clock.now()
        beat = Event(type="worker-heartbeat", timestamp=now, hostname=WORKER, pid=11, freq=2.0)
        each = [msgspec.structs.replace(beat, pid=pid, processed=0) for pid in pids]
        self.store.apply(each or [beat])

    def pass_time(self, seconds: float, *, beats: bool = True, pids: tuple[int, ...] = ()) -> None:
        for _ in range(int(seconds * 2)):
            self.clock.time += 0.5
            if beats:
                self.beat(*pids)
            self.store.report(
                CollectorStatus(
                    collector="c",
                    pid=1,
                    started=T - 900,
                    at=self.clock.now(),
                    broker="connected",
                    connected_since=T - 900,
                    broker_url="",
                    transport="redis",
                )
            )
            self.reconciler.turn()
            self.store.apply(self.reconciler.take())

    def state(self, uuid: str) -> str | None:
        task = self.store.task(uuid)
        return None if task is None else task.state

    def asked(self, command: str) -> list[float]:
        return [1.0 for each in self.cluster.commands if each.name == command]


def second_try(uuid: str, at: float) -> list[Event]:
    """The first was retried at `at`, and the second began a second later."""
    first = Event(type="task-retried", timestamp=at, hostname=WORKER, pid=11, uuid=uuid)
    received = Event(
        type="task-received", timestamp=at + 0.5, hostname=WORKER, pid=11, uuid=uuid, retries=1
    )
    started = Event(type="task-started", timestamp=at + 1, hostname=WORKER, pid=11, uuid=uuid)
    return [first, received, started]


def with_a_task_that_runs() -> tuple[World, str]:
    """Its worker says that it has it, after a gap in which it may have ended."""
    world, uuid = World(), uuid_of(1)
    world.store.apply(begun(uuid, T - 20))
    world.worker.says["query_task"] = {uuid: ["active", {"id": uuid, "time_start": T - 19.5}]}
    gap(world)
    return world, uuid


def gap(world: World) -> None:
    now = world.clock.now()
    world.store.keep_gaps([KeptGap(now - 10, now, "broker-away", collector="c")])


def test_nobody_is_asked_of_tasks_that_are_as_they_should_be() -> None:
    world = World()
    world.store.apply(begun(uuid_of(1), T - 2))

    world.pass_time(20)

    assert world.state(uuid_of(1)) == "STARTED"
    assert world.cluster.commands == []
    assert world.reconciler.status().lookups == 0


def test_an_end_that_a_gap_took_is_read_from_the_backend() -> None:
    uuid = uuid_of(1)
    world = World(Result(task_id=uuid, state="SUCCESS", result={"a": 1}, date_done=T - 5))
    world.store.apply(begun(uuid, T - 20))
    gap(world)

    world.pass_time(6)

    task = world.store.task(uuid)
    assert task is not None
    assert (task.state, task.result, task.finished) == ("SUCCESS", "{'a': 1}", T - 5)
    assert world.reconciler.status().healed == 1


def test_a_life_that_a_gap_took_whole_is_listed_and_one_of_before_is_not() -> None:
    missed = Result(
        task_id=uuid_of(1), state="FAILURE", exception="E()", date_done=T - 5, name="shop.pay"
    )
    older = Result(task_id=uuid_of(2), state="SUCCESS", date_done=T - 5_000)
    world = World(missed, older)
    gap(world)

    world.pass_time(12)

    task = world.store.task(uuid_of(1))
    assert task is not None
    assert (task.state, task.name, task.exception) == ("FAILURE", "shop.pay", "E()")
    assert world.state(uuid_of(2)) is None


def test_an_end_that_nobody_knew_is_found_when_it_came_in_a_later_gap() -> None:
    uuid = uuid_of(1)
    world = World()
    world.store.apply(begun(uuid, T - 20))
    gap(world)
    world.pass_time(60)
    before = world.state(uuid)

    ended = world.clock.now() - 5
    world.results.results[uuid] = Result(task_id=uuid, state="SUCCESS", date_done=ended)
    gap(world)
    world.pass_time(12)

    assert (before, world.state(uuid)) == ("UNKNOWN", "SUCCESS")


def test_results_are_not_listed_where_that_is_not_wanted() -> None:
    world = World(Result(task_id=uuid_of(1), state="SUCCESS", date_done=T - 5), lists_results=False)
    gap(world)

    world.pass_time(12)

    assert world.state(uuid_of(1)) is None


def test_a_task_that_its_worker_has_goes_on() -> None:
    world, uuid = with_a_task_that_runs()

    world.pass_time(120)

    assert world.state(uuid) == "STARTED"
    assert 1 < len(world.asked("query_task")) < 15


def test_a_task_that_only_its_worker_knows_is_taken_from_it() -> None:
    world = World()
    request = {
        "id": uuid_of(1),
        "name": "shop.pay",
        "args": [1],
        "kwargs": {},
        "time_start": T - 3,
        "delivery_info": {"routing_key": "mail"},
    }
    world.worker.says["active"] = [request]
    gap(world)

    world.pass_time(12)

    task = world.store.task(uuid_of(1))
    assert task is not None
    assert (task.state, task.name, task.args, task.queue) == ("STARTED", "shop.pay", "(1,)", "mail")
    assert (task.started, task.worker) == (T - 3, WORKER)


def test_what_nobody_has_any_more_is_unknown_after_the_time_that_is_set() -> None:
    world = World()
    world.store.apply(begun(uuid_of(1), T - 20))
    gap(world)

    world.pass_time(15)
    early = world.state(uuid_of(1))
    world.pass_time(45)

    task = world.store.task(uuid_of(1))
    assert task is not None
    assert (early, task.state) == ("STARTED", "UNKNOWN")
    assert (task.reconciled[0].why, task.reconciled[0].sources) == (
        "ended-untold",
        ("backend", "worker"),
    )
    assert world.reconciler.status().unknown == 1


@pytest.mark.parametrize("extended", [True, False])
def test_a_second_try_that_runs_is_not_the_retry_of_before(extended: bool) -> None:
    """Celery keeps RETRY, without a time, until the task has ended."""
    uuid = uuid_of(1)
    world = World(Result(task_id=uuid, state="RETRY", retries=0 if extended else None))
    world.store.apply([*begun(uuid, T - 20), *second_try(uuid, T - 18)])
    world.worker.says["query_task"] = {uuid: ["active", {"id": uuid, "time_start": T - 17}]}
    gap(world)

    world.pass_time(90)

    task = world.store.task(uuid)
    assert task is not None
    assert (task.state, [run.state for run in task.attempts]) == ("STARTED", ["RETRY", "STARTED"])
    assert world.reconciler.status().healed == 0


def test_a_retried_task_whose_worker_is_gone_is_unknown_though_the_backend_keeps_its_retry() -> (
    None
):
    uuid = uuid_of(1)
    world = World(Result(task_id=uuid, state="RETRY"))
    world.store.apply([*begun(uuid, T - 20), *second_try(uuid, T - 18)])
    gap(world)

    world.pass_time(90)

    assert world.state(uuid) == "UNKNOWN"


def test_a_retry_that_nobody_heard_is_taken_from_the_backend_once() -> None:
    uuid = uuid_of(1)
    world = World(Result(task_id=uuid, state="RETRY", exception="E()"))
    world.store.apply(begun(uuid, T - 20))
    world.worker.says["query_task"] = {uuid: ["scheduled", {"request": {"id": uuid}}]}
    gap(world)

    world.pass_time(90)

    task = world.store.task(uuid)
    assert task is not None
    assert (task.state, [run.state for run in task.attempts]) == ("RETRY", ["RETRY"])
    assert world.reconciler.status().healed == 1


def test_a_worker_that_does_not_answer_leaves_its_tasks_as_they_are() -> None:
    world = World()
    world.store.apply(begun(uuid_of(1), T - 20))
    world.worker.is_deaf = True
    gap(world)

    world.pass_time(120)

    assert world.state(uuid_of(1)) == "STARTED"


def test_a_task_that_its_worker_had_is_not_unknown_before_the_time_has_passed_again() -> None:
    world, uuid = with_a_task_that_runs()
    world.pass_time(60)

    world.worker.says["query_task"] = {}
    world.pass_time(16)
    early = world.state(uuid)
    world.pass_time(45)

    assert (early, world.state(uuid)) == ("STARTED", "UNKNOWN")


def test_an_answer_that_cannot_be_read_is_told() -> None:
    """Workers answer in the serializer of their tasks, and a pickle is never loaded."""
    world = World()
    world.store.apply(begun(uuid_of(1), T - 20))
    world.worker.refuses["query_task"] = "A worker's answer cannot be read. It is of type 'pickle'."
    gap(world)

    world.pass_time(60)
    state, trouble = world.state(uuid_of(1)), world.reconciler.status().trouble
    world.worker.refuses.clear()
    world.pass_time(60)

    assert (state, trouble) == (
        "STARTED",
        "A worker's answer cannot be read. It is of type 'pickle'.",
    )
    assert (world.state(uuid_of(1)), world.reconciler.status().trouble) == ("UNKNOWN", None)


@pytest.mark.parametrize("state", ["RETRY", "RECEIVED"])
def test_a_task_that_is_back_in_its_queue_waits_there_while_no_worker_is_there(state: str) -> None:
    uuid = uuid_of(1)
    world = World()
    sent, received, started = begun(uuid, T)
    retried = second_try(uuid, T + 1)[0]
    world.store.apply([sent, received, *([started, retried] if state == "RETRY" else [])])
    world.cluster.queues["mail"] = [QueuedMessage(task_id=uuid)]
    world.pass_time(2)
    world.worker.is_deaf = True
    world.store.apply([Event(type="worker-offline", timestamp=T + 3, hostname=WORKER, pid=11)])

    world.pass_time(120, beats=False)
    waiting = world.state(uuid)
    world.cluster.queues["mail"] = []
    world.pass_time(60, beats=False)

    task = world.store.task(uuid)
    assert task is not None
    assert (waiting, task.state) == (state, "UNKNOWN")
    assert task.reconciled[-1].sources == ("backend", "worker", "queue")


def test_a_task_whose_queue_was_deleted_with_it_is_unknown() -> None:
    world = World()
    sent = begun(uuid_of(1), T)[0]
    world.store.apply([sent])

    world.pass_time(120)

    task = world.store.task(uuid_of(1))
    assert task is not None
    assert (task.state, task.reconciled[0].why) == ("UNKNOWN", "not-delivered")


def test_a_lost_task_is_found_behind_a_large_backlog_of_another_queue() -> None:
    world = World()
    world.cluster.queues["busy"] = [QueuedMessage(task_id=uuid_of(2))]
    world.store.apply(begun(uuid_of(1), T, queue="purged")[:1])
    for number in range(2, 802):
        world.store.apply(begun(uuid_of(number), T + 1, queue="busy")[:1])

    world.pass_time(120)

    assert world.state(uuid_of(1)) == "UNKNOWN"
    assert world.state(uuid_of(2)) == "PENDING"


def test_of_a_worker_that_is_gone_nobody_knows() -> None:
    world = World()
    world.store.apply(begun(uuid_of(1), T))
    world.pass_time(2)
    world.worker.is_deaf = True

    world.pass_time(90, beats=False)

    task = world.store.task(uuid_of(1))
    assert task is not None
    assert (task.state, task.reconciled[-1].why) == ("UNKNOWN", "worker-lost")


def test_a_worker_that_sends_no_heartbeats_is_asked_all_the_same() -> None:
    """`--without-heartbeat`: while its task runs it says nothing, and it answers."""
    uuid = uuid_of(1)
    world = World()
    world.store.apply(begun(uuid, T), signs=[SignOfLife(hostname=WORKER, heard=T, takes=True)])
    world.worker.says["query_task"] = {uuid: ["active", {"id": uuid, "time_start": T + 0.5}]}

    world.pass_time(300, beats=False)
    running = world.state(uuid)
    world.worker.says["query_task"] = {}
    world.pass_time(60, beats=False)

    task = world.store.task(uuid)
    assert task is not None
    assert (running, task.state) == ("STARTED", "UNKNOWN")
    assert task.reconciled[-1].why == "ended-untold"


def test_of_two_workers_of_one_name_the_answer_of_one_does_not_make_a_task_unknown() -> None:
    world = World()
    world.store.apply(begun(uuid_of(1), T - 20))
    gap(world)

    world.pass_time(120, pids=(11, 12))
    shared = world.state(uuid_of(1))
    world.pass_time(60, pids=(11,))

    assert (shared, world.state(uuid_of(1))) == ("STARTED", "UNKNOWN")


def test_results_are_read_no_faster_than_is_set() -> None:
    world = World(lookups_per_s=10)
    for number in range(100):
        world.store.apply(begun(uuid_of(number), T - 20))
    gap(world)

    world.pass_time(8)

    assert world.reconciler.status().waiting == 100
    assert world.reconciler.status().lookups <= 10 * 9


def test_a_backend_that_is_away_is_told_and_asked_again() -> None:
    uuid = uuid_of(1)
    world = World(Result(task_id=uuid, state="SUCCESS", date_done=T - 5))
    world.results.away = 3
    world.store.apply(begun(uuid, T - 20))
    gap(world)

    world.pass_time(4)
    trouble = world.reconciler.status().trouble
    world.pass_time(60)

    assert trouble is not None
    assert world.state(uuid) == "SUCCESS"
    assert world.reconciler.status().trouble is None


def test_nobody_is_asked_while_what_came_is_not_stored() -> None:
    world = World()
    world.store.apply(begun(uuid_of(1), T - 20))
    world.reconciler.is_current = lambda: False
    gap(world)

    world.pass_time(60)

    assert world.cluster.commands == []


def test_open_tasks_are_looked_at_seldom_while_nothing_changes() -> None:
    """A round reads every task that has not ended: 1,500 of them took 10 ms a second."""
    world = World(unknown_after_s=600.0)
    looked: list[float] = []
    search = world.store.search

    def counted(*args: Any, **options: Any) -> Any:
        looked.append(world.clock.now())
        return search(*args, **options)

    world.store.search = counted  # type: ignore[method-assign]
    world.beat()
    world.store.apply(begun(uuid_of(1), T, worker=WORKER))
    world.pass_time(5)
    looked.clear()

    world.pass_time(20)
    quiet = len(looked)
    looked.clear()
    gap(world)
    world.pass_time(4)

    assert 1 <= quiet <= 3
    assert looked


def test_tasks_of_which_was_just_heard_are_looked_at_where_something_happened_alone() -> None:
    world = World(unknown_after_s=600.0)
    looked: list[str] = []
    search = world.store.search

    def counted(*args: Any, **options: Any) -> Any:
        page = search(*args, **options)
        looked.extend(task.uuid for task in page.items)
        return page

    world.store.search = counted  # type: ignore[method-assign]
    world.beat()
    world.store.apply(begun(uuid_of(1), T, worker=WORKER))
    world.pass_time(14)
    old = list(looked)
    looked.clear()
    for second in range(12):
        world.store.apply(begun(uuid_of(2 + second), world.clock.now(), worker=WORKER))
        world.pass_time(1)
    quiet = set(looked)
    looked.clear()
    gap(world)
    world.store.apply(begun(uuid_of(20), world.clock.now(), worker=WORKER))
    world.pass_time(2.5)

    assert uuid_of(1) in old
    assert uuid_of(1) in quiet
    assert uuid_of(13) not in quiet
    assert {uuid_of(13), uuid_of(20)} <= set(looked)

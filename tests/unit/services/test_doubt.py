"""What speaks against the state that a task's events tell."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.contract.stories import BASE, WORKER, begun, heartbeat, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from umbel.cluster.task import Task
from umbel.cluster.worker import Worker
from umbel.services.health.worker_status import WorkerStatus
from umbel.services.search.doubt import Doubt, DoubtFinder, WorkersAndGaps, doubt_of
from umbel.store.memory import MemoryStore

NOW = BASE + 720
UUID = uuid_of(5)


def a_task(**changed: Any) -> Task:
    known: dict[str, Any] = {
        "uuid": UUID, "state": "STARTED", "seen": BASE, "timestamp": BASE + 1, "worker": WORKER,
        "pid": 10, "started": BASE + 1,
    }  # fmt: skip
    return Task(**known | changed)


def evidence(
    status: str, *, gaps: Any = (), since: float | None = None, **worker: Any
) -> WorkersAndGaps:
    known: dict[str, Any] = {"hostname": WORKER, "heartbeat": BASE + 60, "online": BASE - 60}
    return WorkersAndGaps({WORKER: (Worker(**known | worker), WorkerStatus(status, since))}, gaps)


def test_a_task_whose_worker_is_heard_is_not_doubted() -> None:
    assert (
        doubt_of(a_task(), evidence("online", pid=10, registers={"pid": (NOW, NOW)}), NOW) is None
    )


@pytest.mark.parametrize("state", ["STARTED", "RECEIVED", "RETRY"])
def test_a_worker_that_is_not_heard_any_more_may_not_run_it(state: str) -> None:
    assert doubt_of(a_task(state=state), evidence("silent"), NOW) == Doubt(
        why="worker-silent", since=BASE + 60, worker=WORKER
    )


def test_a_worker_that_said_goodbye_does_not_run_it() -> None:
    found = doubt_of(a_task(), evidence("offline", offline=BASE + 90), NOW)

    assert found == Doubt(why="worker-offline", since=BASE + 90, worker=WORKER)


@pytest.mark.parametrize(
    "worker",
    [{"online": BASE + 300}, {"pid": 99, "registers": {"pid": (BASE + 300, BASE + 300)}}],
)
def test_another_process_of_the_same_name_does_not_run_it(worker: dict[str, Any]) -> None:
    found = doubt_of(a_task(), evidence("online", **worker), NOW)

    assert found is not None
    assert found.why == "worker-restarted"


def test_a_gap_after_the_clocks_were_set_back_follows_what_was_said_before() -> None:
    known = evidence("online", gaps=((NOW - 5, NOW - 1),))
    ahead, later = a_task(timestamp=NOW + 3_600), a_task(timestamp=NOW)

    assert doubt_of(ahead, known, NOW) == Doubt(why="gap", since=NOW - 5, worker=WORKER)
    assert doubt_of(later, known, NOW) is None


def test_a_worker_whose_clock_is_behind_was_not_started_anew() -> None:
    skewed = evidence("online", online=BASE + 3_540, skews=((BASE + 3_600, -3_600.0),))

    assert doubt_of(a_task(), skewed, NOW) is None


def test_a_worker_that_sends_no_heartbeats_may_be_quiet_while_it_runs() -> None:
    assert doubt_of(a_task(), evidence("silent", heartbeat=None, online=None), NOW) is None


def test_a_process_that_was_there_before_the_task_says_nothing() -> None:
    told_before = evidence("online", pid=9, registers={"pid": (BASE, BASE)})

    assert doubt_of(a_task(), told_before, NOW) is None


def test_while_nothing_is_heard_it_is_not_known_whether_it_runs() -> None:
    found = doubt_of(a_task(), evidence("unknown", since=BASE + 200), NOW)

    assert found == Doubt(why="blind", since=BASE + 200, worker=WORKER)


def test_its_end_may_lie_in_a_gap() -> None:
    after, before = (BASE + 30, BASE + 50), (BASE - 50, BASE - 30)

    missed = doubt_of(a_task(), evidence("online", gaps=[after, before]), NOW)

    assert missed == Doubt(why="gap", since=BASE + 30, worker=WORKER)
    assert doubt_of(a_task(), evidence("online", gaps=[before]), NOW) is None
    assert doubt_of(a_task(timestamp=BASE + 60), evidence("online", gaps=[after]), NOW) is None


@pytest.mark.parametrize("state", ["PENDING", "RECEIVED"])
def test_what_waits_past_its_expiry_is_not_run_any_more(state: str) -> None:
    expired = a_task(state=state, expires=NOW - 1)

    assert doubt_of(expired, evidence("online"), NOW) == Doubt(
        why="expired", since=NOW - 1, worker=WORKER
    )
    assert doubt_of(expired, evidence("online"), NOW - 2) is None


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE", "REVOKED", "REJECTED"])
def test_what_has_ended_is_not_doubted(state: str) -> None:
    ended = a_task(state=state, expires=BASE)

    assert doubt_of(ended, evidence("silent", gaps=[(BASE, NOW)]), NOW) is None


def test_doubts_come_from_what_the_store_knows() -> None:
    store = MemoryStore()
    running = [msgspec.structs.replace(event, pid=10) for event in begun(UUID, BASE)]
    store.apply([*running, *succeeded(uuid_of(6), BASE), heartbeat(WORKER, BASE + 60)])
    tasks = [task for n in (5, 6) if (task := store.task(uuid_of(n))) is not None]

    before = DoubtFinder(store, SetWallClock(BASE + 61)).of(tasks)
    later = DoubtFinder(store, SetWallClock(NOW)).of(tasks)

    assert before == {}
    assert set(later) == {UUID}
    assert msgspec.json.encode(later[UUID])

"""Workers whose task events are off are told once to send them (`enable_events = always`)."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.contract.stories import heartbeat
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from umbel.services.cluster.event_switch import (
    AGAIN_AFTER_S,
    LEASE_S,
    TO_ALL_EVERY_S,
    EventSwitch,
)
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger

NOW = 1_000_000.0
OFF = {"ok": "task events enabled"}
ON = {"ok": "task events already enabled"}


class Scene:
    def __init__(self) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.ledger = MemoryLedger()
        self.cluster = MemoryCluster()
        self.switch = self.another()
        self.switch.turn()  # all are told at the start
        self.cluster.commands.clear()

    def another(self) -> EventSwitch:
        return EventSwitch(self.store, self.cluster, self.ledger, self.clock)

    def worker(self, name: str, says: Any = OFF, pid: int = 10) -> MemoryWorker:
        worker = MemoryWorker(name)
        worker.says["enable_events"] = says
        self.cluster.workers[name] = worker
        self.beat(name, pid)
        return worker

    def beat(self, name: str, pid: int = 10) -> None:
        beat = heartbeat(name, self.clock.now())
        self.store.apply([msgspec.structs.replace(beat, pid=pid)])

    def told(self) -> list[Any]:
        """Whom the commands since the last time were for."""
        found = [command.workers for command in self.cluster.commands]
        self.cluster.commands.clear()
        return found

    def audit(self) -> list[str]:
        return [line.target for line in self.ledger.audit().items]


def test_a_worker_is_told_at_its_first_heartbeat_and_once() -> None:
    scene = Scene()
    scene.worker("a")
    scene.switch.turn()
    scene.switch.turn()

    assert scene.told() == [("a",)]
    assert scene.audit() == ["Enable events on a, as enable_events = always says."]


def test_it_is_told_again_when_it_was_restarted() -> None:
    scene = Scene()
    scene.worker("a")
    scene.switch.turn()
    scene.told()
    scene.clock.time += 5
    scene.beat("a", pid=11)
    scene.switch.turn()

    assert scene.told() == [("a",)]


def test_only_workers_whose_events_were_off_stand_in_the_audit() -> None:
    scene = Scene()
    scene.worker("a", ON)
    scene.worker("b", OFF)
    scene.switch.turn()

    assert scene.audit() == ["Enable events on b, as enable_events = always says."]


def test_a_worker_that_does_not_answer_is_told_again_after_a_while() -> None:
    scene = Scene()
    scene.worker("a").is_deaf = True
    scene.switch.turn()
    scene.switch.turn()
    assert scene.told() == [("a",)]

    scene.clock.time += AGAIN_AFTER_S
    scene.beat("a")
    scene.switch.turn()
    assert scene.told() == [("a",)]


def test_a_worker_that_never_answers_is_told_less_and_less_often() -> None:
    scene = Scene()
    scene.worker("a").is_deaf = True
    end = scene.clock.time + 280
    while scene.clock.time < end:
        scene.beat("a")
        scene.switch.turn()
        scene.clock.time += 2

    assert len(scene.told()) == 9


def test_a_worker_whose_answer_did_not_come_stands_in_the_audit_when_it_says_that_they_are_on() -> (
    None
):
    scene = Scene()
    worker = scene.worker("a", ON)
    worker.is_deaf = True
    scene.switch.turn()
    worker.is_deaf = False
    scene.clock.time += AGAIN_AFTER_S
    scene.beat("a")
    scene.switch.turn()

    [line] = scene.ledger.audit().items
    assert line.answer == "Told again, as no answer came: their task events are on now."


def test_a_worker_that_refuses_is_not_asked_again_and_again() -> None:
    scene = Scene()
    scene.worker("a").refuses["enable_events"] = "no"
    scene.switch.turn()
    scene.clock.time += AGAIN_AFTER_S
    scene.beat("a")
    scene.switch.turn()

    assert scene.told() == [("a",)]
    assert scene.audit() == []


def test_workers_without_heartbeats_hear_it_with_all_others_now_and_then() -> None:
    scene = Scene()
    worker = MemoryWorker("silent")
    worker.says["enable_events"] = OFF
    scene.cluster.workers["silent"] = worker
    scene.switch.turn()
    assert scene.told() == []

    scene.clock.time += TO_ALL_EVERY_S
    scene.switch.turn()
    assert scene.told() == [None]
    assert scene.audit() == ["Enable events on silent, as enable_events = always says."]


def test_of_two_servers_one_tells_and_the_other_takes_over_when_it_is_gone() -> None:
    scene = Scene()
    other = scene.another()
    scene.worker("a")
    other.turn()
    assert scene.told() == []
    scene.switch.turn()
    assert scene.told() == [("a",)]

    scene.clock.time += LEASE_S + 1
    scene.worker("b")
    other.turn()
    assert scene.told() == [None]  # it tells all, once, when it begins
    assert "Enable events on a and b" in scene.audit()[0]

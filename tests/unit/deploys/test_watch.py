"""What the watch keeps of the starts that it sees, and what it says no more once it was taken
back."""

from __future__ import annotations

from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster
from umbel.auth.base import Actor
from umbel.cluster.worker import Worker
from umbel.services.cluster.inspection import Inspection
from umbel.services.deploys.deploys import Deploys
from umbel.services.deploys.marks import FOLD_S, DeployMark
from umbel.services.deploys.watch import DeployWatch
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger

NOW = 1_795_348_800.0
LOOK_S = 10.0
PEOPLE = Actor(name="ann", address="10.0.0.1", via="api", permissions=frozenset({"operate"}))


class Watched:
    """Five workers that run, and a watch that looks at them every ten seconds."""

    def __init__(self) -> None:
        self.clock = SetClock(NOW)
        self.ledger = MemoryLedger()
        self.deploys = Deploys(self.ledger, self.clock)
        self.pids = dict.fromkeys("abcde", 100)
        self.begin_again()
        self.look()

    def begin_again(self) -> None:
        """The server that watches is restarted."""
        inspection = Inspection(MemoryStore(), MemoryCluster(), self.clock)
        self.watch = DeployWatch(self.ledger, inspection, self.clock)

    def restart(self, names: str) -> None:
        for name in names:
            self.pids[name] += 1
        self.look()

    def look(self) -> None:
        self.clock.time += LOOK_S
        now = self.clock.time
        self.watch.observe(
            [
                Worker(hostname=name, online=now, heartbeat=now, heard=now, pid=pid, processed=0)
                for name, pid in self.pids.items()
            ]
        )

    def marks(self) -> tuple[DeployMark, ...]:
        return self.deploys.list().items


def test_restarts_that_go_on_are_one_deploy() -> None:
    watched = Watched()

    watched.restart("abc")
    watched.restart("d")

    (mark,) = watched.marks()
    assert (mark.title, mark.workers) == ("Workers restarted", 4)


def test_what_was_taken_back_is_not_told_again_while_its_restarts_go_on() -> None:
    watched = Watched()
    watched.restart("abc")

    watched.deploys.remove(watched.marks()[0].id, PEOPLE)
    watched.restart("d")
    watched.begin_again()
    watched.restart("e")

    assert watched.marks() == ()


def test_nor_are_they_when_it_was_taken_back_with_a_version_that_was_a_mistake() -> None:
    watched = Watched()
    watched.restart("abc")
    announced = watched.deploys.announce("5.7", PEOPLE)

    watched.deploys.remove(announced.id, PEOPLE)
    watched.restart("d")

    assert watched.marks() == ()


def test_the_next_deploy_is_told() -> None:
    watched = Watched()
    watched.restart("abc")
    watched.deploys.remove(watched.marks()[0].id, PEOPLE)

    watched.clock.time += FOLD_S + LOOK_S
    watched.look()
    watched.restart("abcd")

    (mark,) = watched.marks()
    assert mark.workers == 4

"""Which deploys a fleet of workers shows, and what of its coming and going is none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import msgspec

from umbel.cluster.worker import Worker
from umbel.services.deploys.fleet import ATTEMPTS_MAX, RESTARTS_MAX, Fleet
from umbel.services.deploys.marks import marks_of
from umbel.store.ledger import Deploy

NOW = 1_795_348_800.0
LOOK_S = 10.0
SHOP = frozenset({"shop.pay", "shop.ship", "shop.mail"})
IMAGES = frozenset({"images.thumbnail", "images.transcode"})


class Cluster:
    """Workers that run, and a fleet that sees them every ten seconds."""

    def __init__(self, **running: frozenset[str]) -> None:
        self.now = NOW
        self.ids = count()
        self.fleet = Fleet()
        self.facts: dict[str, Deploy] = {}
        self.workers: dict[str, Worker] = {}
        self.names: dict[str, frozenset[str]] = {}
        self.asked: list[str] = []
        self.silent: set[str] = set()
        for name, names in running.items():
            self.start(name, names)
        self.look()

    def start(
        self, name: str, names: frozenset[str] = SHOP, *, pid: int | None = None,
        celery: str = "5.5.3",
    ) -> None:  # fmt: skip
        """A process begins now."""
        self.workers[name] = Worker(
            hostname=name, online=self.now, heartbeat=self.now, processed=0,
            pid=next(self.ids) + 100 if pid is None else pid, sw_ver=celery,
        )  # fmt: skip
        self.names[name] = names

    def stop(self, name: str) -> None:
        self.workers[name] = msgspec.structs.replace(self.workers[name], offline=self.now)
        del self.names[name]

    def work(self, name: str, processed: int) -> None:
        self.workers[name] = msgspec.structs.replace(self.workers[name], processed=processed)

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += LOOK_S
            for name in self.names:
                if name not in self.silent:
                    self.workers[name] = msgspec.structs.replace(
                        self.workers[name], heartbeat=self.now
                    )
            found = self.fleet.seen(list(self.workers.values()), self.now, self._id)
            due = self.fleet.due()
            if due:
                self.asked += due
                answers = {name: self.names[name] for name in due if name not in self.silent}
                found += self.fleet.answered(answers, due, self.now, self._id)
            self.facts |= {each.id: each for each in found}

    def again(self) -> None:
        """Umbel was restarted: what it saw comes from the ledger."""
        self.fleet = msgspec.json.decode(msgspec.json.encode(self.fleet), type=Fleet)

    def changes(self) -> list[Mapping[str, object]]:
        """The marks: what each tells."""
        return [
            {"kinds": each.kinds, "added": each.added, "removed": each.removed,
             "workers": each.workers}
            for each in marks_of(self.facts.values())
        ]  # fmt: skip

    def _id(self) -> str:
        return f"d{next(self.ids)}"


def restarted(count_: int) -> Mapping[str, object]:
    return {"kinds": ("restart",), "added": (), "removed": (), "workers": count_}


def test_the_first_look_finds_no_deploy_and_asks_each_worker_once() -> None:
    cluster = Cluster(a=SHOP, b=SHOP, c=IMAGES)
    cluster.look(20)

    assert cluster.changes() == []
    assert cluster.asked == ["a", "b", "c"]


def test_a_restart_with_other_names_is_a_deploy() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    for name in "ab":
        cluster.start(name, SHOP - {"shop.mail"} | {"shop.refund"})
    cluster.look()

    (mark,) = cluster.changes()
    assert mark == {"kinds": ("names", "restart"), "added": ("shop.refund",),
                    "removed": ("shop.mail",), "workers": 2}  # fmt: skip


def test_a_restart_with_the_same_names_is_marked_as_a_restart_alone() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    for name in "ab":
        cluster.start(name)
    cluster.look(3)

    assert cluster.changes() == [restarted(2)]


def test_one_of_several_workers_that_is_restarted_is_no_deploy() -> None:
    cluster = Cluster(a=SHOP, b=SHOP, c=SHOP)
    cluster.start("b")
    cluster.look(50)

    assert cluster.changes() == []


def test_when_a_worker_began_anew_is_remembered_under_its_name() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    times = []
    for _ in range(RESTARTS_MAX + 2):
        cluster.start("b")
        times.append(cluster.now)
        cluster.look()
    cluster.again()
    cluster.start("new")
    cluster.look()

    found = {name: each.restarts for name, each in cluster.fleet.workers.items()}
    assert found == {"a": [], "b": times[-RESTARTS_MAX:], "new": []}


def test_a_rolling_deploy_of_fifty_workers_is_one_mark_with_its_span() -> None:
    cluster = Cluster(**{f"w{number:02}": SHOP for number in range(50)})
    began = cluster.now
    for number in range(50):
        cluster.start(f"w{number:02}", SHOP | {"shop.refund"})
        cluster.look(2)

    (mark,) = marks_of(cluster.facts.values())
    assert (mark.at, mark.until) == (began, began + 49 * 2 * LOOK_S)
    assert (mark.workers, mark.added) == (50, ("shop.refund",))
    assert len(cluster.asked) == 100


def test_pods_that_are_replaced_under_other_names_are_a_deploy() -> None:
    cluster = Cluster(**{f"shop-7f{n}": SHOP for n in range(3)})
    for number in range(3):
        cluster.start(f"shop-9c{number}", SHOP | {"shop.refund"})
        cluster.look(3)
        cluster.stop(f"shop-7f{number}")
        cluster.look(3)

    (mark,) = cluster.changes()
    assert mark["kinds"] == ("names", "restart")
    assert mark["workers"] == 3


def test_autoscaled_pods_that_come_and_go_are_no_deploy() -> None:
    cluster = Cluster(a=SHOP, b=SHOP, images0=IMAGES)
    cluster.stop("images0")
    for wave in range(6):
        pods = [f"pod{wave}-{number}" for number in range(8)]
        for pod in pods:
            cluster.start(pod)
        cluster.start(f"images{wave + 1}", IMAGES)
        cluster.look(20)
        for pod in (*pods, f"images{wave + 1}"):
            cluster.stop(pod)
        cluster.look(40)

    assert cluster.changes() == []


def test_a_new_kind_of_worker_is_a_deploy_and_its_return_is_none() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    cluster.start("images1", IMAGES)
    cluster.look(60)
    (mark,) = cluster.changes()
    assert mark["added"] == ("images.thumbnail", "images.transcode")

    cluster.stop("images1")
    cluster.look(60)
    cluster.start("images2", IMAGES)
    cluster.look(60)

    assert len(cluster.changes()) == 1


def test_going_back_to_the_names_before_is_a_deploy_as_well() -> None:
    cluster = Cluster(a=SHOP)
    cluster.start("a", SHOP | {"shop.refund"})
    cluster.look(60)
    cluster.start("a", SHOP)
    cluster.look(60)

    back, forth = cluster.changes()
    assert (forth["added"], back["removed"]) == (("shop.refund",), ("shop.refund",))


def test_another_version_of_celery_is_told() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    for name in "ab":
        cluster.start(name, celery="5.6.0")
    cluster.look()

    (mark,) = marks_of(cluster.facts.values())
    assert mark.kinds == ("celery", "restart")
    assert mark.changes[0] == "Workers run Celery 5.6.0, it was 5.5.3."


def test_in_containers_each_process_has_the_same_number() -> None:
    cluster = Cluster()
    cluster.start("a", pid=1)
    cluster.look()
    cluster.work("a", 500)
    cluster.look()
    cluster.start("a", pid=1)
    cluster.look()

    assert cluster.changes() == [restarted(1)]
    cluster.work("a", 20)
    cluster.look(40)
    cluster.start("a", SHOP | {"shop.refund"}, pid=1)
    cluster.look()
    assert cluster.changes()[0]["added"] == ("shop.refund",)


def test_all_that_are_stopped_before_any_begins_are_a_deploy() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    for name in "ab":
        cluster.stop(name)
    cluster.look(10)
    for name in "ab":
        cluster.start(name)
    cluster.look()

    assert cluster.changes() == [restarted(2)]


def test_a_fleet_that_has_just_come_up_is_deployed_anew() -> None:
    cluster = Cluster()
    for _ in range(2):
        for name in "abc":
            cluster.start(name)
            cluster.look()

    assert cluster.changes() == [restarted(3)]


def test_workers_that_were_not_heard_for_a_while_are_no_deploy() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    cluster.silent = {"a", "b"}
    cluster.look(40)
    cluster.silent = set()
    cluster.look(40)

    assert cluster.changes() == []


def test_what_was_deployed_together_with_umbel_is_seen() -> None:
    cluster = Cluster(a=SHOP, b=SHOP)
    cluster.look(5)
    cluster.again()
    cluster.now += 120
    for name in "ab":
        cluster.start(name, SHOP | {"shop.refund"})
    cluster.look()

    (mark,) = cluster.changes()
    assert mark["added"] == ("shop.refund",)
    assert mark["workers"] == 2


def test_a_worker_that_does_not_answer_is_asked_a_few_times_alone() -> None:
    cluster = Cluster(a=SHOP, b=SHOP, c=SHOP)
    cluster.start("b", celery="5.6.0")
    cluster.names["b"] = SHOP
    answered = cluster.fleet.answered

    for _ in range(6):
        cluster.now += LOOK_S
        for name in cluster.names:
            beat = msgspec.structs.replace(cluster.workers[name], heartbeat=cluster.now)
            cluster.workers[name] = beat
        cluster.fleet.seen(list(cluster.workers.values()), cluster.now, cluster._id)
        due = cluster.fleet.due()
        cluster.asked += due
        for fact in answered({}, due, cluster.now, cluster._id):
            cluster.facts[fact.id] = fact

    assert cluster.asked.count("b") == 1 + ATTEMPTS_MAX
    (mark,) = marks_of(cluster.facts.values())
    assert mark.title == "Celery 5.6.0"

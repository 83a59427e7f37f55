"""In what workers differ, and which is the odd one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from umbel.cluster.events import Event
from umbel.cluster.worker import Worker
from umbel.services.cluster import fleet_comparison
from umbel.services.cluster.fleet_comparison import FleetComparison
from umbel.services.cluster.fleet_diff import Difference, Facts, compared, facts_of
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.store.memory import MemoryStore

NOW: Final = 1_795_348_800.0
SAYS: Final[dict[str, object]] = {
    "stats": {"pool": {"implementation": "prefork", "processes": [1, 2]}},
    "active_queues": [{"name": "mail"}],
    "registered": ["shop.pay [rate_limit=5/m]", "shop.ship"],
    "conf": {"task_acks_late": False, "broker_url": "redis://:pw@h/0"},
}


def values(difference: Difference) -> list[tuple[str | None, int]]:
    return [(each.value, each.count) for each in difference.values]


def fleet(number: int, odd: Mapping[str, object], version: str = "5.7.0") -> dict[str, Facts]:
    usual = facts_of(Worker(hostname="w", sw_ver="5.7.0"), SAYS)
    found = {f"w{index}": usual for index in range(number - 1)}
    return {**found, "odd": facts_of(Worker(hostname="odd", sw_ver=version), {**SAYS, **odd})}


def test_equal_workers_do_not_differ() -> None:
    found = compared(fleet(5, {}), NOW)

    assert (found.compared, found.differences, found.odd_workers) == (5, (), ())


def test_modules_are_the_same_in_any_order() -> None:
    one, other = ({"conf": {"include": list(order)}} for order in ("ab", "ba"))
    facts = {
        name: facts_of(Worker(hostname=name), said) for name, said in (("a", one), ("b", other))
    }

    assert compared(facts, NOW).differences == ()


def test_the_odd_worker_is_named_with_all_in_which_it_differs() -> None:
    odd = {"conf": {"task_acks_late": True}, "registered": ["shop.pay"]}
    found = compared(fleet(5, odd, version="5.5.3"), NOW)

    assert {each.name: values(each) for each in found.differences} == {
        "Celery": [('"5.7.0"', 4), ('"5.5.3"', 1)],
        "task_acks_late": [("false", 4), ("true", 1)],
        "broker_url": [('"redis://:pw@h/0"', 4), (None, 1)],
        "shop.ship": [("true", 4), (None, 1)],
    }
    assert [(each.name, each.differences) for each in found.odd_workers] == [("odd", 4)]
    assert found.differences[0].values[1].workers == ("odd",)


def test_what_one_worker_has_comes_before_what_divides_the_fleet() -> None:
    facts = fleet(6, {"conf": {"task_acks_late": True, "broker_url": "redis://:pw@h/0"}})
    halves: dict[str, Facts] = {
        name: {**each, ("version", "Celery"): "a" if index < 3 else "b"}
        for index, (name, each) in enumerate(facts.items())
    }
    found = compared(halves, NOW)

    assert [(each.name, each.odd) for each in found.differences] == [
        ("task_acks_late", 1), ("Celery", 0),
    ]  # fmt: skip
    assert [each.name for each in found.odd_workers] == ["odd"]


def test_long_values_are_compared_whole_and_shown_cut() -> None:
    facts: dict[str, Facts] = {name: {("setting", "s"): "x" * 5_000 + name} for name in "ab"}
    (found,) = compared(facts, NOW).differences

    assert {len(each.value or "") for each in found.values} == {301}


@pytest.mark.parametrize("said", [{}, dict.fromkeys(SAYS), dict.fromkeys(SAYS, "x"), {"conf": []}])
def test_rubbish_is_no_fact(said: dict[str, object]) -> None:
    assert facts_of(Worker(hostname="w"), said) == {}


def asked(names: str, *deaf: str) -> tuple[FleetComparison, MemoryCluster]:
    store, workers = MemoryStore(), []
    for name in names:
        hostname = f"celery@{name}-1"
        store.apply([Event(type="worker-heartbeat", timestamp=NOW, hostname=hostname, freq=2.0)])
        worker = MemoryWorker(hostname)
        worker.says = {**SAYS, "registered": ["odd"] if name == "z" else SAYS["registered"]}
        worker.is_deaf = name in deaf
        workers.append(worker)
    cluster = MemoryCluster(*workers)
    clock = SetWallClock(NOW)
    inspection = Inspection(store, cluster, clock, answer_s=0.05)
    return FleetComparison(ListedWorkers(store), inspection, clock), cluster


def test_workers_are_asked_four_questions_and_who_is_silent_is_said() -> None:
    comparison, cluster = asked("abcz", "b")
    found = comparison.diff()

    assert (found.compared, found.missing) == (3, ("celery@b-1",))
    assert {each.name for each in found.differences} == {"odd", "shop.pay", "shop.ship"}
    assert [each.name for each in found.odd_workers] == ["celery@z-1"]
    assert len(cluster.commands) == 4


def test_some_of_a_name_or_deployment_are_compared() -> None:
    comparison, _ = asked("abcz")

    assert comparison.diff("Z-").compared == 0
    assert comparison.diff(deployment="celery@z-*").compared == 0
    assert comparison.diff("celery").compared == 4


def test_of_very_many_some_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_comparison, "COMPARED_MAX", 3)
    found = asked("abcdefgz")[0].diff()

    assert (found.compared, found.left_out) == (3, 5)

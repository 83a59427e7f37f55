"""Every store finds exactly what `match` says, whatever is asked.

A store is filled once with tasks whose texts are drawn from those that queries are made of,
in several partitions; then it is asked many queries.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from tests.contract.conftest import URLS
from tests.property.queries import LIKELY, NOW, queries
from umbel.cluster.events import Event
from umbel.cluster.facts import join
from umbel.cluster.task import Task, project
from umbel.query.ast import Node
from umbel.query.match import compile_query
from umbel.store.base import Order, Store
from umbel.store.opening import open_store

TASKS: Final = 120
_ENDS: Final = (None, "task-succeeded", "task-failed", "task-retried", "task-revoked")


def life(number: int) -> list[Event]:
    """One task of any kind, not always with all of its events."""
    dice = random.Random(number)
    text = dice.choice
    uuid = f"ID-{number}" if number % 4 else f"00000000-0000-4000-8000-{number:012x}"
    at = NOW - dice.choice([1, 5, 90, 7_200, 90_000, 900_000]) - dice.random()
    name, worker = text(LIKELY), f"celery@{text(LIKELY)}"
    kwargs = {text(["order_id", "a", "odd key", "a.b"]): text([*LIKELY, 4711, {"b": text(LIKELY)}])}
    described: dict[str, Any] = {
        "name": name,
        "args": repr((text(LIKELY), dice.randint(0, 5))),
        "kwargs": repr(kwargs),
        "retries": dice.randint(0, 3),
        "root_id": text([uuid, "ID-1", "ID-2", None]),
        "parent_id": text(["ID-1", "ID-3", None]),
    }
    worked: dict[str, Any] = {
        "hostname": worker,
        "pid": dice.randint(0, 5),
        "clock": number,
        "uuid": uuid,
    }
    events = [
        Event(type="task-sent", timestamp=at, hostname=f"gen@{text(LIKELY)}", uuid=uuid,
              queue=text(LIKELY), exchange=text(["", "x"]), routing_key=text(LIKELY),
              eta=text([None, "2026-11-22T10:00:00+00:00"]), **described),
        Event(type="task-received", timestamp=at + 0.2, **worked, **described,
              group_id=text([None, "ID-5", "00000000-0000-4000-8000-000000000005"]),
              chord_id=text([None, "ID-3"])),
        Event(type="task-started", timestamp=at + dice.choice([0.5, 1, 60]), **worked),
    ]  # fmt: skip
    end = dice.choice(_ENDS)
    took = dice.choice([0.2, 5.0, 90.0])
    if end == "task-succeeded":
        events.append(Event(type=end, timestamp=at + 61 + took, runtime=took,
                            result=text(LIKELY), **worked))  # fmt: skip
    elif end == "task-revoked":
        events.append(Event(type=end, timestamp=at + 61, expired=dice.random() < 0.5,
                            terminated=dice.random() < 0.5, **worked))  # fmt: skip
    elif end is not None:
        events.append(Event(type=end, timestamp=at + 61 + took, exception=text(LIKELY),
                            traceback=f"{text(LIKELY)}\n{text(LIKELY)}", **worked))  # fmt: skip
    return dice.sample(events, dice.randint(1, len(events)))


LIVES: Final = [life(number) for number in range(TASKS)]
KNOWN: Final[list[Task]] = [project(told[0].uuid, join((), told)) for told in LIVES]


@pytest.fixture(scope="module", params=sorted(URLS))
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("agreement")
    opened = open_store(URLS[request.param](folder / "store"), write=True, partition_tasks=25)
    events = [event for told in LIVES for event in told]
    for start in range(0, len(events), 30):
        opened.apply(events[start : start + 30])
    yield opened
    opened.close()


def found(store: Store, node: Node, order: Order, limit: int) -> list[str]:
    uuids: list[str] = []
    cursor: str | None = None
    while True:
        page = store.search(node, now=NOW, order=order, cursor=cursor, limit=limit, budget_s=30)
        uuids += [task.uuid for task in page.items]
        cursor = page.cursor
        if cursor is None:
            return uuids


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(node=queries)
def test_a_store_finds_what_matches(store: Store, node: Node) -> None:
    matches = compile_query(node, NOW)
    expected = [task.uuid for task in KNOWN if matches(task)]

    assert found(store, node, Order(), 200) == expected[::-1]
    assert store.count(node, now=NOW).total == len(expected)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(node=queries)
def test_every_order_finds_the_same(store: Store, node: Node) -> None:
    whole = sorted(found(store, node, Order(), 200))

    for order in (Order("runtime", False), Order("name", True), Order("received", True)):
        assert sorted(found(store, node, order, 17)) == whole


def test_the_tasks_are_of_every_kind() -> None:
    assert {task.state for task in KNOWN} >= {"SUCCESS", "FAILURE", "RETRY", "REVOKED", "STARTED"}
    assert sum(task.name is None for task in KNOWN) > 5
    assert len({task.uuid for task in KNOWN}) == TASKS

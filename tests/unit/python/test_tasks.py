"""`iter_tasks` and `get_task_by_id` over a data directory, and over Celery's own state."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stories import BASE, failed, heartbeat, shop, succeeded, uuid_of
from tests.unit.python.test_info import KEYS, celery_state
from umbel import Events, get_task_by_id, iter_tasks
from umbel.cluster.task import Task
from umbel.errors import NotSupported, StoreError, UmbelError
from umbel.python import children
from umbel.python.events import source_of
from umbel.store.base import Page
from umbel.store.sqlite import SqliteStore


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    """Six tasks (`stories.shop`) in a data directory, read."""
    store = SqliteStore(tmp_path, write=True)
    store.apply([*shop(), heartbeat("celery@eu-1", BASE)])
    with Events(directory=tmp_path) as opened:
        yield opened
    store.close()


def numbers(found: Iterator[Any]) -> list[int]:
    """Tasks by their numbers in the story."""
    return [int(task["uuid"][-12:], 16) for task in found]


def test_every_task_comes_newest_first_with_all_keys(events: Events) -> None:
    found = list(iter_tasks(events))

    assert numbers(iter(found)) == [6, 5, 4, 3, 2, 1]
    assert all(task.keys() == KEYS for task in found)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"type": "shop.send"}, [6, 5, 1]),
        ({"type": "shop"}, []),
        ({"type": ["shop.charge", "etl.load"]}, [3, 2]),
        ({"worker": "celery@us-1"}, [3]),
        ({"state": "SUCCESS"}, [6, 1]),
        ({"state": ["success", "STARTED"]}, [6, 3, 1]),
        ({"state": "SUCCESS", "type": "shop.send", "search": "4711"}, [1]),
        ({"search": "name:charge OR kwargs:order_id=4711"}, [2, 1]),
        ({"search": {"name": "charge"}}, [2]),
        ({"received_start": BASE + 120}, [6, 5, 3]),
        ({"received_start": BASE + 0.1, "received_end": BASE + 60.1}, [2, 1]),
        ({"received_end": datetime.fromtimestamp(BASE + 61, UTC)}, [2, 1]),
        ({"received_end": datetime.fromtimestamp(BASE + 60).strftime("%Y-%m-%d %H:%M")}, [1]),  # noqa: DTZ006
        ({"started_start": BASE + 100, "started_end": BASE + 200}, [3]),
        ({"limit": 2}, [6, 5]),
        ({"limit": 2, "offset": 3}, [3, 2]),
        ({"offset": 10}, []),
        ({"limit": 0}, []),
        ({"sort_by": "received"}, [1, 2, 3, 5, 6, 4]),
        ({"sort_by": "-received"}, [6, 5, 3, 2, 1, 4]),
        ({"sort_by": "-runtime", "limit": 2}, [6, 2]),
        ({"sort_by": "name", "limit": 2}, [3, 2]),
    ],
)
def test_filters_combine_with_and_and_are_sorted(
    events: Events, filters: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(iter_tasks(events, **filters)) == expected


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"sort_by": "uuid"}, "name, state, received, started, runtime, worker"),
        ({"sort_by": "-"}, "name, state, received"),
        ({"received_start": "yesterday"}, r"received_start .*%Y-%m-%d %H:%M"),
        ({"started_end": float("nan")}, "started_end"),
        ({"received_start": True}, "received_start"),
        ({"state": "BROKEN"}, "PENDING, RECEIVED, STARTED"),
        ({"limit": -1}, "limit"),
        ({"offset": "3"}, "offset"),
        ({"type": 5}, "type"),
        ({"search": 'name:"'}, "quote"),
        ({"search": {"nam": "x"}}, "name"),
    ],
)
def test_what_is_wrong_is_told_at_once_with_what_is_right(
    events: Events, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        iter_tasks(events, **wrong)


def test_a_failed_task_has_its_traceback_in_lists_too(events: Events) -> None:
    (task,) = iter_tasks(events, type="shop.charge")

    assert "no stock" in (task["traceback"] or "")


def test_tracebacks_of_a_list_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path, write=True)
    for number in range(30):
        store.apply(failed(uuid_of(number), BASE + number, exception=f"ValueError({number})"))
    store.close()
    asked: list[set[str]] = []
    tasks = SqliteStore.tasks

    def counted(store: SqliteStore, uuids: Iterable[str]) -> Mapping[str, Task]:
        asked.append(set(uuids))
        return tasks(store, asked[-1])

    monkeypatch.setattr(SqliteStore, "tasks", counted)
    monkeypatch.setattr(SqliteStore, "task", None)

    with Events(directory=tmp_path) as opened:
        found = {task["uuid"]: task["traceback"] for task in iter_tasks(opened)}

    assert asked == [set(found)]
    assert all(f"ValueError({n})" in (found[uuid_of(n)] or "") for n in range(30))


def test_one_task_is_told_with_its_children_and_its_workers_software(events: Events) -> None:
    task = get_task_by_id(events, uuid_of(1))

    assert task is not None
    assert task["children"] == [uuid_of(6)]
    assert task["worker"] is not None
    assert (task["worker"]["hostname"], task["worker"]["sw_ver"]) == ("celery@eu-1", "5.7.0")


def test_an_unknown_task_is_none(events: Events) -> None:
    assert get_task_by_id(events, "nobody") is None
    assert get_task_by_id(events, "") is None


def test_celerys_own_state_is_understood() -> None:
    state = celery_state()

    assert [task["uuid"] for task in iter_tasks(state, state="FAILURE", worker="w1@eu")] == ["u1"]
    assert list(iter_tasks(state, search="name:other", sort_by="-received")) == []
    found = get_task_by_id(state, "u1")
    assert found is not None
    assert found["exception"] == "KeyError('x')"
    assert get_task_by_id(state, "u2") is None


def test_a_history_without_a_broker_says_what_is_missing(events: Events) -> None:
    from umbel import task_revoke

    with pytest.raises(NotSupported, match="Name the application or its broker"):
        task_revoke(events, uuid_of(3))


def test_a_directory_without_a_history_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Events(directory=tmp_path / "nowhere")


def test_closed_events_say_so(events: Events) -> None:
    events.close()
    events.close()

    with pytest.raises(UmbelError, match="were closed"):
        iter_tasks(events)


@pytest.mark.parametrize("wrong", [5, object()])
def test_nothing_but_sources_can_be_opened(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a Celery application"):
        Events(wrong)
    with pytest.raises(ValueError, match="a Celery application"):
        Events()


def test_memory_stays_flat_however_many_tasks_there_are(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, index=False)
    for start in range(0, 20_000, 2_000):
        store.apply(
            [
                event
                for number in range(start, start + 2_000)
                for event in succeeded(uuid_of(number), BASE + number)
            ]
        )
    with Events(directory=tmp_path) as events:
        tasks = iter_tasks(events)
        consumed = sum(1 for _ in islice(tasks, 2_000))
        tracemalloc.start()
        early = tracemalloc.get_traced_memory()[0]
        consumed += sum(1 for _ in tasks)
        late = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    store.close()

    assert consumed == 20_000
    assert late - early < 4_000_000


def test_iterating_does_not_depend_on_who_holds_the_events(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True)
    store.apply(shop())

    tasks = iter_tasks(Events(directory=tmp_path))

    assert numbers(tasks) == [6, 5, 4, 3, 2, 1]
    store.close()


def test_tasks_of_lists_are_told_with_their_children(events: Events) -> None:
    found = {task["uuid"]: task["children"] for task in iter_tasks(events)}

    for uuid, ids in found.items():
        alone = get_task_by_id(events, uuid)
        assert alone is not None
        assert ids == alone["children"]
    assert [uuid_of(6)] in found.values()


@pytest.mark.parametrize("bound", [3, 5_000])
def test_children_are_told_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: int
) -> None:
    monkeypatch.setattr(children, "FOUND_MAX", bound)
    monkeypatch.setattr(children, "_PAGE", 2)
    store = SqliteStore(tmp_path, write=True)
    parents = [uuid_of(number) for number in range(1, 200)]
    for number, parent in enumerate(parents, start=1):
        store.apply(succeeded(parent, BASE + number))
    sent = [uuid_of(1_000 + number) for number in range(12)]
    for number, child in enumerate(sent):
        store.apply(succeeded(child, BASE + 500 + number, parent=parents[number % 3]))

    with Events(directory=tmp_path) as opened:
        found = {task["uuid"]: task["children"] for task in iter_tasks(opened)}
    store.close()

    assert [found[parent] for parent in parents[:3]] == [sent[0::3], sent[1::3], sent[2::3]]
    assert all(found[uuid] == [] for uuid in [*parents[3:], *sent])


def test_a_search_that_gets_nowhere_ends_with_what_to_do(tmp_path: Path) -> None:
    class StuckStore(SqliteStore):
        def search(self, *_: Any, **__: Any) -> Page:
            return Page(items=(), cursor="1-2-3", complete=False, reached=BASE)

    SqliteStore(tmp_path, write=True).close()
    with Events(directory=tmp_path) as events:
        source_of(events)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(SqliteStore, "search", StuckStore.search)
            with pytest.raises(StoreError, match="got nowhere") as caught:
                list(iter_tasks(events))

    assert "Narrow it" in str(caught.value)
